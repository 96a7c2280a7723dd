import { describe, expect, test } from 'vitest'
import { tokenClaims } from '../../../src/access/promises/token-claims.ts'
import { judgeFiles } from '../../../src/commands/session/promises.ts'
import { formatSource } from '../../../src/core/diagnostic.ts'
import type { PromiseResult } from '../../../src/core/promise.ts'
import { kinds } from '../../../src/kinds/index.ts'
import { type Files, loadFiles, told } from '../../support/files.ts'

const files: Files = {
  'vaultwright.yaml': 'external_policies: [elsewhere]\n',
  'environments/production.yaml': [
    'auth:',
    '  jwt:',
    '    type: jwt',
    '    config: { oidc_discovery_url: https://gitlab.example.com, bound_issuer: https://gitlab.example.com }',
    '',
  ].join('\n'),
  'roles/app.yaml': [
    'environments: [production]',
    'role_type: jwt',
    'user_claim: project_id',
    'bound_audiences: [https://vault.example.com, https://other.example.com]',
    'bound_claims: { project_id: "42", ref_protected: "true" }',
    'token_policies: [reader]',
    '',
  ].join('\n'),
  'roles/deployer.yaml': [
    'environments: [production]',
    'role_type: jwt',
    'user_claim: project_id',
    'bound_audiences: [https://vault.example.com]',
    'bound_claims: { project_id: ["42", "43"], environment: production }',
    'token_policies: [writer]',
    '',
  ].join('\n'),
  'roles/guest.yaml': [
    'environments: [production]',
    'role_type: jwt',
    'user_claim: project_id',
    'bound_audiences: [https://vault.example.com]',
    'bound_claims: { project_id: "50" }',
    'token_policies: [elsewhere]',
    '',
  ].join('\n'),
  'policies/reader.hcl': [
    'path "secret/data/app" { capabilities = ["read"] }',
    'path "secret/data/team/*" { capabilities = ["read"] }',
    'path "secret/data/team/private" { capabilities = ["deny"] }',
    'path "secret/metadata/*" { capabilities = ["list"] }',
    'path "sys/auth/x" { capabilities = ["read"] }',
    'path "sys/audit" { capabilities = ["read", "sudo"] }',
    'path "wrapped" {\n  capabilities = ["read"]\n  min_wrapping_ttl = "1m"\n}',
    'path "own/{{identity.entity.name}}/*" { capabilities = ["update"] }',
    '',
  ].join('\n'),
  'policies/writer.hcl': 'path "sys/policies/acl/app" { capabilities = ["update"] }\n',
}

async function judged(promise: string, more: Files = {}): Promise<PromiseResult> {
  const text = `promises:\n  - { name: a, ${promise} }\n`
  const configuration = await loadFiles({ ...files, 'test/access/a.yaml': text, ...more })
  expect(told(configuration)).toEqual([])
  const [result] = judgeFiles(configuration, kinds, configuration.environments)
  return result as PromiseResult
}

const job = (inner: string) => `role: app, claims: { project_id: "42", ref_protected: "true" }, ${inner}`
const not = (claims: string, inner: string) => `role: app, claims: { project_id: "42", ${claims} }, ${inner}`

describe('a promise about a role', () => {
  test.each([
    ['a good login', job('login: granted')],
    ['a path that a rule names', job('can: { read: secret/data/app }')],
    ['a path below a prefix', job('can: { read: secret/data/team/a/b }')],
    ['a capability that no rule gives', job('cannot: { update: secret/data/app }')],
    ['a path that a rule denies', job('cannot: { read: secret/data/team/private }')],
    ['a path that no rule matches', job('cannot: { read: other }')],
    ['all paths below a prefix, when no rule comes between', job('can: { read: "secret/data/team/b*" }')],
    ['no path of a pattern', job('cannot: { delete: ["secret/*", "sys/+/x"] }')],
    ['a list, whose path gets its slash', job('can: { list: [secret/metadata/app, secret/metadata] }')],
    ['sudo where the path needs none', job('cannot: { sudo: secret/data/app }')],
    ['a path that needs sudo, with it', job('can: { read: sys/audit, sudo: sys/audit }')],
    ['a path that needs sudo, without it', job('cannot: { read: sys/auth/x }')],
    ['patterns of paths that need sudo', job('cannot: { read: "sys/auth/*" }')],
    ['what a request must carry is not looked at', job('can: { read: wrapped }')],
    ['what a request must carry is not looked at in patterns either', job('can: { read: "wrapped" }')],
    ['what the policy "default" gives', job('can: { update: auth/token/revoke-self }')],
    ['a refused login', not('ref_protected: "false"', 'login: refused')],
    ['a refused login and its reason', not('ref_protected: "false"', 'login: { refused: \'claim "ref_protected"\' }')],
    ['a missing claim', not('ref: main', 'login: { refused: is missing }')],
    ['a second audience', job('login: granted').replace('{ ', '{ aud: https://other.example.com, ')],
    ['no audience', job('login: { refused: invalid audience }').replace('{ ', '{ aud: null, ')],
    ['another issuer', job('login: { refused: invalid issuer }').replace('{ ', '{ iss: https://gitlab.com, ')],
    ['a token whose time is over', job('login: { refused: token is expired }').replace('{ ', '{ exp: 1, ')],
    [
      'one of two reasons, of which the server names one',
      'role: app, claims: { project_id: "1", ref_protected: "false" }, login: { refused: project_id }',
    ],
  ])('is kept: %s', async (_, promise) => {
    expect(await judged(promise)).toMatchObject({ outcome: 'kept', findings: [], asked: 'files' })
  })

  test.each([
    ['a login that is granted', job('login: refused'), 'granted, with the policies default and reader'],
    [
      'a login that is refused',
      not('ref_protected: "false"', 'login: granted'),
      'claim "ref_protected" does not match',
    ],
    [
      'a refused login in which nothing can be read',
      not('ref_protected: "false"', 'cannot: { read: a }'),
      'the login is refused',
    ],
    [
      'another reason',
      not('ref_protected: "false"', 'login: { refused: project_id }'),
      'another reason than "project_id"',
    ],
    ['a capability that the rule lacks', job('can: { update: secret/data/app }'), 'does not give update'],
    ['a path without a rule', job('can: { read: other }'), 'no rule of its policies default and reader matches'],
    ['a rule that denies', job('can: { read: secret/data/team/private }'), 'a rule denies it'],
    ['a path that can be read', job('cannot: { read: secret/data/app }'), 'the token can read secret/data/app'],
    [
      'one denied path in a pattern',
      job('can: { read: "secret/data/team/*" }'),
      'cannot read secret/data/team/private',
    ],
    ['one path of a pattern', job('cannot: { read: "secret/data/a*" }'), 'the token can read secret/data/app'],
    ['a path that needs sudo', job('can: { read: sys/auth/x }'), 'needs sudo'],
    ['a path of a pattern that needs sudo', job('can: { read: "sys/auth/+" }'), 'cannot read sys/auth/'],
    ['a wrapped answer', job('cannot: { read: wrapped }'), 'the token can read wrapped'],
    ['a list', job('cannot: { list: "secret/*" }'), 'the token can list secret/metadata/'],
    ['a role that is not there', 'role: ap, claims: {}, login: refused', 'the mount "jwt" has no role "ap"'],
    ['a mount that is not there', 'role: app, mount: jtw, claims: {}, login: refused', 'there is no mount "jtw"'],
  ])('is broken: %s', async (_, promise, words) => {
    const { outcome, findings } = await judged(promise)
    expect(outcome).toBe('broken')
    expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining(words)])
  })

  test('names every claim that does not fit, with what was expected and what there is', async () => {
    const { findings } = await judged('role: app, claims: { project_id: "1", ref_protected: "false" }, login: granted')
    expect(findings[0]?.help).toContain('project_id: expected "42", the token has "1"')
    expect(findings[0]?.help).toContain('ref_protected: expected "true", the token has "false"')
  })

  test('names the line of the promise and the line of the policy that breaks it', async () => {
    const { findings } = await judged(job('cannot: { update: b, read: [c, "secret/data/team/+"] }'))
    const [finding] = findings
    expect(findings).toHaveLength(1)
    expect(finding?.location?.excerpt.slice(finding.location.source.column - 1)).toMatch(/^"secret\/data\/team\/\+"/)
    expect(finding?.related.map(({ source }) => source && formatSource(source))).toEqual(['policies/reader.hcl:2:1'])
    expect(finding?.counterexample).toMatchObject({ mount: 'jwt', role: 'app', claims: { project_id: '42' } })
  })

  test.each([
    [
      'a policy that is kept elsewhere',
      'role: guest, claims: { project_id: "50" }, cannot: { read: a }',
      'the policy "elsewhere"',
    ],
    ['a path that depends on who logs in', job('cannot: { update: own/a/b }'), '{{identity.entity.name}}'],
    ['a pattern around such a path', job('cannot: { update: "own/*" }'), '{{identity.entity.name}}'],
  ])('is not decided: %s', async (_, promise, words) => {
    const { outcome, findings } = await judged(promise)
    expect(outcome).toBe('undecided')
    expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining(words)])
  })
})

describe('a promise about all tokens', () => {
  test.each([
    ['nobody reads what no policy gives', 'never: { can: { read: "other/*" } }, allow_undecided: true', 'undecided'],
    [
      'no token of an unprotected ref reads',
      'never: { roles: jwt/app, claims: { ref_protected: { not: "true" } }, can: { read: "secret/data/*" } }',
      'kept',
    ],
    [
      'no token without an environment writes policies',
      'never: { roles: [jwt/app, jwt/deployer], claims: { environment: null }, can: { update: "sys/policies/*" } }',
      'kept',
    ],
    ['the app admits only project 42', 'admits_only: { claim: project_id, values: "42", roles: jwt/app }', 'kept'],
    [
      'all roles together admit three projects',
      'admits_only: { claim: project_id, values: ["42", "43", "50"] }',
      'kept',
    ],
    [
      'only the deployer writes policies',
      'only: { roles: [jwt/deployer, jwt/guest], can: { update: "sys/policies/*" } }',
      'kept',
    ],
  ])('%s', async (_, promise, outcome) => {
    const result = await judged(promise)
    // The guest has a policy of which nothing is known here.
    expect(outcome === 'kept' ? result.findings.filter((one) => one.outcome === 'broken') : []).toEqual([])
    if (!promise.startsWith('only')) expect(result.outcome).toBe(outcome)
  })

  test.each([
    [
      'a token that the claims allow',
      'never: { roles: "jwt/[ad]*", claims: { environment: production }, can: { update: "sys/policies/*" } }'.replace(
        '[ad]',
        'd',
      ),
      'jwt/deployer can update sys/policies/acl/app',
    ],
    [
      'one value of a list',
      'never: { roles: jwt/deployer, claims: { project_id: ["1", "43"] }, can: { update: "sys/policies/*" } }',
      'jwt/deployer can update sys/policies/acl/app',
    ],
    [
      'a project too many',
      'admits_only: { claim: project_id, values: "42", roles: "jwt/*r" }',
      'jwt/deployer admits a token whose project_id is "43"',
    ],
    [
      'a claim that nobody asks for',
      'admits_only: { claim: ref_type, values: branch, roles: jwt/app }',
      'jwt/app admits',
    ],
    [
      'somebody else',
      'only: { roles: jwt/app, can: { update: "sys/policies/*" } }',
      'through jwt/deployer, can update',
    ],
    ['a role that is not there', 'never: { roles: jwt/nobody, can: { read: a } }', 'no role is called "jwt/nobody"'],
  ])('is broken by %s', async (_, promise, words) => {
    const { outcome, findings } = await judged(promise)
    expect(outcome).toBe('broken')
    expect(findings.map(({ message }) => message)[0]).toContain(words)
  })

  test('says that there is no role at all', async () => {
    const gone = [
      'roles/app.yaml',
      'roles/deployer.yaml',
      'roles/guest.yaml',
      'policies/reader.hcl',
      'policies/writer.hcl',
    ]
    const none = Object.fromEntries(gone.map((path) => [path, undefined]))
    for (const promise of ['role: app, claims: {}, login: refused', 'never: { roles: jwt/app, can: { read: a } }']) {
      const { findings } = await judged(promise, none)
      expect(findings[0]?.help).toBe('There are none.')
    }
  })

  test('shows a token and a request that break it', async () => {
    const { findings } = await judged(
      'never: { roles: jwt/deployer, claims: { project_id: "43" }, can: { update: "sys/policies/+/+" } }',
    )
    expect(findings[0]?.counterexample).toMatchObject({
      mount: 'jwt',
      role: 'deployer',
      claims: { project_id: '43', environment: 'production' },
      request: { capability: 'update', path: 'sys/policies/acl/app' },
    })
    expect(findings[0]?.related.map(({ source }) => source?.file)).toEqual([
      'roles/deployer.yaml',
      'policies/writer.hcl',
    ])
  })

  test('environments on one server are looked at together', async () => {
    const staging = {
      'environments/staging.yaml': files['environments/production.yaml'],
      'roles/evil.yaml': (files['roles/app.yaml'] as string)
        .replace('production', 'staging')
        .replace(', ref_protected: "true"', ''),
    }
    const promise =
      'environments: [production], never: { roles: "jwt/*", claims: { ref_protected: "false" }, can: { read: "secret/data/app" } }'
    const { findings } = await judged(promise, staging)
    expect(findings[0]?.message).toContain('jwt/evil can read secret/data/app')
  })
})

describe('a promised token', () => {
  const mount = { path: 'jwt', type: 'jwt', tune: {}, roles: new Map() }
  const place = (config: object, role: object) => ({
    mount: { ...mount, config: config as never },
    role: { mount: 'jwt', name: 'a', role: role as never },
  })

  test('has what every good token has', () => {
    const given = place({ oidc_discovery_url: 'https://a', bound_issuer: 'https://b' }, { bound_audiences: ['x', 'y'] })
    const claims = { project_path: 'a/b', ref_type: 'branch', ref: 'main' }
    expect(tokenClaims(claims, given, 1000.7)).toEqual({
      ...claims,
      ...{ iss: 'https://b', aud: 'x', sub: 'project_path:a/b:ref_type:branch:ref:main' },
      ...{ iat: 1000, nbf: 995, exp: 4600 },
    })
  })

  test('has another claim where one is promised, and lacks it where null is', () => {
    const given = place({ oidc_discovery_url: 'https://a' }, { bound_audiences: ['x'], bound_subject: 's' })
    expect(tokenClaims({ aud: null, exp: 1, sub: 't' }, given, 1000)).toEqual({
      iss: 'https://a',
      sub: 't',
      iat: 1000,
      nbf: 995,
      exp: 1,
    })
    expect(tokenClaims({}, place({}, {}), 1000)).toEqual({ iat: 1000, nbf: 995, exp: 4600 })
  })
})
