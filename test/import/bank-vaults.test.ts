import { describe, expect, test } from 'vitest'
import { foreignDocuments } from '../../src/config/foreign-yaml.ts'
import { UserError } from '../../src/core/diagnostic.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { bankVaultsSnapshot } from '../../src/import/bank-vaults.ts'
import { fixture, objectsOf, specs } from './described-objects.ts'

const read = (value: unknown) => bankVaultsSnapshot(value, 'vault-config.yml')
const described = async (value: unknown) => specs(await objectsOf(read(value)))
const documents = () => foreignDocuments('vault-config.yml', fixture('bank-vaults.yml'))

const policy = { name: 'p', rules: 'path "a" { capabilities = ["read"] }' }
const jwt = (more: JsonObject = {}) => ({ policies: [policy], auth: [{ type: 'jwt', ...more }] })
const role = (values: JsonObject) => jwt({ roles: [{ name: 'r', user_claim: 'sub', ...values }] })

describe('what bank-vaults really applied', () => {
  test('describes what its file says, with the description that bank-vaults writes', async () => {
    const shared = { role_type: 'jwt', bound_audiences: ['https://vault.example.com'] }
    expect(await described(documents())).toEqual({
      'auth-mount/gitlab-bv': {
        ...{ type: 'jwt', description: 'jwt backend' },
        tune: { default_lease_ttl: 300, max_lease_ttl: 3600 },
      },
      'jwt-config/gitlab-bv': {
        bound_issuer: 'https://gitlab.example.com',
        jwt_validation_pubkeys: [expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n.*-----END PUBLIC KEY-----$/s)],
      },
      'policy/myproject-production': { policy: 'path "ops/data/production/*" {\n  capabilities = ["read"]\n}\n' },
      'policy/allow_secrets': {
        policy: 'path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"] }\n',
      },
      'jwt-role/gitlab-bv/myproject-production': {
        ...{ ...shared, user_claim: 'project_id', token_policies: ['myproject-production'], token_ttl: 300 },
        bound_claims: { project_id: '22', ref_protected: 'true', environment: ['production', 'production-eu'] },
      },
      'jwt-role/gitlab-bv/reader': {
        ...{ ...shared, user_claim: 'user_email', token_policies: ['allow_secrets'], token_ttl: 600 },
        ...{ bound_claims_type: 'glob', bound_claims: { project_path: 'group/*' } },
      },
    })
    expect(read(documents()).notices).toEqual([
      'policies: bank-vaults lays their text out anew as it writes them, so the server may have another layout',
      'auth/gitlab-bv: its description is "jwt backend": bank-vaults since 1.15 writes that, whatever the file says',
    ])
  })

  test.each([
    [
      'a custom resource',
      (value: JsonObject) => [{ kind: 'ServiceAccount' }, { kind: 'Vault', spec: { externalConfig: value } }],
    ],
    ['values of a chart', (value: JsonObject) => ({ externalConfig: value })],
  ])('describes the same inside %s', async (_what, wrap) => {
    const [value] = documents()
    expect(await described(wrap(value as JsonObject))).toEqual(await described(value))
  })
})

describe('how bank-vaults writes', () => {
  test('a mount without a path lies at its type', async () => {
    expect(Object.keys(await described(jwt()))).toContain('auth-mount/jwt')
    expect((await described({ auth: [{ type: 'oidc' }] }))['auth-mount/oidc']).toEqual({
      type: 'oidc',
      description: 'oidc backend',
    })
  })

  test('options are what enabling and tuning take, a description among them', async () => {
    const options = { description: 'mine', token_type: 'batch', listing_visibility: 'unauth', force_no_cache: true }
    expect((await described(jwt({ options })))['auth-mount/jwt']).toEqual({
      ...{ type: 'jwt', description: 'mine', tune: { token_type: 'batch', listing_visibility: 'unauth' } },
    })
    expect(read(jwt({ options })).notices).toContain(
      'auth/jwt: its option force_no_cache is left out: files here do not have it',
    )
  })

  test('roles are bodies of requests: older names, texts with commas, numbers and flags as texts', async () => {
    const values = {
      ...{ policies: 'A, b', ttl: '10m', token_ttl: 0, token_num_uses: '3', user_claim_json_pointer: 'true' },
      ...{ bound_audiences: 'x,y', bound_claims: { flag: true, n: 7 }, claim_mappings: { a: 'b' }, made_up: 1 },
    }
    expect((await described(role(values)))['jwt-role/jwt/r']).toEqual({
      ...{ user_claim: 'sub', token_policies: ['a', 'b'], token_num_uses: 3, user_claim_json_pointer: true },
      ...{ bound_audiences: ['x', 'y'], bound_claims: { flag: true, n: 7 }, claim_mappings: { a: 'b' } },
    })
    expect(read(role(values)).notices).toContain('auth/jwt/role/r: its field made_up is left out: it is not known here')
  })

  test('a policy in JSON keeps its text', async () => {
    const rules = '{"path":{"a":{"capabilities":["read"]}}}'
    expect(await described({ policies: [{ name: 'j', rules }] })).toEqual({ 'policy/j': { policy: rules } })
  })
})

describe('templates, which are never evaluated', () => {
  const notices = (value: unknown) => read(value).notices
  const filled = 'bank-vaults fills in its'

  test.each([
    [
      'a field of a role',
      role({ bound_claims: { project_id: '${env "ID"}' } }),
      'jwt-role/jwt/r',
      `${filled} bound_claims`,
    ],
    ['a key', role({ bound_claims: { '${env "CLAIM"}': '1' } }), 'jwt-role/jwt/r', `${filled} bound_claims`],
    [
      'a configuration',
      jwt({ config: { jwks_url: 'https://a.example.com', bound_issuer: '${ .Env.ISSUER }' } }),
      'jwt-config/jwt',
      `${filled} bound_issuer`,
    ],
    ['a policy', { ...jwt(), policies: [{ name: 'p', rules: 'path "${env `P`}" {}' }] }, 'policy/p', `${filled} text`],
    [
      'an accessor',
      { ...jwt(), policies: [{ name: 'p', rules: 'path "__accessor__jwt" {}' }] },
      'policy/p',
      'the accessor of a mount',
    ],
    ['a path', { ...jwt({ path: '${env "P"}' }) }, 'auth-mount/jwt', `${filled} path`],
    ['options', jwt({ options: { max_lease_ttl: '${env "T"}' } }), 'auth-mount/jwt', `${filled} config`],
  ])('leave out what they decide, and that is said: %s', async (_what, value, address, notice) => {
    const other = { ...value, policies: [...value.policies, { ...policy, name: 'other' }] }
    expect(Object.keys(await described(other))).not.toContain(address)
    expect(notices(other)).toContainEqual(expect.stringContaining(notice))
  })

  test.each([
    ['${ env "OIDC_SECRET" }', 'OIDC_SECRET'],
    ['${env `OIDC_SECRET`}', 'OIDC_SECRET'],
    ['${ .Env.OIDC_SECRET }', 'OIDC_SECRET'],
    ['${ file "/etc/secret" }', undefined],
    ['x${env "A"}', undefined],
  ])('a client secret from the environment keeps its variable: %s', (secret, variable) => {
    const value = jwt({
      config: { oidc_discovery_url: 'https://a.example.com', oidc_client_id: 'id', oidc_client_secret: secret },
    })
    const { servers, notices } = read(value)
    expect(servers[0]?.writeOnly).toEqual([
      { path: 'auth/jwt/config', field: ['oidc_client_secret'], ...(variable && { variable }) },
    ])
    expect(servers[0]?.snapshot.read['auth/jwt/config']).toMatchObject({
      oidc_discovery_url: 'https://a.example.com',
      oidc_client_id: 'id',
    })
    expect(notices.join()).not.toContain('clear text')
  })
})

describe('what is not taken over', () => {
  test('each is named with its reason', () => {
    const value = {
      ...jwt({ map: {} }),
      auth: [
        { type: 'jwt', users: [] },
        { type: 'kubernetes', roles: [{ name: 'r' }] },
        { type: 'ldap', path: 'corp/' },
      ],
      secrets: [{ type: 'kv' }],
      startupSecrets: [{ data: {} }],
      audit: [],
      groups: [{}],
      made_up: 1,
      purgeUnmanagedConfig: { enabled: true, exclude: { auth: true, secrets: true } },
    }
    expect(read(value).notices).toEqual([
      'secrets: not taken over: secrets engines are not described by files here',
      'startupSecrets: not taken over: no secret is ever written to a file',
      'groups: not taken over: identity groups are not described by files here',
      'made_up: not taken over: it is not known here',
      expect.stringMatching(/^purgeUnmanagedConfig: .* \(here not of auth\)\. The same here is "unmanaged: delete"/),
      expect.stringMatching(/^policies: bank-vaults lays/),
      'auth/jwt: its key users is left out: it is nothing of a JWT mount',
      'auth/kubernetes, auth/corp: not taken over: only mounts of type jwt and oidc are',
    ])
    const purge = (purgeUnmanagedConfig: JsonObject) => read({ ...jwt(), purgeUnmanagedConfig }).notices.join('\n')
    expect(purge({ enabled: false })).not.toContain('purge')
    expect(purge({ enabled: true })).toContain('does not describe. The same')
  })

  test('a secret in clear text is said, never shown', () => {
    const secret = crypto.randomUUID()
    const config = { oidc_discovery_url: 'https://a.example.com', oidc_client_id: 'id', oidc_client_secret: secret }
    const provider_config = { provider: 'gsuite', gsuite_service_account: secret, other_token: secret }
    const value = { ...jwt({ config: { ...config, provider_config } }), startupSecrets: [{ data: { pin: secret } }] }
    const { servers, notices } = read(value)
    expect(servers[0]?.writeOnly.map(({ field }) => field.join('.'))).toEqual([
      'oidc_client_secret',
      'provider_config.gsuite_service_account',
    ])
    expect(notices).toContainEqual(
      expect.stringMatching(/^auth\/jwt\/config: its client secret stands there in clear text/),
    )
    expect(notices).toContainEqual(expect.stringContaining('provider_config.other_token is left out'))
    expect(JSON.stringify({ servers, notices })).not.toContain(secret)
  })
})

describe('what is no configuration of bank-vaults', () => {
  const refusal = (value: unknown): UserError => {
    try {
      read(value)
    } catch (error) {
      if (error instanceof UserError) return error
      throw error
    }
    throw new Error('nothing was refused')
  }

  test.each([null, 'x', [], {}, [{ a: 1 }], { apiVersion: 'v1', kind: 'Secret', auth: [] }])(
    'is refused: %j',
    (value) => {
      expect(refusal(value).diagnostics).toEqual([expect.objectContaining({ code: 'not-bank-vaults' })])
    },
  )

  test('one inside a ConfigMap is told apart', () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', data: { 'vault-config.yml': 'auth: []' } }
    expect(refusal(map).diagnostics[0]?.help).toContain('pass the file that it was made of')
  })

  test('one without anything of ours says what it has', () => {
    const { diagnostics } = refusal({ auth: [{ type: 'github' }] })
    expect(diagnostics).toEqual([expect.objectContaining({ code: 'nothing-to-import' })])
    expect(diagnostics[0]?.message).toContain('auth/github: not taken over')
  })

  test('everything that is wrong is said at once', () => {
    const value = {
      policies: [{ rules: 'x' }, { name: 'n' }],
      auth: [{}, { type: 'jwt', roles: {} }, { type: 'jwt', path: 'a', roles: [{}] }],
    }
    expect(refusal(value).diagnostics.map(({ message }) => message)).toEqual([
      'a policy has no name',
      'the policy n has no rules',
      'an entry of auth has no type',
      'roles of auth/jwt is not a list of maps',
      'a role of auth/a has no name',
    ])
  })

  test('a list that is none, and a policy that stands there twice', () => {
    expect(refusal({ policies: 'x', auth: 1 }).diagnostics).toHaveLength(2)
    expect(refusal({ policies: [policy, { ...policy, rules: 'path "b" {}' }] }).message).toContain(
      'describe sys/policies/acl/p differently',
    )
  })
})
