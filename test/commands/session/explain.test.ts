import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { explainError } from '../../../src/commands/session/explain.ts'
import { VaultError } from '../../../src/core/server.ts'

test('a bug that quotes a credential of the environment does not show it, neither in its words nor in its stack', () => {
  const [token, password] = [`hvs.${crypto.randomUUID()}`, crypto.randomUUID()]
  const env = { VAULT_TOKEN: token, DEPLOY_PASSWORD: password, CI_PROJECT_ID: '4711' }
  const output = { write: () => {} }
  const context = { env, cwd: '/', stdin: new PassThrough(), stdout: output, stderr: output }
  const error = new TypeError(`cannot read 4711 of {"token":"${token}"} and ${Buffer.from(password).toString('hex')}`)
  const explain = (...words: string[]) =>
    explainError(error, { words, context: { ...context, signal: new AbortController().signal } })
  for (const told of [explain('plan'), explain('plan', '-v')]) {
    expect(told).toContain(
      'vaultwright has a bug, sorry: TypeError: cannot read 4711 of {"token":"(secret)"} and (secret)',
    )
    expect(told).not.toContain(token.slice(5, 20))
  }
  expect(explain('plan', '-v')).toContain('explain.test.ts')
})

test.each<[string, string[], boolean, string]>([
  ['policies deny', ['permission denied'], false, 'path "sys/auth" { capabilities = ["read"] }'],
  ['the token is unknown', ['permission denied', 'invalid token'], true, 'The server does not know the token; it may'],
  ['the token is not taken', ['permission denied'], true, 'The server does not take the token: it may have expired'],
])('a refusal because %s says what would help, and only that', (_, errors, tokenRefused, help) => {
  const output = { write: () => {} }
  const { signal } = new AbortController()
  const context = { env: {}, cwd: '/', stdin: new PassThrough(), stdout: output, stderr: output, signal }
  const refusal = new VaultError(403, 'GET', 'sys/auth', errors, tokenRefused)
  for (const error of [refusal, new AggregateError([refusal, refusal])]) {
    const told = explainError(error, { words: ['plan'], context })
    expect(told).toContain(help)
    expect(told.includes('policies need')).toBe(!tokenRefused)
  }
})
