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
