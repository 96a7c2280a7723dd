import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { foreignDocuments } from '../../src/config/foreign-yaml.ts'
import { isObject, type JsonObject } from '../../src/core/json.ts'
import { kindOf } from '../../src/core/kind.ts'
import { bankVaultsSnapshot } from '../../src/import/bank-vaults.ts'
import { terraformSnapshots } from '../../src/import/terraform.ts'
import { kinds } from '../../src/kinds/index.ts'
import { type Connection, connect } from '../../src/vault/client.ts'
import { connectionSettings } from '../../src/vault/settings.ts'
import { request, startVault } from '../support/live-vault.ts'
import type { VaultProcess } from '../support/vault-process.ts'
import { fixture, jsonFixture, objectsAt, objectsOf, specs } from './described-objects.ts'
import { providerRequests, type Sent } from './provider-requests.ts'
import { resource, state, stateOf } from './terraform-states.ts'

let server: VaultProcess
let connection: Connection

beforeAll(async () => {
  server = await startVault()
  const { settings } = connectionSettings({ VAULT_ADDR: server.address, VAULT_TOKEN: server.token })
  connection = await connect({ settings, parallelism: 4, secretOf: () => '' })
}, 60_000)

afterAll(async () => {
  await connection?.close()
  await server?.stop()
})

async function send(sent: readonly Sent[]): Promise<void> {
  for (const [method, path, body] of sent) {
    const { status, body: answer } = await request(server, method, path, body)
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`)
  }
}

/** What lies in these mounts, and these policies. */
function among(objects: Record<string, JsonObject>, names: readonly string[]): Record<string, JsonObject> {
  return Object.fromEntries(
    Object.entries(objects).filter(([address]) => address.split('/').some((part) => names.includes(part))),
  )
}

describe('what Terraform describes is what the server has', () => {
  test('once the provider has made it, for the state that Terraform printed', async () => {
    const json = jsonFixture('terraform-state.json')
    await send(resourcesIn(json).flatMap(({ type, values }) => providerRequests(type, values)))
    const described = specs(await objectsOf(terraformSnapshots(json, 'state.json')))
    const live = specs(await objectsAt(connection))
    expect(among(live, ['gitlab', 'myproject-production', 'myproject-staging'])).toEqual(described)
    expect(Object.keys(described)).toHaveLength(7)
  })

  test('and for attributes that the fixture leaves out', async () => {
    const json = stateOf(
      resource('vault_jwt_auth_backend', 'other', {
        ...{ path: 'other/nested', type: 'oidc', description: null, local: false, default_role: 'Mixed' },
        ...{ jwt_validation_pubkeys: publicKeys(), jwt_supported_algs: ['RS256', 'ES256'], namespace_in_state: false },
        tune: [
          {
            ...{ default_lease_ttl: '300', max_lease_ttl: '7200s', token_type: 'batch', listing_visibility: 'unauth' },
            ...{ audit_non_hmac_request_keys: ['role'], audit_non_hmac_response_keys: [] },
            ...{ passthrough_request_headers: ['X-One', 'X-Two'], allowed_response_headers: null },
          },
        ],
      }),
      resource('vault_jwt_auth_backend_role', 'mixed', {
        ...{ backend: 'other/nested', role_name: 'Mixed', role_type: 'oidc', user_claim: '/user/name' },
        ...{ user_claim_json_pointer: true, allowed_redirect_uris: ['http://localhost:8250/oidc/callback'] },
        ...{ bound_claims: { a: 'x, y,z', b: 'one' }, disable_bound_claims_parsing: true, oidc_scopes: ['email'] },
        ...{ token_bound_cidrs: ['10.1.1.1/32', '10.0.0.0/8'], token_max_ttl: 600, token_ttl: 60, max_age: 30 },
        ...{ clock_skew_leeway: -1, expiration_leeway: 5, not_before_leeway: 0, verbose_oidc_logging: false },
        ...{ groups_claim: 'groups', token_no_default_policy: true, token_period: 0, token_num_uses: 0 },
      }),
      resource('vault_policy', 'mixed', {
        name: 'Mixed-Policy',
        policy: '# kept\npath "a" { capabilities = ["read"] }',
      }),
    )
    await send(resourcesIn(json).flatMap(({ type, values }) => providerRequests(type, values)))
    const described = specs(await objectsOf(terraformSnapshots(json, 'state.json')))
    const live = specs(await objectsAt(connection))
    expect(among(live, ['nested', 'mixed-policy'])).toEqual(described)
    expect(Object.keys(described)).toHaveLength(4)
  })

  test('a mount that nobody tuned: the effective TTLs of the state are not taken for settings', async () => {
    await send([['POST', 'sys/auth/untuned', { type: 'jwt' }]])
    const { body } = await request(server, 'GET', 'sys/auth/untuned/tune')
    const effective = body?.['data'] as JsonObject
    expect(effective['default_lease_ttl']).toBe(2_764_800)
    const tune = [
      { default_lease_ttl: '768h', max_lease_ttl: '768h', token_type: 'default-service', listing_visibility: '' },
    ]
    const json = stateOf(
      resource('vault_auth_backend', 'untuned', { path: 'untuned', type: 'jwt', description: '', tune }),
    )
    const described = specs(await objectsOf(terraformSnapshots(json, 'state.json')))
    expect(described).toEqual(among(specs(await objectsAt(connection)), ['untuned']))
    expect(described).toEqual({ 'auth-mount/untuned': { type: 'jwt' } })
  })
})

describe('what bank-vaults describes is what the server has', () => {
  test('once bank-vaults has made it, layout of policies apart', async () => {
    const documents = foreignDocuments('bank-vaults.yml', fixture('bank-vaults.yml'))
    await send(bankVaultsRequests(documents[0] as JsonObject))
    const { 'policy/allow_secrets': reached, ...described } = specs(
      await objectsOf(bankVaultsSnapshot(documents, 'bank-vaults.yml')),
    )
    const names = ['gitlab-bv', 'myproject-production', 'allow_secrets']
    const all = among(specs(await objectsAt(connection)), names)
    const { 'policy/allow_secrets': laidOut, ...live } = Object.fromEntries(
      Object.entries(all).filter(([address]) => !address.includes('/gitlab/')),
    )
    expect(live).toEqual(described)
    expect(Object.keys(described)).toHaveLength(5)
    const policies = kindOf(kinds, 'policy')
    expect(laidOut).not.toEqual(reached)
    expect(policies.sameMeaning?.(laidOut as JsonObject, reached as JsonObject)).toBe(true)
  })
})

/** What bank-vaults 1.33 sends for its configuration (internal/vault/auth_methods.go, policies.go). */
function bankVaultsRequests({ policies, auth }: JsonObject): Sent[] {
  const laidOut: Record<string, string> = {
    'myproject-production': 'path "ops/data/production/*" {\n  capabilities = ["read"]\n}\n',
    allow_secrets: 'path "secret/*" {\n  capabilities = ["create", "read", "update", "delete", "list"]\n}\n',
  }
  const mounts = (auth as readonly JsonObject[]).flatMap((entry): Sent[] => {
    const { type, path, options, config, roles } = entry as Record<string, JsonObject>
    const at = String(path)
    return [
      ['POST', `sys/auth/${at}`, { type, description: `${String(type)} backend`, config: options } as JsonObject],
      ['POST', `sys/mounts/auth/${at}/tune`, options as JsonObject],
      ['PUT', `auth/${at}/config`, config as JsonObject],
      ...(roles as unknown as readonly JsonObject[]).map(
        (role): Sent => ['PUT', `auth/${at}/role/${role['name']}`, role],
      ),
    ]
  })
  const texts = (policies as readonly JsonObject[]).map((policy): Sent => {
    const name = String(policy['name'])
    return ['PUT', `sys/policies/acl/${name}`, { policy: laidOut[name] as string }]
  })
  return [...mounts, ...texts]
}

function resourcesIn(json: JsonObject): { type: string; values: JsonObject }[] {
  return state(json).filter(isObject) as unknown as { type: string; values: JsonObject }[]
}

/** The key of the fixture: a public one. */
function publicKeys(): readonly string[] {
  const backend = resourcesIn(jsonFixture('terraform-state.json')).find(({ type }) => type === 'vault_jwt_auth_backend')
  return backend?.values['jwt_validation_pubkeys'] as readonly string[]
}
