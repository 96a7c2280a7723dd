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

/** Exit code, and what a run prints that ends before it does anything. */
async function printed(words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const parts: string[] = []
  const output = { write: (part: string | Uint8Array) => parts.push(String(part)) }
  const signal = new AbortController().signal
  const cwd = '/nowhere'
  const context: Context = { env: {}, cwd, stdin: new PassThrough(), stdout: output, stderr: output, signal }
  const code = await main(words, context)
  return { code, text: parts.join('') }
}

test("an option in terraform's spelling, with one dash, is a mistake and not a row of short options", async () => {
  const wrong: readonly (readonly [words: string, named: string])[] = [
    ['plan -out=x', '--out'],
    ['plan -out x', '--out'],
    ['plan -e dev -environment=dev', '--environment'],
    ['apply -auto-approve', '--auto-approve'],
    ['access can -role=shop read a/b', '--role'],
    ['plan -help', '--help'],
    ['-version', '--version'],
    ['access -help', '--help'],
  ]
  for (const [words, named] of wrong) {
    const { code, text } = await printed(words.split(' '))
    expect(text, words).toContain(`unknown option '${named.slice(1)}'\n(Did you mean ${named}?)`)
    expect(code).toBe(1)
  }
})

test('the value of such an option is not repeated, because it may be a token', async () => {
  const { text } = await printed(['access', 'why', '-token=abc.def.ghi'])
  expect(text).toContain("'-token'")
  expect(text).not.toContain('abc')
})

test('short options, values with a dash and what belongs to another command stay as they are', async () => {
  for (const words of [
    ['plan', '-eproduction', '-C/nowhere'],
    ['plan', '-e', 'dev', '--out', 'plan.json', '-C', '/nowhere'],
    ['exec', '-edev', '-C/nowhere', '--', 'ls', '-environment=x', '-help'],
    ['access', 'can', '-C/nowhere', '--role', 'shop', 'read', 'a/b'],
  ]) {
    const { text } = await printed(words)
    expect(text, words.join(' ')).not.toContain('unknown option')
    expect(text).toContain('nowhere')
  }
})

test('commands of terraform that there are not are answered with what does that here', async () => {
  for (const [name, meant] of [
    ['validate', 'vaultwright check'],
    ['fmt', 'vaultwright check --fix'],
    ['show', 'vaultwright access matrix'],
    ['init', 'vaultwright import'],
    ['destroy', 'unmanaged: delete'],
    ['refresh', 'vaultwright drift'],
  ] as const) {
    const { code, text } = await printed([name])
    expect(text).toContain(`unknown command '${name}'`)
    expect(text).toContain(meant)
    expect(code).toBe(1)
  }
  expect((await printed(['vlan'])).text).toContain('Did you mean plan?')
})

test('a command is not loaded because one of a group has its name', async () => {
  expect(await loaded(['plan'])).toEqual(['plan'])
  expect(await loaded(['migrate', 'plan'])).toContain('migrate plan')
})
