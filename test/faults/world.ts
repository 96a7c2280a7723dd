import { createHash, generateKeyPairSync } from 'node:crypto'
import { isObject, type JsonObject } from '../../src/core/json.ts'
import { lockPrefix } from '../../src/core/lock.ts'
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts'
import { withFiles } from '../support/files.ts'
import { request, type Server } from '../support/live-vault.ts'
import { type Ended, type RunOptions, vaultwright } from '../support/program.ts'
import { type ServerState, sameAt, serverState } from '../support/server-state.ts'

const pem = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString()

const range = (count: number) => Array.from({ length: count }, (_, n) => n)

const [kept, updated, made, gone] = [36, 7, 9, 7]

/**
 * A server, files that want fifty changes of it (twenty creations, sixteen updates, fourteen deletions, of every kind),
 * and neighbours that are nobody's business, some of them of the same names. The program talks to it through a proxy.
 */
export interface World {
  readonly proxy: FaultProxy
  /** API path of each of the fifty, by the address that plans give it. */
  readonly planned: ReadonlyMap<string, string>
  readonly before: ServerState
  /** Puts the fifty back as they were, and removes a lock that was left. */
  restore(): Promise<void>
  now(): Promise<ServerState>
  run(words: readonly string[], options?: RunOptions): Promise<Ended>
}

const policyText = (path: string, capabilities: string) => `path "${path}" {\n  capabilities = [${capabilities}]\n}\n`

const role = (claims: JsonObject, policies: readonly string[]): JsonObject => ({
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: ['https://vault.example.com'],
  bound_claims: claims,
  token_policies: policies,
})

/** Objects of the server that the fifty changes are about, as they are before: body by API path. */
function oldObjects(key: string): [string, JsonObject][] {
  const policies = (name: string, count: number): [string, JsonObject][] =>
    range(count).map((n) => [`sys/policies/acl/p-${name}-${n}`, { policy: policyText(`ops/data/${n}`, '"read"') }])
  const roles = (name: string, count: number): [string, JsonObject][] =>
    range(count).map((n) => [`auth/jobs/role/r-${name}-${n}`, role({ project_id: String(n) }, [`p-${name}-${n}`])])
  return [
    ['sys/auth/jobs/tune', { description: 'jobs', default_lease_ttl: '5m', max_lease_ttl: '1h' }],
    ['auth/jobs/config', { jwt_validation_pubkeys: [key], bound_issuer: 'https://old.example.com' }],
    ...policies('upd', updated),
    ...policies('del', gone),
    ...roles('upd', updated),
    ...roles('del', gone),
    ...policies('keep', kept),
    ...roles('keep', kept),
  ]
}

function files(key: string): Record<string, string> {
  const many = (name: string, count: number, mount: string, project: string) =>
    [
      `name: "r-${name}-\${n}"`,
      `mount: ${mount}`,
      'environments: [production]',
      `for_each: [${range(count).map((n) => `{ n: "${n}" }`)}]`,
      'role_type: jwt',
      'user_claim: project_id',
      'bound_audiences: ["https://vault.example.com"]',
      `bound_claims: { project_id: "${project}" }`,
      `token_policies: [{ name: "p-${name}-\${n}", template: ${name} }]`,
      '',
    ].join('\n')
  return {
    'environments/production.yaml': [
      'auth:',
      '  jobs:',
      '    type: jwt',
      '    description: jobs',
      '    tune: { default_lease_ttl: 6m, max_lease_ttl: 1h }',
      '    config: { jwt_validation_pubkeys: [{ file: key.pem }], bound_issuer: "https://new.example.com" }',
      '  fresh:',
      '    type: jwt',
      '    config: { jwt_validation_pubkeys: [{ file: key.pem }], bound_issuer: "https://new.example.com" }',
      'owns: { policies: ["p-*"], roles: { jobs: ["*"], fresh: ["*"] } }',
      'unmanaged: delete',
      '',
    ].join('\n'),
    'key.pem': key,
    'roles/keep.yaml': many('keep', kept, 'jobs', '${n}'),
    'roles/upd.yaml': many('upd', updated, 'jobs', '1000${n}'),
    'roles/new.yaml': many('new', made, 'fresh', '${n}'),
    'policies/keep.hcl': policyText('ops/data/${n}', '"read"'),
    'policies/upd.hcl': policyText('ops/data/${n}', '"read", "list"'),
    'policies/new.hcl': policyText('ops/data/new/${n}', '"read"'),
  }
}

function plannedPaths(): Map<string, string> {
  const policies = (name: string, count: number) =>
    range(count).map((n) => [`policy/p-${name}-${n}`, `sys/policies/acl/p-${name}-${n}`] as const)
  const roles = (name: string, count: number, mount: string) =>
    range(count).map((n) => [`jwt-role/${mount}/r-${name}-${n}`, `auth/${mount}/role/r-${name}-${n}`] as const)
  return new Map([
    ['auth-mount/jobs', 'sys/auth/jobs/'],
    ['auth-mount/fresh', 'sys/auth/fresh/'],
    ['jwt-config/jobs', 'auth/jobs/config'],
    ['jwt-config/fresh', 'auth/fresh/config'],
    ...policies('new', made),
    ...policies('upd', updated),
    ...policies('del', gone),
    ...roles('new', made, 'fresh'),
    ...roles('upd', updated, 'jobs'),
    ...roles('del', gone, 'jobs'),
  ])
}

/** Fills the server. It must be a test's own: it is looked at as a whole. */
export async function faultWorld(server: Server & { readonly token: string }): Promise<World> {
  const key = pem()
  const must = async (method: string, path: string, body?: unknown) => {
    const { status } = await request(server, method, path, body)
    if (status >= 300) throw new Error(`${method} ${path}: ${status}`)
  }
  await must('POST', 'sys/auth/jobs', { type: 'jwt' })
  const old = oldObjects(key)
  for (const [path, body] of old) await must('POST', path, body)

  await must('POST', 'sys/auth/others', { type: 'jwt', description: 'of somebody else' })
  await must('POST', 'auth/others/config', { jwt_validation_pubkeys: [pem()] })
  for (const n of range(5)) {
    await must('POST', `auth/others/role/r-upd-${n}`, role({ project_id: 'x' }, ['p-upd-0']))
    await must('POST', `sys/policies/acl/other-${n}`, { policy: policyText(`other/${n}`, '"update"') })
  }
  await must('POST', 'sys/auth/people', { type: 'userpass' })
  await must('POST', 'auth/people/users/ann', { password: crypto.randomUUID(), token_policies: ['other-0'] })
  await must('POST', 'identity/entity', { name: 'ann', policies: ['other-1'] })
  await must('POST', 'sys/mounts/ops', { type: 'kv', options: { version: '2' } })
  for (const n of range(5))
    await untilTaken(() => must('POST', `ops/data/${n}`, { data: { password: crypto.randomUUID() } }))

  const planned = plannedPaths()
  const changing = new Set(planned.values())

  // Who made a mount anew gave it another accessor: that is no difference, where the plan says to make it.
  const look = async () => {
    const state = new Map(await serverState(server))
    const fresh = state.get('sys/auth/fresh/')
    if (isObject(fresh)) state.set('sys/auth/fresh/', { ...fresh, accessor: '', uuid: '' })
    // OpenBao counts and dates every write of a policy: that is no difference either, where the plan says to write it.
    for (const path of changing) {
      const object = state.get(path)
      if (path.startsWith('sys/policies/') && isObject(object)) state.set(path, { ...object, version: 0, modified: '' })
    }
    return state
  }
  const proxy = await faultProxy(server)
  const directory = withFiles(files(key))
  const restored = old.filter(([path]) => changing.has(path) || path === 'sys/auth/jobs/tune')
  return {
    proxy,
    planned,
    before: await look(),
    now: look,
    async restore() {
      proxy.script = undefined
      proxy.reset()
      await must('DELETE', 'sys/auth/fresh')
      for (const n of range(made)) await must('DELETE', `sys/policies/acl/p-new-${n}`)
      for (const [path, body] of restored) {
        // A role keeps what a write leaves out.
        if (path.includes('/role/')) await must('DELETE', path)
        await must('POST', path, body)
      }
      const { body } = await request(server, 'GET', 'sys/policies/acl?list=true')
      for (const name of ((body as JsonObject)['data'] as { keys: string[] }).keys)
        if (name.startsWith(lockPrefix)) await must('DELETE', `sys/policies/acl/${name}`)
    },
    run: (words, options = {}) =>
      vaultwright(words, {
        cwd: directory,
        ...options,
        env: { VAULT_ADDR: proxy.address, VAULT_TOKEN: server.token, ...options.env },
      }),
  }
}

/** A new kv-v2 engine refuses for a moment, while it is upgraded. */
async function untilTaken(write: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (attempt === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** A digest of all that no plan of this world is about. */
export function digestOfOthers({ planned }: World, state: ServerState): string {
  const changing = new Set(planned.values())
  const others = [...state].filter(([path]) => !changing.has(path) && !path.includes(lockPrefix))
  return createHash('sha256')
    .update(JSON.stringify(others.sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
}

/** Addresses of the fifty that are not yet as they should be. Throws when one is neither as before nor as it should be. */
export function leftOf(world: World, now: ServerState, target: ServerState): string[] {
  return [...world.planned].flatMap(([address, path]) => {
    if (sameAt(path, now, target)) return []
    if (sameAt(path, now, world.before)) return [address]
    throw new Error(`${address} is neither as it was nor as it should be: ${JSON.stringify(now.get(path))}`)
  })
}

/** Addresses that a plan says would be changed, sorted. */
export async function plannedChanges({ run }: World): Promise<string[]> {
  const ended = await run(['plan', '--format', 'json'])
  if (ended.code !== 0 && ended.code !== 2) throw new Error(`plan: ${ended.output}`)
  const plan = JSON.parse(ended.stdout) as { environments: { changes: { address: string }[] }[] }
  return plan.environments.flatMap(({ changes }) => changes.map(({ address }) => address)).sort()
}
