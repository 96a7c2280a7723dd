import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/core/diagnostic.ts'
import { isObject, type JsonObject } from '../../src/core/json.ts'
import { terraformJson } from '../../src/import/terraform/json-text.ts'
import { terraformSnapshots } from '../../src/import/terraform.ts'
import { jsonFixture, objectsOf, specs } from './described-objects.ts'
import { asRawState, planOf, resource, state, stateOf } from './terraform-states.ts'

const text = 'path "a" { capabilities = ["read"] }'
const policy = (name: string, values: JsonObject = {}) =>
  resource('vault_policy', name, { name, policy: text, ...values })
const endpoint = (name: string, path: string, data: unknown) =>
  resource(
    'vault_generic_endpoint',
    name,
    { path, data_json: JSON.stringify(data) },
    { sensitive_values: { data_json: true } },
  )

/** Namespace, provider and address of each server, and its policies. */
function servers(json: JsonObject, options = {}) {
  return terraformSnapshots(json, 'tf.json', options).servers.map(({ namespace, provider, snapshot }) => ({
    ...{ namespace, provider, address: snapshot.server.address },
    policies: snapshot.list['sys/policies/acl']?.keys,
  }))
}

const alone = { namespace: '', provider: '', address: '' }

describe('which server it is', () => {
  test('each namespace is a snapshot of its own', () => {
    const json = stateOf(policy('a'), policy('b', { namespace: 'team/' }), policy('c', { namespace: 'team' }))
    expect(servers(json)).toEqual([
      { ...alone, policies: ['a'] },
      { ...alone, namespace: 'team', policies: ['b', 'c'] },
    ])
  })

  test('a plan says addresses and namespaces of its providers, to which those of resources are relative', () => {
    const constant = (value: string) => ({ constant_value: value })
    const providers = {
      vault: {
        name: 'vault',
        expressions: { address: { references: ['var.address'] }, namespace: constant('/root-team/') },
      },
      'vault.eu': { name: 'vault', alias: 'eu', expressions: { address: constant('https://eu.example.com') } },
      'vault.eu2': { name: 'vault', alias: 'eu2', expressions: { address: constant('https://eu.example.com') } },
    }
    const json = planOf(
      [
        { resource: policy('a', { namespace: 'inner' }), expressions: {} },
        { resource: policy('b'), expressions: {}, provider: 'vault.eu' },
        { resource: policy('c'), expressions: {}, provider: 'vault.eu2' },
      ],
      providers,
    )
    expect(servers(json)).toEqual([
      { provider: 'vault', namespace: 'root-team/inner', address: '', policies: ['a'] },
      { provider: 'vault.eu', namespace: '', address: 'https://eu.example.com', policies: ['b', 'c'] },
    ])
  })

  test('an address with a password in it is taken for none', () => {
    const password = crypto.randomUUID()
    const expressions = { address: { constant_value: `https://user:${password}@vault.example.com` } }
    const json = planOf([{ resource: policy('a'), expressions: {} }], { vault: { name: 'vault', expressions } })
    expect(servers(json)).toEqual([{ ...alone, policies: ['a'] }])
    expect(JSON.stringify(terraformSnapshots(json, 'tf.json'))).not.toContain(password)
  })

  test('a state file tells providers apart', () => {
    const raw = asRawState(stateOf(policy('a'), policy('a', { policy: `${text}\n` })))
    const [one, other] = raw['resources'] as readonly JsonObject[]
    const json = { ...raw, resources: [one, { ...other, provider: `${other?.['provider']}.eu` }] as JsonObject[] }
    expect(servers(json)).toEqual([
      { ...alone, provider: 'vault', policies: ['a'] },
      { ...alone, provider: 'vault.eu', policies: ['a'] },
    ])
  })

  test('two resources that say the same object differently are a problem, and one said twice is none', () => {
    expect(servers(stateOf(policy('a'), policy('A')))).toEqual([{ ...alone, policies: ['a'] }])
    const twice = stateOf(policy('a'), policy('A', { policy: `${text}\n` }))
    expect(() => terraformSnapshots(twice, 'tf.json')).toThrow(
      'vault_policy.a and vault_policy.A describe sys/policies/acl/a differently',
    )
  })

  test('product and version are the caller’s to say', () => {
    const server = { product: 'openbao', version: '2.6.1' } as const
    const info = terraformSnapshots(stateOf(policy('a')), 'tf.json', { server }).servers[0]?.snapshot.server
    expect(info).toEqual({ product: 'openbao', version: '2.6.1', address: '', namespace: '', clusterId: '' })
  })
})

describe('vault_generic_endpoint', () => {
  const mount = resource('vault_auth_backend', 'jwt', { path: 'jwt', type: 'jwt' })
  const described = async (...resources: readonly JsonObject[]) =>
    specs(await objectsOf(terraformSnapshots(stateOf(...resources), 'tf.json')))

  test('what it writes of ours is read like a request', async () => {
    const objects = await described(
      endpoint('role', 'auth/jwt/role/R', {
        user_claim: 'sub',
        policies: 'a,B',
        ttl: '5m',
        token_max_ttl: 600,
        bound_claims: { n: [1, 'x'] },
      }),
      endpoint('config', '/auth/jwt/config/', { jwks_url: 'https://example.com/keys', namespace_in_state: 'false' }),
      endpoint('policy', 'sys/policy/Old', { rules: text }),
      endpoint('enabled', 'sys/auth/own', { type: 'oidc', description: 'mine', config: { default_lease_ttl: '1h' } }),
      endpoint('inside', 'auth/own/role/r', { user_claim: 'sub' }),
      mount,
    )
    expect(objects).toEqual({
      'auth-mount/own': { type: 'oidc', description: 'mine', tune: { default_lease_ttl: 3600 } },
      'auth-mount/jwt': { type: 'jwt' },
      'jwt-config/jwt': { jwks_url: 'https://example.com/keys', namespace_in_state: false },
      'policy/old': { policy: text },
      'jwt-role/own/r': { user_claim: 'sub' },
      'jwt-role/jwt/r': {
        user_claim: 'sub',
        token_policies: ['a', 'b'],
        token_ttl: 300,
        token_max_ttl: 600,
        bound_claims: { n: ['x', 1] },
      },
    })
  })

  test.each([
    [
      'a mount that nothing describes',
      endpoint('e', 'auth/k8s/role/r', {}),
      /nothing here says of which type its mount is/,
    ],
    ['another path', endpoint('e', 'auth/jwt/login', {}), /its path holds no policy, JWT mount or JWT role/],
    ['a tuning alone', endpoint('e', 'sys/auth/jwt/tune', {}), /its path holds no policy/],
    [
      'a mount of another type',
      endpoint('e', 'sys/auth/k8s', { type: 'kubernetes' }),
      /only mounts of type jwt and oidc/,
    ],
    [
      'no JSON',
      resource('vault_generic_endpoint', 'e', { path: 'sys/policy/a', data_json: '{"' }),
      /its data_json is not a JSON object/,
    ],
    ['a policy without text', endpoint('e', 'sys/policy/a', { policy: 1 }), /no text of a policy/],
    ['a field of another form', endpoint('e', 'auth/jwt/role/r', { bound_claims: 'x' }), /bound_claims is not a map/],
    ['an unknown field', endpoint('e', 'auth/jwt/role/r', { user_clam: 'x' }), /its field user_clam is left out/],
  ])('what is not understood is named: %s', (_what, entry, notice) => {
    const { notices } = terraformSnapshots(stateOf(mount, entry), 'tf.json')
    expect(notices).toEqual([expect.stringMatching(notice)])
    expect(notices[0]).toMatch(/^vault_generic_endpoint\.e: /)
  })

  test('a role in a mount of another type is not taken for a JWT role', () => {
    const other = resource('vault_auth_backend', 'k', { path: 'k', type: 'kubernetes' })
    const { servers } = terraformSnapshots(stateOf(policy('a'), other, endpoint('e', 'auth/k/role/r', {})), 'tf.json')
    expect(Object.keys(servers[0]?.snapshot.read ?? {})).toEqual(['sys/auth', 'sys/policies/acl/a'])
  })
})

describe('what is no state or plan', () => {
  const refusal = (work: () => unknown): UserError => {
    try {
      work()
    } catch (error) {
      if (error instanceof UserError) return error
      throw error
    }
    throw new Error('nothing was refused')
  }

  test.each([
    ['a list', [], 'this is not what Terraform prints'],
    ['a text', 'x', 'this is not what Terraform prints'],
    ['other JSON', { a: 1 }, 'this is not what Terraform prints'],
    ['the log of a run', { '@level': 'info', '@message': 'x' }, 'the log of a run'],
    ['an encrypted state', { serial: 1, lineage: 'a', encrypted_data: 'x', encryption_version: 'v0' }, 'encrypted'],
    ['schemas', { format_version: '1.0', provider_schemas: {} }, 'schemas of providers'],
    ['an old state file', { version: 3, modules: [] }, 'a state file of version 3'],
    ['a state of nothing', { format_version: '1.0' }, 'this state is empty'],
    ['a failed plan', { format_version: '1.2', errored: true, planned_values: {} }, 'this plan ended with an error'],
    ['a format of the future', { format_version: '2.0', values: {} }, 'newer format_version'],
  ])('is said with what to run: %s', (_what, json, message) => {
    const { diagnostics } = refusal(() => terraformSnapshots(json, 'tf.json'))
    expect(diagnostics).toEqual([
      expect.objectContaining({ code: 'not-terraform', message: expect.stringContaining(message) }),
    ])
    expect(diagnostics[0]?.message).toMatch(/^tf\.json: /)
    expect(diagnostics[0]?.help).toBeDefined()
  })

  test.each([
    ['', 'the file is empty'],
    ['PK\u0003\u0004', 'a saved plan itself'],
    ['{\0"\0', 'UTF-16'],
    ['{"@level":"info"}\n{"@level":"info"}', 'the log of a run'],
    ['# vault_policy.a:\nresource "vault_policy" "a" {', 'text for people'],
    ['{"format_version":"1.0","values', 'cut off or damaged'],
    [`{"values":${'['.repeat(1_000)}${']'.repeat(1_000)}}`, 'nested too deeply'],
  ])('a text that is no JSON is told apart, without a word of it', (written, message) => {
    const secret = crypto.randomUUID()
    const { diagnostics } = refusal(() => terraformJson(`${written}${written === '' ? '' : secret}`, 'tf.json'))
    expect(diagnostics[0]?.message).toContain(message)
    expect(JSON.stringify(diagnostics)).not.toContain(secret)
  })

  test('a byte-order mark does no harm', () => {
    expect(terraformJson('\ufeff{"a":1}', 'tf.json')).toEqual({ a: 1 })
  })

  test('a state without anything of ours says what it has', () => {
    const { diagnostics } = refusal(() => terraformSnapshots(stateOf(resource('vault_mount', 'm', {})), 'tf.json'))
    expect(diagnostics).toEqual([expect.objectContaining({ code: 'nothing-to-import' })])
    expect(diagnostics[0]?.message).toContain('vault_mount.m: not taken over')
    const none = refusal(() => terraformSnapshots(stateOf(), 'tf.json'))
    expect(none.message).toContain('no resource of the Vault provider')
  })

  test('every value of another type is named at once', () => {
    const broken = state(jsonFixture('terraform-state.json'))
      .filter(isObject)
      .filter(({ type }) => type === 'vault_jwt_auth_backend_role')
      .map((entry) => ({
        ...entry,
        values: { ...(entry['values'] as JsonObject), token_ttl: [], bound_audiences: {} },
      }))
    const { diagnostics } = refusal(() => terraformSnapshots(stateOf(...broken), 'tf.json'))
    expect(diagnostics.map(({ message }) => message)).toEqual(
      ['env["production"]', 'env["staging"]', 'reader'].flatMap((name) => [
        `vault_jwt_auth_backend_role.${name}: bound_audiences is not a list of texts`,
        `vault_jwt_auth_backend_role.${name}: token_ttl is not a duration such as "5m" or 300`,
      ]),
    )
  })
})
