import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { main } from '../src/cli.ts'
import { commands } from '../src/commands/index.ts'
import type { CommandEntry, Context } from '../src/commands/session/command.ts'

function entryOf(...names: readonly [string, string?]): CommandEntry {
  const [entry, inner] = [commands.find(({ name }) => name === names[0]), names[1]]
  const found = entry && 'commands' in entry ? entry.commands.find(({ name }) => name === inner) : entry
  if (found === undefined) throw new Error(`there is no command ${names.join(' ')}`)
  return found
}

/** What of the two commands called plan is loaded. */
async function loaded(words: readonly string[]): Promise<readonly string[]> {
  const own = vi.spyOn(entryOf('plan'), 'load')
  const ofGroup = vi.spyOn(entryOf('migrate', 'plan'), 'load')
  const stream = new PassThrough().resume()
  const context = { env: {}, cwd: '/', stdin: stream, stdout: stream, stderr: stream } as unknown as Context
  await main([...words, '--help'], { ...context, signal: new AbortController().signal })
  const called = [
    ...(own.mock.calls.length > 0 ? ['plan'] : []),
    ...(ofGroup.mock.calls.length > 0 ? ['migrate plan'] : []),
  ]
  vi.restoreAllMocks()
  return called
}

test('a command is not loaded because one of a group has its name', async () => {
  expect(await loaded(['plan'])).toEqual(['plan'])
  expect(await loaded(['migrate', 'plan'])).toContain('migrate plan')
})
