import fc from 'fast-check'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { type Snapshot, snapshotFormat, snapshotReader } from '../../src/core/snapshot.ts'
import type { Wanted } from '../../src/import/read.ts'
import { readServer } from '../../src/import/read.ts'
import type { Source } from '../../src/import/take.ts'
import { kinds } from '../../src/kinds/index.ts'

/** A server as plain data: roles by mount and name, policies by name. */
export interface Contents {
  readonly mounts: Readonly<Record<string, JsonObject>>
  readonly configs?: Readonly<Record<string, JsonObject>>
  readonly roles?: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>
  readonly policies?: Readonly<Record<string, string>>
}

/** What such a server answers. */
export function snapshotOf(
  contents: Contents,
  place: { readonly address?: string; readonly namespace?: string } = {},
): Snapshot {
  const { mounts, configs = {}, roles = {}, policies = {} } = contents
  const read: Record<string, JsonObject> = {
    'sys/auth': {
      'token/': { type: 'token' },
      ...Object.fromEntries(Object.entries(mounts).map(([path, data]) => [`${path}/`, data])),
    },
    'sys/policies/acl/default': { name: 'default', policy: '# default\n' },
  }
  const list: Record<string, { keys: string[] }> = {
    'sys/policies/acl': { keys: ['default', 'root', ...Object.keys(policies)] },
  }
  for (const [mount, data] of Object.entries(configs)) read[`auth/${mount}/config`] = data
  for (const [mount, all] of Object.entries(roles)) {
    if (Object.keys(all).length > 0) list[`auth/${mount}/role`] = { keys: Object.keys(all) }
    for (const [name, data] of Object.entries(all)) read[`auth/${mount}/role/${name}`] = data
  }
  for (const [name, policy] of Object.entries(policies)) read[`sys/policies/acl/${name}`] = { name, policy }
  const { address = 'https://vault.example.com', namespace = '' } = place
  return {
    format: snapshotFormat,
    server: { product: 'vault', version: '1.21.0', address, namespace, clusterId: 'c' },
    read,
    list,
  }
}

export const everything: Wanted = { mounts: ['*'], roles: ['*'], policies: ['*'] }

export async function sourceOf(environment: string, snapshot: Snapshot, wanted = everything) {
  const answers = snapshotReader(snapshot)
  const source: Source = { environment, server: snapshot.server, reading: await readServer(answers, kinds, wanted) }
  return { ...source, answers, notices: [] }
}

/** A role that every server takes. */
export function role(more: JsonObject = {}): JsonObject {
  return { role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['https://vault'], ...more }
}

const word = fc.constantFrom('shop', 'mail', 'stock', 'a', 'data', 'environment', 'name', 'x1', 'project')
const oddText = fc.oneof(
  fc.constantFrom(
    '${a}',
    '$${b}',
    '$',
    'a$production',
    '${',
    'true',
    '42',
    '1:30',
    'a, b',
    '- x',
    '#c',
    ' ',
    'a\n b\n',
    'é',
    '\u2028',
    'null',
    '<<',
  ),
  fc.string({ maxLength: 6 }),
)

/** Texts that name environments, alone, inside words and beside "$". */
function textOf(environment: string): fc.Arbitrary<string> {
  const part = fc.oneof(
    word,
    fc.constantFrom(environment, `up${environment}`, `$${environment}`, 'production'),
    oddText,
  )
  return fc
    .array(part, { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('-'))
    .filter((text) => text.trim() === text && text !== '')
}

const claimKey = fc.oneof(
  fc.constantFrom('project_id', 'environment', 'ref', 'ref_protected', 'name', '/a/b', '42', 'a b'),
  fc.string({ minLength: 1, maxLength: 4 }),
)

function claimsOf(environment: string): fc.Arbitrary<JsonObject> {
  const value = fc.oneof<fc.Arbitrary<JsonValue>[]>(
    textOf(environment),
    fc.constantFrom<JsonValue>(true, 1, 1.5, 'true', environment),
    fc.uniqueArray(textOf(environment), { minLength: 1, maxLength: 3 }),
  )
  return fc.dictionary(claimKey, value, { maxKeys: 3 })
}

/** Few enough choices that roles of different environments are alike, and of one family have one shape. */
function roleOf(environment: string, policies: readonly string[]): fc.Arbitrary<JsonObject> {
  return fc
    .record(
      {
        token_policies: fc.subarray([...policies, 'missing', 'default', `ci-${environment}`], { maxLength: 3 }),
        bound_claims: fc.oneof(
          claimsOf(environment),
          fc.constantFrom<JsonObject>({ environment }, { project_id: '1' }, {}),
        ),
        token_ttl: fc.constantFrom(0, 60, 300, 5400, 90061),
        token_num_uses: fc.constantFrom(0, 3),
        bound_subject: fc.oneof(fc.constantFrom('', environment), textOf(environment)),
        claim_mappings: fc.constantFrom<JsonObject>({}, { user_login: 'user' }),
        token_no_default_policy: fc.boolean(),
        token_bound_cidrs: fc.constantFrom<JsonValue>([], ['10.0.0.0/8', '192.168.1.1']),
      },
      { requiredKeys: [] },
    )
    .map((more) => role(more as JsonObject))
}

const block = (path: string) => `path ${JSON.stringify(path)} {\n  capabilities = ["read"]\n}\n`

function policyOf(environment: string): fc.Arbitrary<string> {
  const path = fc.constantFrom(
    `ops/data/${environment}/x`,
    `ops/data/up${environment}`,
    'shared/x',
    'a/{{identity.entity.id}}',
    'a/${b}/c',
  )
  const ending = fc.constantFrom(
    '',
    '\n',
    '\r\n',
    '  \n\n',
    `# ${environment}\n`,
    '# $production\n',
    '# ${x} $${y}\n',
    '/* production */',
  )
  return fc
    .tuple(fc.array(path, { minLength: 1, maxLength: 2 }), ending)
    .map(([paths, end]) => paths.map(block).join('\n') + end)
}

function policyName(environment: string): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(
      'nexus',
      'shop',
      `shop-${environment}`.toLowerCase(),
      `${environment}`.toLowerCase(),
      'team/app',
      `team/${environment}`.toLowerCase(),
      'a b',
      '.hidden',
      'x:y',
      '${v}',
      'con',
      'a.hcl/b',
      'a*',
    ),
    word,
  )
}

function roleName(environment: string): fc.Arbitrary<string> {
  const lower = environment.toLowerCase()
  return fc.oneof(
    fc.constantFrom('ci', 'production', `app-${lower}`, `${lower}`, `${lower}-app`, 'roles.yaml', 'con', 'a_b.c'),
    fc.nat(9).map((n) => `job-${n}-${lower}`),
    fc.nat(9).map((n) => `list-${n}`),
  )
}

/** What one environment has on a server. */
export function contentsOf(environment: string): fc.Arbitrary<Contents> {
  const mounts = fc.constantFrom<readonly string[]>(
    ['jwt'],
    ['jwt'],
    ['jwt', 'gitlab/ci'],
    [`jwt-${environment.toLowerCase()}`],
  )
  return fc
    .tuple(mounts, fc.dictionary(policyName(environment), policyOf(environment), { maxKeys: 8 }))
    .chain(([paths, policies]) =>
      fc.record({
        mounts: fc.constant(
          Object.fromEntries(
            paths.map((path) => [path, { type: 'jwt', description: 'jobs', config: { max_lease_ttl: 3600 } }]),
          ),
        ),
        configs: fc.constant(
          Object.fromEntries(
            paths.map((path) => [
              path,
              { oidc_discovery_url: 'https://gitlab.example.com', bound_issuer: `$${environment}` },
            ]),
          ),
        ),
        roles: fc
          .tuple(
            ...paths.map(() =>
              fc.dictionary(roleName(environment), roleOf(environment, Object.keys(policies)), { maxKeys: 14 }),
            ),
          )
          .map((all) => Object.fromEntries(paths.map((path, at) => [path, all[at] as Record<string, JsonObject>]))),
        policies: fc.constant(policies),
      }),
    )
}

/** Roles that somebody made by the dozen, the same in every environment but for a few values. */
export interface Family {
  readonly names: readonly string[]
  readonly environmentIn: 'role' | 'policy' | 'both' | 'neither'
  readonly odd: number
  readonly ttls: readonly number[]
  readonly path: string
}

export const families: fc.Arbitrary<Family> = fc.record({
  names: fc.uniqueArray(fc.constantFrom('shop', 'mail', 'stock', 'ads', 'chat', 'data', 'name', 'ops', 'x-1', 'x-2'), {
    minLength: 2,
  }),
  environmentIn: fc.constantFrom('role', 'policy', 'both', 'neither'),
  odd: fc.nat(12),
  ttls: fc.array(fc.constantFrom(60, 300), { minLength: 1, maxLength: 3 }),
  path: fc.constantFrom('ops/data/NAME', 'ops/data/ENV/NAME', 'ops/data/NAME/ENV/ID', 'ops/data/$NAME', 'shared/x'),
})

export function withFamily(contents: Contents, environment: string, family: Family, at: number): Contents {
  const [mount = 'jwt'] = Object.keys(contents.mounts)
  const lower = environment.toLowerCase()
  const inRole = ['role', 'both'].includes(family.environmentIn) ? `-${lower}` : ''
  const inPolicy = ['policy', 'both'].includes(family.environmentIn) ? `-${lower}` : ''
  const members = family.names.map((name, index) => {
    const id = String(100 + index)
    const path = family.path.replace('NAME', name).replace('ENV', environment).replace('ID', id)
    const odd: JsonObject = index === family.odd ? { token_num_uses: 3 } : {}
    return {
      role: `member-${name}${inRole}`,
      policy: `member-${name}${inPolicy}-read`,
      text: block(path),
      spec: role({
        bound_claims: { project_id: id, environment },
        token_policies: [`member-${name}${inPolicy}-read`, 'nexus'],
        token_ttl: family.ttls[at % family.ttls.length] as number,
        ...odd,
      }),
    }
  })
  return {
    ...contents,
    roles: {
      ...contents.roles,
      [mount]: { ...contents.roles?.[mount], ...Object.fromEntries(members.map(({ role, spec }) => [role, spec])) },
    },
    policies: { ...contents.policies, ...Object.fromEntries(members.map(({ policy, text }) => [policy, text])) },
  }
}
