import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { authMount } from '../../src/kinds/auth-mount.ts'
import { kinds } from '../../src/kinds/index.ts'
import { jwtConfig } from '../../src/kinds/jwt-config.ts'
import { jwtRole } from '../../src/kinds/jwt-role.ts'
import { policy } from '../../src/kinds/policy.ts'

/** Any JSON under the names of the kind's own fields: what a strange server or a careless person may give. */
function anySpec(): fc.Arbitrary<JsonObject> {
  const names = [
    'role_type',
    'bound_claims',
    'bound_audiences',
    'token_ttl',
    'token_policies',
    'token_type',
    'token_bound_cidrs',
    'claim_mappings',
    'type',
    'tune',
    'options',
    'description',
    'default_role',
    'jwt_validation_pubkeys',
    'namespace_in_state',
    'policy',
    'unknown',
  ]
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('5m', '1h', 'a,b', ['x', 'x', 'a'], '10.0.0.1/32', null, [], {}, ''),
  )
  return fc.dictionary(fc.constantFrom(...names), value, { noNullPrototype: true }) as fc.Arbitrary<JsonObject>
}

describe.each(kinds.map((kind) => [kind.name, kind] as const))('%s', (_name, kind) => {
  test('canonical is idempotent and never throws', () => {
    fc.assert(
      fc.property(anySpec(), (spec) => {
        const once = kind.canonical(spec)
        expect(kind.canonical(once)).toEqual(once)
      }),
    )
  })
})

describe('jwt-role', () => {
  const canonical = (spec: JsonObject) => jwtRole.canonical(spec)

  test("what equals the server's default is left out", () => {
    const fresh = {
      role_type: 'oidc',
      bound_claims_type: 'string',
      bound_claims: null,
      bound_audiences: null,
      claim_mappings: null,
      allowed_redirect_uris: null,
      token_ttl: 0,
      token_policies: [],
      token_bound_cidrs: [],
      token_type: 'default',
      token_num_uses: 0,
      user_claim_json_pointer: false,
      groups_claim: '',
      callback_mode: 'client',
      user_claim: 'sub',
    }
    expect(canonical(fresh)).toEqual({ user_claim: 'sub' })
  })

  test.each<[string, JsonObject, JsonObject]>([
    ['a one-element claim list is its element', { bound_claims: { a: ['22'] } }, { bound_claims: { a: '22' } }],
    [
      'null, an empty list and an empty map are nothing',
      { bound_claims: {}, bound_audiences: [], claim_mappings: null },
      {},
    ],
    ['a list as text is that list', { bound_audiences: 'b, a' }, { bound_audiences: ['a', 'b'] }],
    ['a comma in an item of a list is part of it', { bound_audiences: ['b, a'] }, { bound_audiences: ['b, a'] }],
    ['policy names are lower-cased', { token_policies: ['B', 'a', 'b'] }, { token_policies: ['a', 'b'] }],
    [
      'a mask for a single host is dropped',
      { token_bound_cidrs: ['10.0.0.1/32', '::1/128', '10.0.0.0/8'] },
      { token_bound_cidrs: ['10.0.0.0/8', '10.0.0.1', '::1'] },
    ],
    [
      'the old names of fields are passed over',
      { policies: ['a'], ttl: 5, token_policies: ['a'] },
      { token_policies: ['a'] },
    ],
    ['a negative leeway is not the default', { clock_skew_leeway: '-1s' }, { clock_skew_leeway: -1 }],
  ])('%s', (_name, spec, expected) => {
    expect(canonical(spec)).toEqual(expected)
  })

  test.each<[string, JsonObject, JsonObject]>([
    ['"true" and true', { bound_claims: { a: 'true' } }, { bound_claims: { a: true } }],
    ['"22" and 22', { bound_claims: { a: '22' } }, { bound_claims: { a: 22 } }],
    ['an empty claim list, which matches nothing, and no claim', { bound_claims: { a: [] } }, {}],
    ['upper and lower case of a claim', { bound_claims: { ref: 'Main' } }, { bound_claims: { ref: 'main' } }],
  ])('%s are not the same', (_name, a, b) => {
    expect(canonical(a)).not.toEqual(canonical(b))
  })

  const base = { role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['a'] }
  test.each<[string, JsonObject, string]>([
    ['a role without user_claim', { role_type: 'jwt', bound_audiences: ['a'] }, 'user_claim'],
    ['a role bound by nothing', { role_type: 'jwt', user_claim: 'project_id' }, ''],
    ['a role without role_type', { user_claim: 'project_id', bound_audiences: ['a'] }, ''],
    [
      'a glob over a number',
      { ...base, bound_claims_type: 'glob', bound_claims: { runner_id: 5 } },
      'bound_claims.runner_id',
    ],
    ['a TTL above its limit', { ...base, token_ttl: '2h', token_max_ttl: '1h' }, 'token_ttl'],
    ['a batch token with a count', { ...base, token_type: 'batch', token_num_uses: 1 }, 'token_num_uses'],
    ['a reserved metadata key', { ...base, claim_mappings: { sub: 'role' } }, 'claim_mappings.sub'],
    ['two claims for one metadata key', { ...base, claim_mappings: { a: 'x', b: 'x' } }, 'claim_mappings.b'],
    [
      'an address bound twice',
      { ...base, token_strictly_bind_ip: true, token_bound_cidrs: ['10.0.0.0/8'] },
      'token_strictly_bind_ip',
    ],
    ['a network that is none', { ...base, token_bound_cidrs: ['10.0.0.0/99'] }, 'token_bound_cidrs'],
    ['a path as a network', { ...base, token_bound_cidrs: ['/tmp/x'] }, 'token_bound_cidrs'],
    ['an address with a part missing', { ...base, token_bound_cidrs: ['10.1'] }, 'token_bound_cidrs'],
    ['a duration that is none', { ...base, token_ttl: 'soon' }, 'token_ttl'],
    ['a number that JSON cannot carry', { ...base, bound_claims: { id: 2 ** 60 } }, 'bound_claims.id'],
    ['an old name of a field', { ...base, policies: ['a'] }, ''],
  ])('%s is refused where it stands', (_name, spec, path) => {
    const result = jwtRole.schema.safeParse(spec)
    expect(result.success).toBe(false)
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toContain(path)
  })

  test.each([
    ['ci', true],
    ['a.b-c_1', true],
    ['-a', false],
    ['a-', false],
    ['a/b', false],
    ['', false],
    ['ü', false],
  ])('%j as a name: %s', (name, fine) => {
    expect(jwtRole.refuseName('jwt', name) === undefined).toBe(fine)
  })

  test('needs its mount, its configuration and its policies, however they are written', () => {
    expect(jwtRole.needs({ token_policies: 'B, a' }, 'jwt')).toEqual([
      'auth-mount/jwt',
      'jwt-config/jwt',
      'policy/a',
      'policy/b',
    ])
  })
})

describe('jwt-config', () => {
  const issues = (spec: JsonObject) =>
    jwtConfig.schema.safeParse(spec).error?.issues.map(({ path }) => path.join('.')) ?? []

  test('exactly one source of keys', () => {
    expect(issues({})).toEqual([''])
    expect(issues({ jwks_url: 'https://a', oidc_discovery_url: 'https://b' })).toHaveLength(1)
    expect(issues({ oidc_discovery_url: 'https://b', provider_config: { provider: 'azure' } })).toEqual([])
  })

  test('a secret in clear text is refused, a reference is not', () => {
    const url = { oidc_discovery_url: 'https://b', oidc_client_id: 'id' }
    expect(issues({ ...url, oidc_client_secret: 'in-clear-text' })).toEqual(['oidc_client_secret'])
    expect(issues({ ...url, oidc_client_secret: '${env:SECRET}' })).toEqual([])
    expect(issues({ ...url, oidc_client_secret: { file: 'secret.txt' } })).toEqual([])
    expect(
      issues({
        oidc_discovery_url: 'https://b',
        provider_config: { provider: 'gsuite', gsuite_service_account: '{"key":1}' },
      }),
    ).toEqual(['provider_config.gsuite_service_account'])
  })

  test('a mistyped secret of a provider is refused, for it would show in plans', () => {
    const provider_config = { provider: 'okta', api_tokn: 'x', fetch_groups: true }
    expect(issues({ oidc_discovery_url: 'https://b', provider_config })).toEqual(['provider_config.api_tokn'])
  })

  test('a message about a secret does not repeat it', () => {
    const result = jwtConfig.schema.safeParse({
      oidc_discovery_url: 'https://b',
      oidc_client_id: 'id',
      oidc_client_secret: 'in-clear-text',
    })
    expect(JSON.stringify(result.error?.issues)).not.toContain('in-clear-text')
  })

  test('an id and its secret go together', () => {
    expect(issues({ oidc_discovery_url: 'https://b', oidc_client_id: 'id' })).toEqual(['oidc_client_id'])
  })

  test('a client for browsers needs a discovery URL', () => {
    expect(issues({ jwks_url: 'https://b', oidc_client_id: 'id', oidc_client_secret: '${env:S}' })).toEqual([
      'oidc_client_id',
    ])
  })

  test('a public key is the same with and without the line break at its end', () => {
    expect(jwtConfig.canonical({ jwt_validation_pubkeys: ['PEM\n'] })).toEqual(
      jwtConfig.canonical({ jwt_validation_pubkeys: ['PEM'] }),
    )
  })
})

describe('policy', () => {
  const fine = (text: string) => policy.schema.safeParse({ policy: text }).success

  test('an empty text is refused, as the server does', () => {
    expect(fine('')).toBe(false)
    expect(fine('# only a comment')).toBe(true)
  })

  test('a text that the server would decode as base64 is refused', () => {
    expect(fine('cGF0aCAiYSIge30=')).toBe(false)
    expect(fine('path "a" {}')).toBe(true)
  })

  test.each([
    ['root', false],
    ['Response-Wrapping', false],
    ['a/', false],
    [' ', false],
    ['default', true],
    ['team/a', true],
    ['x/../default', false],
    ['/a', false],
    ['a//b', false],
    ['a\u0000', false],
    // The servers trim this one, and JavaScript does not: it would be another policy there.
    ['default\u0085', false],
    ['constructor', true],
  ])('%j as a name: %s', (name, allowed) => {
    expect(policy.refuseName(name) === undefined).toBe(allowed)
  })
})

describe('auth-mount', () => {
  test('reads tuning fields that equal the defaults as none', () => {
    const spec = {
      type: 'jwt',
      description: '',
      local: false,
      tune: { default_lease_ttl: 0, token_type: 'default-service' },
    }
    expect(authMount.canonical(spec)).toEqual({ type: 'jwt' })
  })

  test.each([
    ['jwt', true],
    ['gitlab/prod', true],
    ['/jwt', false],
    ['', false],
    [' jwt', false],
    ['a//b', false],
    ['../mounts/x', false],
    ['a/./b', false],
    ['a?b', false],
    ['jwt/', true],
  ])('%j as a path: %s', (path, allowed) => {
    expect(authMount.refuseName(path) === undefined).toBe(allowed)
  })
})
