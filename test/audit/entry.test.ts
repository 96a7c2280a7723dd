import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isServerHash, ownHash, parseEntry } from '../../src/audit/entry.ts'
import { entry, hmac } from './entries.ts'

const parse = (value: unknown) => parseEntry(Buffer.from(JSON.stringify(value)))

test('nothing that a raw log holds in clear is kept: no token, no accessor, no value', () => {
  const secrets = ['hvs.token', 'accessor-1', 'hunter2', 'nested-secret', 'listed-secret', 'response-secret']
  const kept = parse(
    entry(undefined, {
      path: 'auth/jwt/config',
      data: { oidc_client_secret: 'hunter2', provider_config: { key: 'nested-secret' }, list: ['listed-secret'] },
      auth: { display_name: 'root', client_token: 'hvs.token', accessor: 'accessor-1' },
      responseData: { value: 'response-secret' },
      more: { client_token: 'hvs.token', client_token_accessor: 'accessor-1' },
    }),
  )
  expect(kept?.data).toMatchObject({ oidc_client_secret: ownHash('hunter2') })
  for (const secret of secrets) expect(JSON.stringify(kept)).not.toContain(secret)
})

test('a refusal is an error beside the request or in the answer', () => {
  const failed = (error?: string, responseData?: { error: string }) =>
    parse(
      entry('s', {
        path: 'p',
        ...(error === undefined ? {} : { error }),
        ...(responseData === undefined ? {} : { responseData }),
      }),
    )?.failed
  expect([failed(), failed('permission denied'), failed(undefined, { error: 'x' })]).toEqual([false, true, true])
})

test('a policy that was read and a login tell a text beside its hash', () => {
  const read = entry('s', { path: 'sys/policies/acl/CI', operation: 'read', responseData: { name: 'ci' } })
  expect(parse(read)?.sample).toEqual({ text: 'ci', hash: hmac('s', 'ci') })
  const login = entry('s', { path: 'auth/jwt/login', data: { role: 'ci-admin', jwt: 'x' } })
  const answered = { ...login, response: { auth: { metadata: { role: 'ci-admin' } } } }
  expect(parse(answered)?.sample).toEqual({ text: 'ci-admin', hash: hmac('s', 'ci-admin') })
})

test('what is too long for a name is cut, and what is too many is left out', () => {
  const metadata = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key-${index}`, 'x'.repeat(1000)]))
  const kept = parse(entry('s', { path: 'p', auth: { display_name: 'y'.repeat(10_000), metadata } }))
  expect(kept?.name.length).toBe(256)
  expect(Object.keys(kept?.metadata ?? {}).length).toBe(32)
  expect(JSON.stringify(kept).length).toBeLessThan(20_000)
})

test('whatever JSON it is, an entry or undefined comes back', () => {
  const some = entry('s', { path: 'p', data: { a: 1 } })
  const spoilt = fc
    .tuple(fc.constantFrom('type', 'auth', 'request', 'response', 'time', 'error'), fc.jsonValue())
    .map(([name, value]) => ({ ...some, [name]: value }))
  const inside = fc
    .tuple(fc.constantFrom('id', 'path', 'data', 'namespace', 'headers', '__proto__'), fc.jsonValue())
    .map(([name, value]) => ({ ...some, request: { ...(some['request'] as object), [name]: value } }))
  fc.assert(
    fc.property(fc.oneof(spoilt, inside, fc.jsonValue()), (value) => {
      const kept = parse(value)
      if (kept === undefined) return
      expect([kept.id, kept.path, kept.name, kept.namespace].every((text) => typeof text === 'string')).toBe(true)
    }),
    { numRuns: 3000 },
  )
})

test('JSON that is nested deeper than any stack is no trouble', () => {
  const deep = `{"type":"response","request":{"id":"1","path":"p","data":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}}`
  expect(parseEntry(Buffer.from(deep))?.id).toBe('1')
})

test('a hash is the server’s only in the server’s form', () => {
  expect([hmac('s', 'x'), 'hmac-sha256:short', ownHash('x')].map(isServerHash)).toEqual([true, false, false])
})
