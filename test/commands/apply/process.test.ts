import { spawnSync } from 'node:child_process'
import { expect, test, vi } from 'vitest'
import { isDead, thisProcess } from '../../../src/commands/apply/process.ts'

const hidden = vi.hoisted(() => new Set<string>())

vi.mock('node:fs', async (load) => {
  const real = await load<typeof import('node:fs')>()
  const readFileSync = ((path: string, ...more: []) => {
    if (hidden.has(path)) throw Object.assign(new Error('hidden'), { code: 'ENOENT' })
    return real.readFileSync(path, ...more)
  }) as typeof real.readFileSync
  return { ...real, readFileSync }
})

const own = thisProcess().process as string
const [boot, space, , started] = own.split(' ')

test('a process that runs is not dead, even where /proc does not show it', () => {
  expect(isDead(own)).toBe(false)
  hidden.add(`/proc/${process.pid}/stat`)
  expect(isDead(own)).toBe(false)
  hidden.clear()
})

test('one that ended is, and so is one whose number another has by now', () => {
  const { pid } = spawnSync('true')
  expect(isDead(`${boot} ${space} ${pid} ${started}`)).toBe(true)
  expect(isDead(`${boot} ${space} ${process.pid} 1`)).toBe(true)
})

test.each([
  ['another boot', `0 ${space} 1 1`],
  ['another space of numbers', `${boot} pid:[1] 1 1`],
  ['no number', `${boot} ${space} 0 1`],
  ['a number that no process has', `${boot} ${space} 9999999999 1`],
  ['anything', 'x'],
])('nobody knows it of %s', (_name, other) => {
  expect(isDead(other)).toBe(false)
})
