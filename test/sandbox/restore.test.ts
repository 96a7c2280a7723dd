import { afterEach, expect, test } from 'vitest'
import type { Product } from '../../src/core/server.ts'
import { parseSnapshot, type Snapshot } from '../../src/core/snapshot.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts'
import { ask } from './client.ts'

const running: Sandbox[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()))
})

async function start(options: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options)
  running.push(sandbox)
  return sandbox
}

async function filled(product: Product): Promise<Sandbox> {
  const sandbox = await start({ product })
  const writes: [string, object][] = [
    ['sys/auth/ci/jwt', { type: 'jwt', description: 'd', config: { max_lease_ttl: '1h' } }],
    ['auth/ci/jwt/config', { jwks_url: 'https://gitlab.test/keys', bound_issuer: 'https://gitlab.test' }],
    ['auth/ci/jwt/role/a', { role_type: 'jwt', user_claim: 'sub', bound_claims: { project_id: '42' }, ttl: 60 }],
    ['sys/policies/acl/team/p', { policy: 'path "a" { policy = "read" }' }],
    ['sys/policies/acl/default', { policy: 'path "b" { policy = "read" }' }],
  ]
  for (const [path, body] of writes) expect((await ask(sandbox, 'POST', path, body)).status).toBe(204)
  return sandbox
}

function throughAFile(snapshot: Snapshot): Snapshot {
  return parseSnapshot(JSON.parse(JSON.stringify(snapshot)))
}

test.each(['vault', 'openbao'] as const)(
  'a sandbox of %s begins where a snapshot of another one ended',
  async (product) => {
    const before = throughAFile((await filled(product)).snapshot())
    const again = await start({ load: before })
    expect(again.snapshot()).toEqual({ ...before, server: { ...before.server, address: again.address } })
  },
)

test('what was read back of a snapshot is what the API answers', async () => {
  const sandbox = await filled('openbao')
  const { read, list, server } = sandbox.snapshot()
  for (const [path, data] of Object.entries(read)) expect((await ask(sandbox, 'GET', path)).data, path).toEqual(data)
  for (const [path, { keys }] of Object.entries(list))
    expect((await ask(sandbox, 'LIST', path)).data['keys'], path).toEqual(keys)
  expect(server).toMatchObject({ product: 'openbao', address: sandbox.address, namespace: '' })
})

test('a snapshot that knows policies from a detailed listing only is enough', async () => {
  const { server } = (await filled('openbao')).snapshot()
  const info = { name: 'p', policy: 'path "a" {}', version: 7, cas_required: true }
  const sandbox = await start({
    load: {
      format: 'vaultwright-snapshot/1',
      server,
      read: {},
      list: { 'sys/policies/detailed/acl': { keys: ['p'], keyInfo: { p: info } } },
    },
  })
  expect((await ask(sandbox, 'GET', 'sys/policies/acl/p')).data).toMatchObject(info)
  const stale = await ask(sandbox, 'POST', 'sys/policies/acl/p', { policy: 'path "b" {}', cas: 6 })
  expect(stale.status).toBe(400)
})

test('a role from a snapshot keeps what a write leaves out', async () => {
  const sandbox = await start({ load: throughAFile((await filled('vault')).snapshot()) })
  await ask(sandbox, 'POST', 'auth/ci/jwt/role/a', { role_type: 'jwt', groups_claim: 'groups' })
  expect((await ask(sandbox, 'GET', 'auth/ci/jwt/role/a')).data).toMatchObject({
    bound_claims: { project_id: '42' },
    groups_claim: 'groups',
    token_ttl: 60,
    ttl: 60,
  })
})
