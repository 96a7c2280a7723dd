import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { commandEnvironment } from '../../../src/commands/exec/command-environment.ts'

test('a variable may have the name of something that every object of JavaScript has', () => {
  const output = { write: () => {} }
  const context = { env: {}, cwd: '/', stdin: new PassThrough(), stdout: output, stderr: output }
  const secrets = ['constructor', 'toString', 'valueOf'].map((name) => ({ name, file: false, value: `of ${name}` }))
  const ingredients = { secrets, paths: {}, jwt: 'a.b.c', session: {} as never }
  expect(commandEnvironment({ ...context, signal: new AbortController().signal }, {}, ingredients)).toEqual({
    constructor: 'of constructor',
    toString: 'of toString',
    valueOf: 'of valueOf',
  })
})

test('--pass-token gives the token of the login in place of every other one for Vault', () => {
  const output = { write: () => {} }
  const env = { VAULT_TOKEN: 'theirs', BAO_TOKEN: 'theirs', VAULT_ID_TOKEN: 'a.b.c', OTHER: 'a.b.c' }
  const context = { env, cwd: '/', stdin: new PassThrough(), stdout: output, stderr: output }
  const server = { product: 'vault', address: 'http://127.0.0.1:1', namespace: '' }
  const session = { token: { text: 'ours' }, server } as never
  const ingredients = { secrets: [], paths: {}, jwt: 'a.b.c', session }
  const { signal } = new AbortController()
  expect(commandEnvironment({ ...context, signal }, { passToken: true }, ingredients)).toEqual({
    ...{ VAULT_ADDR: 'http://127.0.0.1:1', VAULT_TOKEN: 'ours', VAULT_ID_TOKEN: 'a.b.c', OTHER: 'a.b.c' },
  })
  expect(commandEnvironment({ ...context, signal }, {}, ingredients)).toEqual({})
})
