import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/core/diagnostic.ts'
import { parseSnapshot, type Snapshot, snapshotFormat, snapshotReader } from '../../src/core/snapshot.ts'

const snapshot: Snapshot = {
  format: 'vaultwright-snapshot/1',
  server: { product: 'openbao', version: '2.6.1', address: 'https://vault.test', namespace: 'team', clusterId: 'c' },
  read: { 'sys/policies/acl/a': { name: 'a', policy: 'x' } },
  list: {
    'auth/jwt/role': { keys: ['ci'] },
    'sys/policies/detailed/acl': { keys: ['a'], keyInfo: { a: { name: 'a', policy: 'x' } } },
  },
}

function codesOf(value: unknown): string[] {
  try {
    parseSnapshot(value)
    return []
  } catch (error) {
    if (error instanceof UserError) return error.diagnostics.map(({ code }) => code)
    throw error
  }
}

describe('a snapshot', () => {
  test('is the same after a way through a file', () => {
    expect(parseSnapshot(JSON.parse(JSON.stringify(snapshot)))).toEqual(snapshot)
  })

  test.each([
    ['nothing', undefined],
    ['a list', []],
    ['a plan', { format: 'vaultwright-plan/1' }],
  ])('is told from %s', (_name, value) => {
    expect(codesOf(value)).toEqual(['not-a-snapshot'])
  })

  test('of a later format is refused as such', () => {
    expect(codesOf({ ...snapshot, format: 'vaultwright-snapshot/2' })).toEqual(['snapshot-format'])
  })

  test.each([
    ['no server', { server: undefined }],
    ['an unknown product', { server: { ...snapshot.server, product: 'consul' } }],
    ['a version that is a number', { server: { ...snapshot.server, version: 2 } }],
    ['answers that are no objects', { read: { 'sys/auth': [] } }],
    ['a listing without keys', { list: { 'auth/jwt/role': {} } }],
    ['keys that are no texts', { list: { 'auth/jwt/role': { keys: [1] } } }],
    ['details under another name', { list: { 'sys/policies/detailed/acl': { keys: [], key_info: {} } } }],
  ])('with %s is damaged', (_name, change) => {
    expect(codesOf({ ...snapshot, ...change })).toEqual(['damaged-snapshot'])
  })

  test('reports everything that is wrong at once', () => {
    const wrong = { ...snapshot, read: { a: 1, b: 2 }, list: [] }
    expect(codesOf(wrong)).toEqual(['damaged-snapshot', 'damaged-snapshot', 'damaged-snapshot'])
  })
})

describe('a reader of a snapshot', () => {
  const reader = snapshotReader(snapshot)

  test('answers what the server answered', async () => {
    expect(reader.server).toEqual(snapshot.server)
    expect(await reader.read('sys/policies/acl/a')).toEqual({ name: 'a', policy: 'x' })
    expect(await reader.list('auth/jwt/role')).toEqual({ keys: ['ci'] })
    expect((await reader.list('sys/policies/detailed/acl'))?.keyInfo).toHaveProperty('a')
  })

  test('has nothing at any other path, not even where objects have members of their own', async () => {
    expect(await reader.read('sys/policies/acl/b')).toBeUndefined()
    expect(await reader.read('constructor')).toBeUndefined()
    expect(await reader.list('toString')).toBeUndefined()
  })
})

test('what a listing names and the snapshot does not hold is not taken for absent', async () => {
  const server = { product: 'vault', version: '1.21.0', address: 'http://a', namespace: '', clusterId: '' } as const
  const list = { 'sys/policies/acl': { keys: ['mine', 'team/theirs'] } }
  const reader = snapshotReader({
    format: snapshotFormat,
    server,
    read: { 'sys/policies/acl/mine': { policy: 'x' } },
    list,
  })
  expect(await reader.read('sys/policies/acl/mine')).toEqual({ policy: 'x' })
  expect(await reader.read('sys/policies/acl/none')).toBeUndefined()
  await expect(reader.read('sys/policies/acl/team/theirs')).rejects.toThrow('does not hold it')
})

describe('a snapshot that says what was absent', () => {
  const reader = snapshotReader({
    ...snapshot,
    read: { 'sys/policies/acl/a': { name: 'a', policy: 'x' }, 'auth/jwt/role/ci': { user_claim: 'sub' } },
    absent: ['auth/jwt/config', 'auth/empty/role'],
  })

  test.each([
    'auth/jwt/config',
    'auth/jwt/role/new',
    'auth/empty/role/new',
    'sys/policies/acl/new',
    'sys/policies/acl/a/b',
  ])('knows that %s is not there', async (path) => {
    expect(await reader.read(path)).toBeUndefined()
  })

  test('never takes what it was not told of for absent', async () => {
    await expect(reader.read('auth/other/config')).rejects.toThrow('the snapshot does not say whether it exists')
    await expect(reader.read('auth/other/role/ci')).rejects.toThrow('the snapshot does not say whether it exists')
    await expect(reader.list('auth/other/role')).rejects.toThrow('the snapshot does not say what is there')
    expect(await reader.list('auth/empty/role')).toBeUndefined()
    expect(await reader.list('auth/jwt/role')).toEqual({ keys: ['ci'] })
  })

  test('is refused when that is no list of paths', () => {
    expect(codesOf({ ...snapshot, absent: ['a'] })).toEqual([])
    expect(codesOf({ ...snapshot, absent: [1] })).toEqual(['damaged-snapshot'])
    expect(codesOf({ ...snapshot, absent: {} })).toEqual(['damaged-snapshot'])
  })
})

describe('a snapshot that says what was forbidden', () => {
  const forbidden = ['auth/oidc/config', 'auth/oidc/role', 'auth/jwt/role/hidden']
  const reader = snapshotReader({ ...snapshot, absent: ['auth/jwt/config'], forbidden })

  test.each(['auth/oidc/config', 'auth/oidc/role/ci', 'auth/jwt/role/hidden'])(
    'refuses %s as the server did, and not as what a later snapshot would have',
    async (path) => {
      await expect(reader.read(path)).rejects.toMatchObject({
        status: 403,
        message: expect.stringContaining('may not'),
      })
    },
  )

  test('refuses its lists likewise, and knows the rest', async () => {
    await expect(reader.list('auth/oidc/role')).rejects.toMatchObject({ status: 403, method: 'LIST' })
    expect(await reader.list('auth/jwt/role')).toEqual({ keys: ['ci'] })
    expect(await reader.read('auth/jwt/config')).toBeUndefined()
  })

  test('is refused when that is no list of paths', () => {
    expect(codesOf({ ...snapshot, forbidden })).toEqual([])
    expect(codesOf({ ...snapshot, forbidden: [1] })).toEqual(['damaged-snapshot'])
  })
})
