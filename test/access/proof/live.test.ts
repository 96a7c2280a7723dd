import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gitlabClaims } from '../../../src/access/claims/gitlab.ts'
import { difference } from '../../../src/access/proof/difference.ts'
import type { AccessWitness } from '../../../src/core/access-effect.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { ServerVersion } from '../../../src/core/version.ts'
import { versionOf } from '../../soak/client.ts'
import { model, policyText, type Sketch } from '../../support/access-models.ts'
import { sign } from '../../support/issuer.ts'
import { liveVault, request } from '../../support/live-vault.ts'

/** What a difference says is shown to the real server: each effect's token logs in there, before and after. */

const id = `proof-${crypto.randomUUID().slice(0, 8)}`
const [p, q] = [`${id}-p`, `${id}-q`]

type Claims = Readonly<Record<string, string | readonly string[]>>

function role(bound_claims: Claims, fields: JsonObject = {}): JsonObject {
  return { bound_claims, token_policies: [p], ...fields }
}

type Root = Awaited<ReturnType<typeof liveVault>>

interface Pair {
  readonly name: string
  readonly before: Sketch
  readonly after: Sketch
  /** How many gains and losses there are to show. */
  readonly shown: number
}

const read = { [p]: policyText({ 'ops/data/*': 'read' }) }
const main = { project_id: '42', ref_path: 'refs/heads/main', ref_protected: 'true' }

const pairs: readonly Pair[] = [
  {
    name: 'a widened policy',
    before: { policies: read, roles: { ci: role(main) } },
    after: {
      policies: {
        [p]: policyText({ 'ops/data/*': 'read', 'ops/data/prod/+/key': 'read update', 'ops/+/list/': 'list' }),
      },
      roles: { ci: role(main) },
    },
    shown: 2,
  },
  {
    name: 'a denied path within what is granted',
    before: { policies: read, roles: { ci: role(main) } },
    after: {
      policies: { [p]: policyText({ 'ops/data/*': 'read', 'ops/data/root': 'deny' }) },
      roles: { ci: role(main) },
    },
    shown: 1,
  },
  {
    name: 'a dropped claim beside a role that admits some of the same tokens',
    before: { policies: read, roles: { ci: role(main), bots: role({ user_login: 'bot', ref_protected: 'false' }) } },
    after: {
      policies: read,
      roles: {
        ci: role({ project_id: '42', ref_path: 'refs/heads/main' }),
        bots: role({ user_login: 'bot', ref_protected: 'false' }),
      },
    },
    shown: 1,
  },
  {
    name: 'globs, and a claim that takes other values',
    before: { policies: read, roles: { ci: role({ project_id: '42', environment: 'staging' }) } },
    after: {
      policies: read,
      roles: { ci: role({ project_id: '42', environment: 'review/*' }, { bound_claims_type: 'glob' }) },
    },
    shown: 2,
  },
  {
    name: 'jobs that other projects run',
    before: { policies: read, roles: { ci: role({ project_id: '42', job_project_id: '42' }) } },
    after: { policies: read, roles: { ci: role({ project_id: '42' }) } },
    shown: 1,
  },
  {
    name: 'a role that comes, one that goes, and one under another name',
    before: {
      policies: { ...read, [q]: policyText({ 'team/+/db': 'read list' }) },
      roles: { old: role(main), gone: role({ project_id: '7' }, { token_policies: [q] }) },
    },
    after: {
      policies: { ...read, [q]: policyText({ 'team/+/db': 'read list' }) },
      roles: { new: role(main), come: role({ namespace_id: '5' }, { token_policies: [q] }) },
    },
    shown: 2,
  },
  {
    name: 'another audience and a claim that is a list',
    before: { policies: read, roles: { ci: role({ project_id: '42', groups_direct: ['team/a'] }) } },
    after: {
      policies: read,
      roles: {
        ci: role(
          { project_id: '42', groups_direct: ['team/a', 'team/b'] },
          { bound_audiences: ['https://vault.example.com', 'https://other.example.com'] },
        ),
      },
    },
    shown: 1,
  },
]

describe('what a difference says, at a real server', () => {
  let server: Root
  let version: ServerVersion

  beforeAll(async () => {
    server = await liveVault()
    version = await versionOf(server)
  })

  afterAll(async () => {
    for (const name of [p, q]) await request(server, 'DELETE', `sys/policies/acl/${name}`)
  })

  test.each(pairs)('$name', async ({ before, after, shown }) => {
    const mount = `${id}-${pairs.findIndex((pair) => pair.before === before)}`
    const sketch = (side: Sketch) => model({ ...side, server: version, mount })
    const { effects, beyond } = difference(sketch(before), sketch(after))
    expect(beyond).toEqual([])
    const told = effects.flatMap(({ effect, text, witness }) =>
      witness === undefined || effect === 'change' ? [] : [{ effect, text, witness }],
    )
    expect(told).toHaveLength(shown)

    await enable(server, mount)
    try {
      await write(server, mount, before)
      for (const { effect, text, witness } of told)
        expect(await canAtAll(server, witness, before), `before: ${text}`).toBe(effect === 'loss')
      await clear(server, mount, before)
      await write(server, mount, after)
      for (const { effect, text, witness } of told)
        expect(await canAtAll(server, witness, after), `after: ${text}`).toBe(effect === 'gain')
    } finally {
      await request(server, 'DELETE', `sys/auth/${mount}`)
    }
  })
})

async function enable(server: Root, mount: string): Promise<void> {
  await accepted(server, `sys/auth/${mount}`, { type: 'jwt' })
  const config = model({}).mounts.get('jwt')?.config
  await accepted(server, `auth/${mount}/config`, config)
}

async function write(server: Root, mount: string, side: Sketch): Promise<void> {
  for (const [name, policy] of Object.entries(side.policies ?? {}))
    await accepted(server, `sys/policies/acl/${name}`, { policy })
  const { mounts } = model({ ...side, mount })
  for (const { name, role } of mounts.get(mount)?.roles.values() ?? [])
    await accepted(server, `auth/${mount}/role/${name}`, role)
}

async function clear(server: Root, mount: string, { roles = {} }: Sketch): Promise<void> {
  for (const name of Object.keys(roles)) await request(server, 'DELETE', `auth/${mount}/role/${name}`)
}

async function accepted(server: Root, path: string, body: unknown): Promise<void> {
  const answer = await request(server, 'POST', path, body)
  expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
}

/** Whether the token of a witness can do its request by any role of the mount, as the server says. */
async function canAtAll(server: Root, witness: AccessWitness, { roles = {} }: Sketch): Promise<boolean> {
  const jwt = await sign({ ...noClaims, ...witness.claims })
  for (const role of Object.keys(roles)) {
    const login = await request({ address: server.address }, 'POST', `auth/${witness.mount}/login`, { role, jwt })
    const token = (login.body?.['auth'] as { readonly client_token: string } | undefined)?.client_token
    if (token !== undefined && (await allows(server, token, witness))) return true
  }
  return false
}

/** None of the stand-in's own claims but the times. */
const noClaims = Object.fromEntries(
  gitlabClaims
    .map(({ name }) => name)
    .filter((name) => !['jti', 'iat', 'nbf', 'exp'].includes(name))
    .map((name) => [name, undefined]),
)

async function allows(server: Root, token: string, { path, capability }: AccessWitness): Promise<boolean> {
  if (path === undefined || capability === undefined) return true
  const { body } = await request(server, 'POST', 'sys/capabilities', { token, paths: [path] })
  const found = body?.['data'] as Readonly<Record<string, readonly string[]>> | undefined
  return found?.[path]?.includes(capability) === true
}
