import { describe, expect, test } from 'vitest'
import { decideLogin } from '../../../src/access/login/decide.ts'
import { JsonNumber, type WrittenObject } from '../../../src/access/login/json-number.ts'
import type { GrantedToken, LoginInput, RefusedLogin } from '../../../src/access/login/login.ts'
import type { JsonObject } from '../../../src/core/json.ts'

const vault = { product: 'vault', version: '1.21.0' } as const
const openbao = { product: 'openbao', version: '2.6.1' } as const
const now = 1_790_000_000.5

const role: WrittenObject = {
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: 'https://vault.example.com',
  bound_claims: { project_id: '42' },
  token_policies: ['Reader', 'a', 'reader'],
}
const claims: JsonObject = {
  iss: 'https://gitlab.example.com',
  aud: 'https://vault.example.com',
  project_id: '42',
  iat: 1_790_000_000,
  exp: 1_790_003_600,
}

function logIn(changes: Partial<LoginInput> = {}) {
  return decideLogin({
    server: vault,
    mount: 'jwt',
    config: {},
    name: 'CI',
    role,
    claims,
    alg: 'RS256',
    now,
    ...changes,
  })
}

/** With other claims; undefined leaves one out. */
function withClaims(changes: Readonly<Record<string, JsonObject[string] | undefined>>, more: Partial<LoginInput> = {}) {
  const changed = Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== undefined)
  return logIn({ claims: Object.fromEntries(changed) as JsonObject, ...more })
}

function withRole(changes: WrittenObject, more: Partial<LoginInput> = {}) {
  return logIn({ role: { ...role, ...changes }, ...more })
}

const granted = (decision: ReturnType<typeof logIn>) => {
  expect(decision).toMatchObject({ ok: true })
  return decision as GrantedToken
}
const errors = (decision: ReturnType<typeof logIn>) => {
  expect(decision).toMatchObject({ ok: false })
  return (decision as RefusedLogin).errors
}

describe('a token', () => {
  test('has its policies in small letters, once, sorted, with default', () => {
    expect(granted(logIn()).policies).toEqual(['a', 'default', 'reader'])
  })

  test('carries the name of the role in small letters, and its user in the display name', () => {
    const { metadata, displayName, alias } = granted(logIn({ mount: 'gitlab/ci' }))
    expect({ metadata, displayName, alias }).toEqual({
      metadata: { role: 'ci' },
      displayName: 'gitlab-ci-42',
      alias: '42',
    })
  })

  test.each<[string, WrittenObject, JsonObject, number]>([
    ['the server’s default where nothing is said', {}, {}, 2_764_800],
    ['the mount’s default', {}, { default_lease_ttl: '10m' }, 600],
    ['its own', { token_ttl: '5m' }, { default_lease_ttl: '10m' }, 300],
    ['at most the role’s limit', { token_ttl: '5m', token_explicit_max_ttl: 200 }, {}, 200],
    ['at most the mount’s limit', { token_ttl: '5m' }, { max_lease_ttl: '1m' }, 60],
    ['its period, before its TTL', { token_ttl: '5m', token_period: '7m' }, {}, 420],
    ['a TTL under its old name', { ttl: '5m' }, {}, 300],
    ['a TTL under its new name before that under the old one', { ttl: '5m', token_ttl: 0 }, {}, 2_764_800],
  ])('lives as long as %s', (_, changes, tune, seconds) => {
    expect(granted(withRole(changes, { tune })).ttl).toBe(seconds)
  })

  test.each<[string, string, string]>([
    ['batch', 'service', 'batch'],
    ['service', 'batch', 'service'],
    ['default-batch', 'default', 'batch'],
    ['default-batch', 'service', 'service'],
    ['default-service', 'batch', 'batch'],
    ['default-service', 'default', 'service'],
  ])('on a mount of type %s, by a role of type %s, is of type %s', (mount, own, type) => {
    const token = granted(withRole({ token_type: own }, { tune: { token_type: mount } }))
    expect([token.type, token.renewable]).toEqual([type, type === 'service'])
  })
})

describe('the server’s words', () => {
  test.each<[string, () => ReturnType<typeof logIn>, string]>([
    [
      'without a configuration',
      () => decideLogin({ server: vault, mount: 'jwt', claims, alg: 'RS256', now, role, name: 'ci' }),
      'could not load configuration',
    ],
    ['without a role’s name', () => logIn({ name: '' }), 'missing role'],
    [
      'for a role that is not there',
      () => decideLogin({ server: vault, mount: 'jwt', config: {}, name: 'X"', claims, alg: 'RS256', now }),
      'role "x\\"" could not be found',
    ],
    ['for a role for browsers', () => withRole({ role_type: 'oidc' }), 'role with oidc role_type is not allowed'],
    [
      'for another issuer',
      () => logIn({ config: { bound_issuer: 'gitlab.example.com' } }),
      'error validating token: invalid issuer (iss) claim',
    ],
    [
      'for an algorithm that is not configured',
      () => logIn({ config: { jwt_supported_algs: 'ES256' } }),
      'error validating token: invalid algorithm (alg) header parameter: token signed with unexpected algorithm',
    ],
    ['for a subject', () => withRole({ bound_subject: 'x' }), 'error validating token: invalid subject (sub) claim'],
    [
      'for an audience that is a number',
      () => withClaims({ aud: 5 }),
      'error validating token: go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience',
    ],
    [
      'for a time that is a text',
      () => withClaims({ exp: '5', iss: 5 }),
      'error validating token: go-jose/go-jose/jwt: expected number value to unmarshal NumericDate',
    ],
    [
      'for an issuer that is a list',
      () => withClaims({ iss: [] }),
      'error validating token: json: cannot unmarshal array into Go struct field Claims.iss of type string',
    ],
    [
      'without any time',
      () => withClaims({ iat: undefined, exp: undefined }),
      'error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token',
    ],
    ['without the user claim', () => withRole({ user_claim: 'x' }), 'claim "x" not found in token'],
    [
      'for a user claim that is a number',
      () => withClaims({ project_id: 42 }),
      'claim "project_id" could not be converted to string',
    ],
    [
      'for a user without a name',
      () => withClaims({ project_id: '' }, { role: { ...role, bound_claims: {} } }),
      'missing name in alias',
    ],
    [
      'without the groups claim',
      () => withRole({ groups_claim: 'g' }),
      'failed to fetch groups: "g" claim not found in token',
    ],
    ['for the policy root', () => withRole({ token_policies: 'root' }), 'auth methods cannot create root tokens'],
    [
      'for a policy of the server’s own',
      () => withRole({ token_policies: 'response-wrapping' }),
      'cannot assign policy "response-wrapping"',
    ],
  ])('%s', (_, login, words) => {
    expect(errors(login())).toEqual([words])
  })

  test('are all that it could pick where several bounds fail, and the checks say which', () => {
    const decision = withRole({ bound_claims: { project_id: '7', ref: ['a', 'b'], iss: 'https://gitlab.example.com' } })
    expect(errors(decision)).toEqual([
      'error validating claims: claim "project_id" does not match any associated bound claim values',
      'error validating claims: claim "ref" is missing',
    ])
    const failed = decision.checks.filter(({ ok }) => !ok)
    expect(failed).toMatchObject([
      { check: 'bound_claims', claim: 'project_id', expected: '7', actual: '42' },
      { check: 'bound_claims', claim: 'ref', expected: ['a', 'b'], comparison: 'one of' },
    ])
  })

  test('do not hide the checks after the first that fails', () => {
    const decision = withRole({ bound_audiences: 'other', bound_claims: { project_id: '7' } })
    expect(errors(decision)).toHaveLength(1)
    expect(decision.checks.filter(({ ok }) => !ok).map(({ check }) => check)).toEqual(['aud', 'bound_claims'])
  })

  test('say nothing where its code breaks down over two lists', () => {
    const decision = withClaims(
      { project_id: '42', deep: [['x']] },
      { role: { ...role, bound_claims: { deep: [['x']] } } },
    )
    expect(decision).toMatchObject({ ok: false, status: 0 })
  })

  test('are 403 for a network, and it is not looked at where the address is not known', () => {
    const changes = { token_bound_cidrs: ['10.0.0.0/8', '2001:db8::/32'] }
    expect(withRole(changes, { remoteAddress: '11.0.0.1' })).toMatchObject({ status: 403, error: 'permission denied' })
    expect(withRole(changes, { remoteAddress: '10.9.9.9' }).ok).toBe(true)
    expect(withRole(changes, { remoteAddress: '2001:db8::1' }).ok).toBe(true)
    expect(withRole(changes).ok).toBe(true)
  })
})

describe('the clock', () => {
  const ends = (exp: number, leeway: number) => withClaims({ exp }, { role: { ...role, clock_skew_leeway: leeway } }).ok
  test('may be a minute off by default, as long as the role says, and not at all where it says a negative number', () => {
    const end = Math.floor(now)
    expect([ends(end - 59, 0), ends(end - 60, 0)]).toEqual([true, false])
    expect([ends(end - 9, 10), ends(end - 10, 10)]).toEqual([true, false])
    expect([ends(end + 1, -1), ends(end, -1)]).toEqual([true, false])
  })

  test('ends a token without an end 150 seconds after its start, or after the role’s leeway, and a minute', () => {
    const begun = (ago: number, expiration_leeway: number) =>
      withClaims({ exp: undefined, iat: Math.floor(now) - ago }, { role: { ...role, expiration_leeway } }).ok
    expect([begun(209, 0), begun(210, 0)]).toEqual([true, false])
    expect([begun(69, 10), begun(70, 10)]).toEqual([true, false])
    expect([begun(59, -1), begun(60, -1)]).toEqual([true, false])
  })

  test('takes a time so far off that Go cannot hold it for long ago', () => {
    expect(errors(withClaims({ exp: 9.2233720368547e18 }))).toEqual([
      'error validating token: invalid expiration time (exp) claim: token is expired',
    ])
  })
})

describe('bound claims', () => {
  const admits = (bound: WrittenObject[string], actual: JsonObject[string], more: WrittenObject = {}) =>
    withClaims({ c: actual }, { role: { ...role, bound_claims: { c: bound }, ...more } }).ok

  test('compare with their types: a text is no number and no boolean', () => {
    expect([admits('true', true), admits('1', 1), admits(true, 'true'), admits(true, true)]).toEqual([
      false,
      false,
      false,
      true,
    ])
  })

  test('match a number by the text it was written with and its whole part, never inside a list', () => {
    expect([admits(1, 1), admits(1, 1.9), admits(new JsonNumber('1.0'), 1), admits(1, [1])]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('match any of a list with any of a list, and nothing where theirs is empty', () => {
    expect([admits(['a', 'b'], ['x', 'b']), admits(['a'], ['x']), admits([], 'a')]).toEqual([true, false, false])
  })

  test('take * for any text, slashes too, only with the type glob', () => {
    const glob = { bound_claims_type: 'glob' }
    expect([
      admits('refs/*', 'refs/heads/a', glob),
      admits('refs/*', 'refs/heads/a'),
      admits('r?fs', 'refs', glob),
    ]).toEqual([true, false, false])
  })

  test('look inside with a pointer, and take a dot for a letter', () => {
    const at = (key: string) =>
      withClaims({ a: { 'b/c': ['x', 'y'] }, 'a.b': 'y' }, { role: { ...role, bound_claims: { [key]: 'y' } } }).ok
    expect([at('/a/b~1c/1'), at('/a/b~1c/0x1'), at('/a/b~1c/2'), at('a.b'), at('/a.b')]).toEqual([
      true,
      true,
      false,
      true,
      true,
    ])
  })
})

describe('products and versions', () => {
  const open = { role_type: 'jwt', user_claim: 'project_id', bound_claims: { project_id: '42' } }

  test('a role without audiences refuses a token with one, which old Vaults overlooked in a text', () => {
    const at = (version: string, aud: JsonObject[string]) =>
      withClaims({ aud }, { server: { product: 'vault', version }, role: open }).ok
    expect([at('1.16.2', 'x'), at('1.16.3', 'x'), at('1.15.8', 'x'), at('1.15.9', 'x'), at('1.16.2', ['x'])]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ])
  })

  test('OpenBao takes a single audience for a list of one', () => {
    const users = { ...role, user_claim: 'aud', user_claim_json_pointer: true }
    expect([logIn({ role: users }).ok, logIn({ role: users, server: openbao }).ok]).toEqual([true, false])
  })

  test('OpenBao fills in the names of policies, and what it cannot be followed in is said', () => {
    const policies = (name: string) =>
      withRole({ token_policies: [name], token_policies_template_claims: true }, { server: openbao })
    expect(granted(policies('p-{{ .project_id }}')).policies).toEqual(['default', 'p-42'])
    expect(granted(policies('{{ .project_id | sha256 }}')).beyond).toContain('sha256')
    expect(policies('{{.nothing}}')).toMatchObject({ status: 500 })
    expect(granted(withRole({ token_policies: ['p-{{.x}}'], token_policies_template_claims: true })).policies).toEqual([
      'default',
      'p-{{.x}}',
    ])
  })
})
