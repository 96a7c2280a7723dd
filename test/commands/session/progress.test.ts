import { describe, expect, test } from 'vitest'
import type { Context } from '../../../src/commands/session/command.ts'
import { progress } from '../../../src/commands/session/progress.ts'

/** What a run writes to stderr. */
function watched(env: Record<string, string>, isTTY: boolean, verbose = false) {
  const written: string[] = []
  const stderr = { isTTY, write: (text: string) => written.push(text) }
  const { stdin, stdout } = process
  const context: Context = { env, cwd: '.', stdin, stdout, stderr, signal: new AbortController().signal }
  return { shown: progress(context, { verbose }), text: () => written.join('') }
}

describe('on a terminal', () => {
  test('one line is rewritten, and nothing of it is left at the end', () => {
    const { shown, text } = watched({}, true)
    shown.stage('reading')
    shown.end()
    expect(text()).toBe('\r\x1b[2Kreading\r\x1b[2K')
  })

  test('lines that stay are written above it', () => {
    const { shown, text } = watched({}, true)
    shown.stage('applying')
    shown.line('+ policy/a created')
    expect(text()).toContain('\r\x1b[2K+ policy/a created\n')
    expect(text().endsWith('\r\x1b[2Kapplying')).toBe(true)
  })
})

describe.each([
  ['in CI, even on a terminal', { CI: 'true' }, true],
  ['in a pipe', {}, false],
  ['on a terminal that cannot move', { TERM: 'dumb' }, true],
])('%s', (_name, env, isTTY) => {
  test('there are plain lines only', () => {
    const { shown, text } = watched(env, isTTY)
    shown.stage('reading')
    for (let i = 0; i < 1000; i++) shown.tick()
    shown.line('done')
    shown.end()
    expect(text()).toBe('reading\ndone\n')
  })
})

test('--verbose counts the requests, once for each part', () => {
  const { shown, text } = watched({ CI: 'true' }, false, true)
  for (let i = 0; i < 3; i++) shown.tick()
  shown.end()
  shown.end()
  expect(text()).toBe('3 requests\n')
})
