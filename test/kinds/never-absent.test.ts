import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { kindOf } from '../../src/core/kind.ts'
import { type Listing, VaultError, type VaultReader } from '../../src/core/server.ts'
import { kinds } from '../../src/kinds/index.ts'

const token = { type: 'token' }
const jwt = { type: 'jwt' }

/** A server that answers these and has nothing else. */
function answering(read: Record<string, JsonObject>, list: Record<string, Listing> = {}): VaultReader {
  return {
    server: { product: 'openbao', version: '2.6.1', address: 'http://toy', namespace: '', clusterId: '' },
    read: async (path) => read[path],
    list: async (path) => list[path],
  }
}

async function listed(name: string, server: VaultReader): Promise<string[]> {
  const kind = kindOf(kinds, name)
  const mount = { ...kindOf(kinds, 'auth-mount').identify('jwt'), spec: jwt }
  const names: string[] = []
  for await (const { address, builtin } of kind.list(server, { parents: [mount] }))
    names.push(builtin ? `(${address})` : address)
  return names
}

describe('auth mounts', () => {
  test.each([
    ['no answer', {}],
    ['an answer without any', { 'sys/auth': {} }],
    ['an answer without the mount that every server has', { 'sys/auth': { 'jwt/': jwt } }],
    ['an answer in which one is nothing', { 'sys/auth': { 'token/': token, 'jwt/': null } }],
    ['an answer in which one has no type', { 'sys/auth': { 'token/': token, 'jwt/': {} } }],
  ] as [string, Record<string, JsonObject>][])('are not absent after %s', async (_, read) => {
    await expect(listed('auth-mount', answering(read))).rejects.toThrow(VaultError)
    await expect(listed('auth-mount', answering(read))).rejects.toThrow('not whole')
  })

  test('are those of the list, and the one for tokens is the server’s own, in namespaces too', async () => {
    for (const type of ['token', 'ns_token'])
      expect(await listed('auth-mount', answering({ 'sys/auth': { 'token/': { type }, 'jwt/': jwt } }))).toEqual([
        '(auth-mount/token)',
        'auth-mount/jwt',
      ])
  })
})

describe('policies', () => {
  test('are not absent where the server lists none at all', async () => {
    await expect(listed('policy', answering({}))).rejects.toThrow('not even its own')
  })

  test('whose text the listing leaves out are still there, to be read one by one', async () => {
    const detailed = { keys: ['a', 'b', 'constructor'], keyInfo: { a: { name: 'a', policy: 'x' }, b: {} } }
    expect(await listed('policy', answering({}, { 'sys/policies/detailed/acl': detailed }))).toEqual([
      'policy/a',
      'policy/b',
      'policy/constructor',
    ])
  })
})

describe('the configuration of a mount', () => {
  test('is absent when the server has nothing, or nothing in any of its fields', async () => {
    expect(await listed('jwt-config', answering({}))).toEqual([])
    expect(await listed('jwt-config', answering({ 'auth/jwt/config': { jwks_url: '', bound_issuer: '' } }))).toEqual([])
  })

  test('is not absent when the answer is about something else', async () => {
    await expect(listed('jwt-config', answering({ 'auth/jwt/config': { title: 'welcome' } }))).rejects.toThrow(
      'no configuration of a JWT mount',
    )
  })
})
