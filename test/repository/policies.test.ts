import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Kind, kindOf } from '../../src/core/kind.ts'
import type { Desired } from '../../src/core/resource.ts'
import { kinds } from '../../src/kinds/index.ts'
import { request, type Server, startVault } from '../support/live-vault.ts'
import type { VaultProcess } from '../support/vault-process.ts'
import { serverAs, tokenIn } from './claims.ts'
import { repositoryObjects } from './configuration.ts'
import { install, writerTo } from './install.ts'

let root: VaultProcess
let objects: readonly Desired[]

beforeAll(async () => {
  objects = await repositoryObjects()
  root = await startVault()
  await install(root, objects)
  // Somebody else's, on the same server.
  await request(root, 'POST', 'sys/policies/acl/other-team', { policy: 'path "x" { capabilities = ["read"] }' })
  await request(root, 'POST', 'sys/auth/other', { type: 'jwt' })
  return async () => await root.stop()
})

const named = (kind: string) => objects.filter((object) => object.kind === kind)

/** What must be allowed: a path and one capability. Each stands for a request that the program makes. */
type Need = readonly [path: string, capability: string]

const mounts = ['jwt', 'jwt_cwiq']

/** Reading: the same for a plan, for drift and for an apply. */
function reads(): Need[] {
  return [
    ['sys/auth', 'read'],
    ['sys/policies/acl', 'list'],
    ['sys/policies/detailed/acl', 'list'],
    ...mounts.map((mount): Need => [`auth/${mount}/role`, 'list']),
    ...['policy', 'jwt-config', 'jwt-role'].flatMap(named).map(({ path }): Need => [path, 'read']),
    ['auth/token/revoke-self', 'update'],
  ]
}

/** Writing. Roles are created or updated; for everything else the server knows updates only. */
function writes(): Need[] {
  return [
    ...(['update', 'sudo'] as const).map((capability): Need => ['sys/auth/jwt_cwiq', capability]),
    ...mounts.map((mount): Need => [`sys/mounts/auth/${mount}/tune`, 'update']),
    ...named('jwt-config').map(({ path }): Need => [path, 'update']),
    ...named('policy').flatMap(({ path }): Need[] => [
      [path, 'update'],
      [path, 'delete'],
    ]),
    ...named('jwt-role').flatMap(({ path }): Need[] => [
      [path, 'create'],
      [path, 'update'],
      [path, 'delete'],
    ]),
  ]
}

const identities = [
  ['vaultwright-plan', reads],
  ['vaultwright-drift', reads],
  ['vaultwright-apply', () => [...reads(), ...writes()]],
] as const

describe.each(identities)('the policy %s', (name, needs) => {
  test('grants every request that the program makes', async () => {
    const granted = await capabilities((await serverAs(root, name)).token, needs())
    expect(needs().filter((need) => !granted(need))).toEqual([])
  })

  test('grants nothing that could be left out', async () => {
    const text = objects.find(({ path }) => path === `sys/policies/acl/${name}`)?.spec['policy'] as string
    const spare: string[] = []
    for (const { without, what } of weakened(text)) {
      const granted = await capabilities(await tokenWith(without), needs())
      if (needs().every(granted)) spare.push(what)
    }
    expect(spare).toEqual([])
    expect(weakened(text).length).toBeGreaterThanOrEqual(needs === reads ? 11 : 20)
  })

  test.each([
    ['GET', 'sys/policies/acl/other-team'],
    ['GET', 'sys/policies/acl/default'],
    ['POST', 'sys/policies/acl/other-team'],
    ['POST', 'sys/policies/acl/default'],
    ['DELETE', 'sys/policies/acl/other-team'],
    ['GET', 'auth/other/config'],
    ['POST', 'auth/other/role/x'],
    ['DELETE', 'sys/auth/jwt'],
    ['DELETE', 'sys/auth/jwt_cwiq'],
    ['POST', 'sys/auth/another'],
    ['POST', 'sys/mounts/another'],
    ['POST', 'sys/mounts/auth/other/tune'],
    ['GET', 'sys/mounts'],
    ['GET', 'secret/data/nexus/svc-orchestrator'],
    ['LIST', 'secret/metadata'],
    ['POST', 'auth/token/create'],
    ['GET', 'auth/token/lookup-self'],
    ['POST', 'identity/entity'],
  ])('does not allow %s %s', async (method, path) => {
    const answer = await request(await serverAs(root, name), method, path, method === 'POST' ? {} : undefined)
    expect(answer).toMatchObject({ status: 403 })
  })
})

describe.each(['vaultwright-plan', 'vaultwright-drift'] as const)('with the token of %s', (name) => {
  test('everything that is described can be read, and nothing written', async () => {
    const server = await serverAs(root, name)
    for (const object of objects) {
      const kind: Kind = kindOf(kinds, object.kind)
      const live = await kind.read(writerTo(server), object)
      expect(live?.spec, object.address).toEqual(object.spec)
      await expect(kind.write(writerTo(server), object, live), object.address).rejects.toMatchObject({ status: 403 })
      await expect(writerTo(server).remove(object.path), object.address).rejects.toMatchObject({ status: 403 })
    }
  })
})

describe('with the token of vaultwright-apply', () => {
  let server: Server

  beforeEach(async () => {
    server = await serverAs(root, 'vaultwright-apply')
  })

  test('everything that is described can be written over', async () => {
    await install(server, objects)
  })

  test('a mount that is gone comes back with all that belongs to it', async () => {
    await request(root, 'DELETE', 'sys/auth/jwt_cwiq')
    await install(server, objects)
    const role = objects.find(({ path }) => path === 'auth/jwt_cwiq/role/nexus-ci') as Desired
    expect((await kindOf(kinds, 'jwt-role').read(writerTo(root), role))?.spec).toEqual(role.spec)
  })

  test.each(['auth/jwt/role/myproject-staging', 'sys/policies/acl/myproject-staging', 'sys/policies/acl/nexus-ci'])(
    '%s can be taken away and put back',
    async (path) => {
      await writerTo(server).remove(path)
      expect(await request(root, 'GET', path)).toMatchObject({ status: 404 })
      await install(server, objects)
      expect(await request(root, 'GET', path)).toMatchObject({ status: 200 })
    },
  )

  test('the token ends with the job', async () => {
    expect(await request(server, 'POST', 'auth/token/revoke-self')).toMatchObject({ status: 204 })
    expect(await request(server, 'GET', 'sys/auth')).toMatchObject({ status: 403 })
  })
})

/** What the server says a token may do at the needed paths. */
async function capabilities(token: string, needs: readonly Need[]): Promise<(need: Need) => boolean> {
  const answer = await request(root, 'POST', 'sys/capabilities', { token, paths: needs.map(([path]) => path) })
  const granted = answer.body?.['data'] as Record<string, string[]>
  return ([path, capability]) => granted[path]?.includes(capability) === true
}

/** The policy without one of its capabilities, for each of them. */
function weakened(policy: string): { readonly what: string; readonly without: string }[] {
  const blocks = [...policy.matchAll(/path "([^"]+)" \{\s*capabilities = \[([^\]]*)\]/g)]
  return blocks.flatMap((block) => {
    const [all, path, list] = block as unknown as [string, string, string]
    return list.split(', ').map((capability) => {
      const rest = list.split(', ').filter((other) => other !== capability)
      return {
        what: `${capability} on ${path}`,
        without: policy.replace(all, () => `path "${path}" {\n  capabilities = [${rest.join(', ')}]`),
      }
    })
  })
}

async function tokenWith(policy: string): Promise<string> {
  const written = await request(root, 'POST', 'sys/policies/acl/weakened', { policy })
  expect(written.status).toBe(204)
  const answer = await request(root, 'POST', 'auth/token/create', { policies: ['weakened'], no_default_policy: true })
  return tokenIn(answer.body)
}
