import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foreignDocuments } from '../../src/config/foreign-yaml.ts'
import { UserError } from '../../src/core/diagnostic.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { parseSnapshot, snapshotReader } from '../../src/core/snapshot.ts'
import { bankVaultsSnapshot } from '../../src/import/bank-vaults.ts'
import type { DescribedServers } from '../../src/import/sources/described.ts'
import { terraformSnapshots } from '../../src/import/terraform.ts'
import { cases, seed } from '../support/generated.ts'
import { fixture, jsonFixture, objectsAt } from './described-objects.ts'
import { asRawState, resource, stateOf } from './terraform-states.ts'

/** Made at run time, so that no text of this file is a secret. */
const secret = `s-${crypto.randomUUID()}`

const sources: readonly [string, JsonValue, (value: unknown) => DescribedServers][] = [
  ['a state', slim('terraform-state.json'), (value) => terraformSnapshots(value, 'f')],
  ['a plan', slim('terraform-plan.json'), (value) => terraformSnapshots(value, 'f')],
  ['a state file', asRawState(slim('terraform-state.json')), (value) => terraformSnapshots(value, 'f')],
  ['endpoints', endpoints(), (value) => terraformSnapshots(value, 'f')],
  [
    'bank-vaults',
    foreignDocuments('f', fixture('bank-vaults.yml')) as JsonValue,
    (value) => bankVaultsSnapshot(value, 'f'),
  ],
]

/** One resource of each type, so that every place in it can be tried. */
function slim(name: string): JsonObject {
  const kept = ['vault_jwt_auth_backend.gitlab', 'vault_jwt_auth_backend_role.reader', 'vault_policy.staging']
  const text = JSON.stringify(jsonFixture(name), (key, value: unknown) => {
    if (key === 'prior_state' || key === 'relevant_attributes') return undefined
    if (key !== 'resources' && key !== 'resource_changes') return value
    return (value as readonly JsonObject[]).filter(({ address }) => kept.includes(String(address)))
  })
  return JSON.parse(text) as JsonObject
}

function endpoints(): JsonObject {
  const endpoint = (name: string, path: string, data: JsonObject) =>
    resource('vault_generic_endpoint', name, { path, data_json: JSON.stringify(data) })
  return stateOf(
    endpoint('a', 'sys/auth/m', { type: 'jwt', config: { max_lease_ttl: '1h' } }),
    endpoint('b', 'auth/m/config', { jwks_url: 'https://a.example.com' }),
    endpoint('c', 'auth/m/role/r', { user_claim: 'sub', bound_claims: { a: ['b'] } }),
    endpoint('d', 'sys/policies/acl/p', { policy: 'x' }),
  )
}

/** What stands where nobody expects it. Parsed, so that `__proto__` is a key like any other. */
const hostile: readonly JsonValue[] = [
  ...[null, true, 0, -1, 1e300, '', secret, [], {}, [[]], [null], [{}], { a: null }, [secret, 1, {}]],
  ...[
    `{"__proto__":{"polluted":"${secret}"}}`,
    '{"toString":1,"valueOf":1,"constructor":{"prototype":1},"length":-1,"hasOwnProperty":null}',
    '{"then":1,"toJSON":"x"}',
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    `${'{"child_modules":[{"resources":[],"child_modules":'.repeat(3_000)}[]${'}]}'.repeat(3_000)}`,
  ].map((text) => JSON.parse(text) as JsonValue),
  ...['../../sys/policies/acl/x', '__proto__', 'constructor', '\u001b[31m\u0000', '${env "A"}', 'x'.repeat(10_000)],
]

/** All places in a value, as paths. */
function placesIn(value: JsonValue, at: readonly string[] = []): (readonly string[])[] {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return [at, ...members.flatMap(([key, member]) => placesIn(member as JsonValue, [...at, key]))]
}

/** A copy; where an earlier change took the place away, the value as it is. */
function withValue(value: JsonValue, [key, ...rest]: readonly string[], put: JsonValue): JsonValue {
  if (key === undefined) return put
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return value
  if (Array.isArray(value))
    return value.map((member, index) => (String(index) === key ? withValue(member, rest, put) : member))
  const map = value as JsonObject
  return { ...map, [key]: withValue(map[key] as JsonValue, rest, put) }
}

/** What came of it: the described servers, or nothing where all that is wrong was said. */
function attempt(read: (value: unknown) => DescribedServers, value: unknown): DescribedServers | undefined {
  try {
    return read(value)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    expect(error.diagnostics.length).toBeGreaterThan(0)
    expect(error.diagnostics.length).toBeLessThanOrEqual(101)
    expect(error.message.length).toBeLessThan(100_000)
    return undefined
  }
}

describe('values of any form in any place', () => {
  test.each(sources)('give what can be read, or all that is wrong: %s', async (_name, value, read) => {
    const places = placesIn(value)
    let [taken, refused] = [0, 0]
    for (const place of places)
      for (const put of hostile) {
        const result = attempt(read, withValue(value, place, put))
        if (result === undefined) refused++
        else {
          taken++
          for (const { snapshot } of result.servers) expect(parseSnapshot(snapshot)).toBe(snapshot)
          expect(result.notices.length).toBeLessThanOrEqual(101)
        }
      }
    console.info(`${places.length} places, ${hostile.length} values: ${taken} taken, ${refused} refused`)
    expect(taken).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test.each(sources)('several at once, as the kinds read what is taken: %s', async (_name, value, read) => {
    const places = placesIn(value)
    // By number: some values are too deep to be printed.
    const changes = fc.array(
      fc.record({ place: fc.constantFrom(...places), put: fc.nat({ max: hostile.length - 1 }) }),
      { minLength: 2, maxLength: 4 },
    )
    let readable = 0
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const changed = list.reduce(
          (result, { place, put }) => withValue(result, place, hostile[put] as JsonValue),
          value,
        )
        for (const { snapshot } of attempt(read, changed)?.servers ?? []) {
          await objectsAt(snapshotReader(snapshot))
          readable++
        }
      }),
      { seed: seed(), numRuns: cases(150) },
    )
    expect(readable).toBeGreaterThan(0)
  })
})

describe('secrets', () => {
  /** In every place where Terraform and its provider have one. */
  const planted = stateOf(
    resource('vault_jwt_auth_backend', 'ci', {
      ...{ path: 'ci', type: 'oidc', oidc_discovery_url: 'https://a.example.com', oidc_client_id: 'id' },
      ...{ oidc_client_secret: secret, oidc_client_secret_wo: secret, accessor: secret, made_up: secret },
      provider_config: { provider: 'gsuite', gsuite_service_account: secret, api_token: secret, client_secret: secret },
    }),
    resource('vault_generic_endpoint', 'a', { path: 'sys/auth/m', data_json: `{"type":"jwt","made_up":"${secret}"}` }),
    resource('vault_generic_endpoint', 'b', {
      path: 'auth/m/config',
      data_json: JSON.stringify({ jwks_url: 'https://a.example.com', oidc_client_secret: secret, other: secret }),
      write_data: { a: secret },
      write_data_json: secret,
    }),
    resource('vault_generic_endpoint', 'c', { path: 'auth/userpass/users/a', data_json: `{"password":"${secret}"}` }),
    resource('vault_generic_endpoint', 'd', { path: 'sys/policy/p', data_json: `{"policy":"x","token":"${secret}"` }),
    resource('vault_generic_secret', 's', { path: 'secret/a', data_json: secret, data: { a: secret } }),
    resource('vault_kv_secret_v2', 'k', { name: 'a', data_json: secret }),
    resource(
      'vault_jwt_auth_backend_role',
      'r',
      {
        ...{ backend: 'ci', role_name: 'r', user_claim: 'sub', bound_audiences: [secret] },
      },
      { sensitive_values: { bound_audiences: true } },
    ),
  )

  test.each([
    ['printed', planted],
    ['stored', asRawState(planted)],
  ])('of a state come out nowhere, but that they are there does: %s', (_how, json) => {
    const outputs = { variables: { a: { value: secret } }, outputs: { a: { value: secret } }, checks: secret }
    const result = terraformSnapshots({ ...json, ...outputs }, 'f')
    expect(JSON.stringify(result)).not.toContain(secret)
    expect(
      result.servers.flatMap(({ writeOnly }) => writeOnly.map(({ path, field }) => `${path} ${field.join('.')}`)),
    ).toEqual([
      'auth/ci/config oidc_client_secret',
      'auth/ci/config provider_config.gsuite_service_account',
      'auth/ci/config provider_config.api_token',
      'auth/m/config oidc_client_secret',
    ])
    expect(result.notices).toContainEqual(
      expect.stringMatching(/^vault_jwt_auth_backend\.ci: Terraform keeps its secret in clear text/),
    )
  })

  test('a secret that only its version speaks of is there, too', () => {
    const values = {
      path: 'ci',
      type: 'oidc',
      oidc_discovery_url: 'https://a.example.com',
      oidc_client_secret_wo_version: 1,
    }
    const { servers } = terraformSnapshots(stateOf(resource('vault_jwt_auth_backend', 'ci', values)), 'f')
    expect(servers[0]?.writeOnly).toEqual([{ path: 'auth/ci/config', field: ['oidc_client_secret'] }])
  })

  test('in a configuration that cannot be public they keep it out of the files', () => {
    const values = { path: 'ci', type: 'jwt', jwks_url: `https://user:${secret}@a.example.com/keys` }
    const result = terraformSnapshots(stateOf(resource('vault_jwt_auth_backend', 'ci', values)), 'f')
    expect(JSON.stringify(result)).not.toContain(secret)
    expect(result.notices).toEqual([
      'vault_jwt_auth_backend.ci: its configuration is left out, because it holds a URL with a user or password',
    ])
  })
})
