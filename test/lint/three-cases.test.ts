import { describe, expect, test } from 'vitest'
import type { SecretUse } from '../../src/core/configuration.ts'
import { rules } from '../../src/lint/index.ts'
import type { Rule } from '../../src/lint/rule.ts'
import { boundOnlyTo, boundTo, type Changes, findings, subjectOf, type World } from './glv.ts'

/** For each rule about roles: a mistake, the right way, and what is nearly the mistake and none. */
interface Cases {
  readonly found: World
  readonly right: World
  readonly near: World
}

const issuer = 'https://git.example.com'
const bound = (changes: Changes): World => ({ role: boundTo(changes) })
const only = (claims: Parameters<typeof boundOnlyTo>[0], more: Changes = {}): World => ({
  role: { ...boundOnlyTo(claims), ...more },
})
const role = (changes: Changes): World => ({ role: changes })
const globs = (changes: Changes): World => role({ ...boundTo(changes), bound_claims_type: 'glob' })
const writing = (changes: Changes, path = 'ops/data/app'): World => ({
  role: { ...boundTo(changes), token_policies: ['writer'] },
  policies: { writer: `path "${path}" { capabilities = ["update"] }` },
})
const filled = (what: string): World => ({
  role: { token_policies: ['own'] },
  policies: { own: `path "ops/data/{{identity.entity.aliases.x.metadata.${what}}}" { capabilities = ["read"] }` },
})
const reading = (secret: SecretUse, path: string): World => ({
  role: { token_policies: ['own'] },
  policies: { own: `path "${path}" { capabilities = ["read"] }` },
  secrets: { DB: secret },
})
const kv2: SecretUse = { engine: 'kv-v2', mount: 'ops', path: 'app/db', field: 'password' }
const generic: SecretUse = { engine: 'generic', mount: 'database', path: 'creds/app', field: 'password' }
const ids = (count: number) => Array.from({ length: count }, (_, index) => String(index))
const open = { ref_path: undefined, ref_type: undefined }

const table: Readonly<Record<string, Cases>> = {
  GLV01: {
    found: only({ job_project_id: '42', ref_protected: 'true' }),
    right: only({ project_id: '42' }),
    near: only({ namespace_id: ['9', '12'] }),
  },
  GLV02: {
    found: only({ ref: 'main', environment: 'production', user_login: 'mallory' }),
    right: only({ ref: 'main', project_id: '42' }),
    near: only({ ref: 'main', runner_id: 12 }),
  },
  GLV03: {
    found: role({ bound_audiences: [] }),
    right: role({}),
    near: role({ bound_audiences: ['vault'] }),
  },
  GLV04: {
    found: bound({ project_id: 42 }),
    right: bound({ project_id: '42' }),
    near: bound({ runner_id: 42 }),
  },
  GLV05: {
    found: bound({ runner_id: '12' }),
    right: bound({ runner_id: 12 }),
    near: bound({ user_id: '12' }),
  },
  GLV06: {
    found: role({ user_claim: 'runner_id' }),
    right: role({ user_claim: 'project_id' }),
    near: role({ user_claim: '/user_identities/0/provider', user_claim_json_pointer: true }),
  },
  GLV07: {
    found: globs({ project_path: 'mygroup*' }),
    right: globs({ project_path: 'mygroup/app' }),
    near: globs({ project_path: 'mygroup/*' }),
  },
  GLV08: {
    found: { config: { oidc_discovery_url: issuer, bound_issuer: 'git.example.com' } },
    right: { config: { oidc_discovery_url: issuer, bound_issuer: issuer } },
    near: { config: { jwks_url: `${issuer}/oauth/discovery/keys`, bound_issuer: issuer } },
  },
  GLV09: {
    found: writing({ ref_protected: undefined }),
    right: writing({}),
    near: { ...bound({ ref_protected: undefined, environment: 'pre-production' }), environment: 'non-prod' },
  },
  GLV10: {
    found: globs({ user_login: '*' }),
    right: globs({ user_login: 'deploy' }),
    near: globs({ user_login: 'deploy-*' }),
  },
  GLV11: {
    found: only({ project_path: 'shop/app' }),
    right: only({ project_id: '42' }),
    near: only({ project_path: 'shop/app', namespace_id: '9' }),
  },
  GLV12: {
    found: bound({ ...open, ref: 'main' }),
    right: bound({ ...open, ref: 'main', ref_type: 'branch' }),
    near: bound({ ...open, ref: 'main', ref_path: 'refs/heads/main' }),
  },
  GLV13: {
    found: globs({ ref: 'main*', ref_protected: undefined }),
    right: globs({ ref: 'main', ref_protected: undefined }),
    near: globs({ ref: 'main*', ref_protected: 'true' }),
  },
  GLV14: {
    found: writing({ pipeline_source: undefined }),
    right: writing({ pipeline_source: ['push', 'web'] }),
    near: writing({ pipeline_source: undefined, ref_path: 'refs/tags/v1', ref_type: 'tag' }),
  },
  GLV15: {
    found: bound({ environment_protected: undefined }),
    right: bound({}),
    near: { ...bound({ environment_protected: undefined }), gitlab: { edition: 'free' } },
  },
  GLV16: {
    found: { gitlab: { edition: 'free' } },
    right: { ...bound({ environment_protected: undefined }), gitlab: { edition: 'free' } },
    near: { gitlab: { edition: 'premium' } },
  },
  GLV17: {
    found: bound({ environment_action: undefined }),
    right: bound({ environment_action: 'start' }),
    near: { ...bound({ environment_action: undefined }), gitlab: { version: '16.4' } },
  },
  GLV18: {
    found: bound({ job_project_id: undefined }),
    right: bound({}),
    near: { ...bound({ job_project_id: undefined }), gitlab: { version: '18.3' } },
  },
  GLV19: {
    found: role({ user_claim: 'job_id' }),
    right: role({ user_claim: 'project_id' }),
    near: role({ user_claim: 'user_id' }),
  },
  GLV20: {
    found: role({ user_claim: 'user_email' }),
    right: role({ user_claim: 'project_id' }),
    near: role({ user_claim: 'user_id' }),
  },
  GLV21: {
    found: role({ token_type: undefined }),
    right: role({ token_type: undefined, token_explicit_max_ttl: '1h' }),
    near: { role: { token_type: undefined }, tune: { max_lease_ttl: 3600 } },
  },
  GLV22: {
    found: { role: { token_ttl: '60s' }, secrets: { DB: generic } },
    right: { role: { token_ttl: '1h' }, secrets: { DB: generic } },
    near: { role: { token_ttl: '60s' }, secrets: { DB: kv2 } },
  },
  GLV23: {
    found: role({ token_num_uses: 1 }),
    right: role({}),
    near: role({ token_num_uses: 1, token_type: 'service' }),
  },
  GLV24: {
    found: role({ role_type: undefined }),
    right: role({}),
    near: { role: { role_type: 'oidc' }, config: { oidc_discovery_url: issuer, oidc_client_id: 'people' } },
  },
  GLV25: {
    found: bound({ project_id: ids(11) }),
    right: bound({ project_id: ids(1) }),
    near: bound({ project_id: ids(10) }),
  },
  GLV26: {
    found: only({ namespace_id: '9' }),
    right: only({ project_id: '42' }),
    near: only({ namespace_id: '9', project_id: '42' }),
  },
  GLV27: {
    found: filled('project_path'),
    right: filled('project_id'),
    near: filled('colour'),
  },
  GLV28: {
    found: role({ clock_skew_leeway: 61 }),
    right: role({}),
    near: role({ clock_skew_leeway: 60 }),
  },
  GLV29: {
    found: writing({}, 'sys/policies/acl/x'),
    right: writing({ ci_config_ref_uri: 'git.example.com/a/b//.gitlab-ci.yml@refs/heads/main' }, 'sys/policies/acl/x'),
    near: { ...writing({ environment: 'staging' }), environment: 'staging' },
  },
  GLV30: {
    found: reading(kv2, 'ops/+/db'),
    right: reading(kv2, 'ops/data/+/db'),
    near: reading({ ...kv2, engine: 'kv-v1' }, 'ops/+/db'),
  },
  GLV31: {
    found: bound({ project: '42' }),
    right: bound({ project_id: '42' }),
    near: bound({ '/project_id': '42' }),
  },
  GLV32: {
    found: bound({ ref: 'release/*' }),
    right: globs({ ref: 'release/*' }),
    near: globs({ ref: 'v1.*' }),
  },
  GLV33: {
    found: role({ claim_mappings: { project_path: 'project.path' } }),
    right: role({ claim_mappings: { project_path: 'project_path' } }),
    near: role({ claim_mappings: { project_path: 'vault_project/path=+-' } }),
  },
  GLV34: {
    found: { role: { token_ttl: '61m' }, tune: { max_lease_ttl: '1h' } },
    right: { role: { token_ttl: '60m' }, tune: { max_lease_ttl: '1h' } },
    near: { role: { token_ttl: '61m', token_type: 'service', token_period: '5m' }, tune: { max_lease_ttl: '1h' } },
  },
}

const about = rules.filter(({ id }) => id.startsWith('GLV'))
const numberOf = (rule: Rule, world: World) => findings(rule, world).length

test('the table has every rule about roles', () => {
  expect(Object.keys(table)).toEqual(about.map(({ id }) => id))
})

describe.each(about)('$id: $title', (rule) => {
  const { found, right, near } = table[rule.id] as Cases

  test('is found once, at the role, its mount or its policy', () => {
    expect(numberOf(rule, found)).toBe(1)
  })

  test('is not found where it is right', () => {
    expect(numberOf(rule, right)).toBe(0)
  })

  test('is not found where it is nearly wrong', () => {
    expect(numberOf(rule, near)).toBe(0)
  })
})

test('no rule has anything to say about the good role', () => {
  expect(rules.flatMap((rule) => [...rule.check(subjectOf())])).toEqual([])
})
