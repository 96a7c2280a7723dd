import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isObject, type JsonValue } from '../../src/core/json.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { liveVault, type Server } from '../support/live-vault.ts'

/**
 * The same requests to the sandbox and to a real Vault; every answer must be the same but for what is made up anew each
 * time. `~` in a path or body is a name that no other test uses.
 */
type Step = readonly [method: string, path: string, body?: unknown]

const own = `sb${randomBytes(4).toString('hex')}`
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })

let sandbox: Sandbox
let vault: Server
beforeAll(async () => {
  vault = await liveVault()
  const health = await fetch(`${vault.address}/v1/sys/health`)
  const { version, enterprise } = (await health.json()) as { version: string; enterprise?: boolean }
  sandbox = await startSandbox({ version, product: enterprise === undefined ? 'openbao' : 'vault' })
})
afterAll(async () => {
  await sandbox.close()
})

async function ask(server: Server, [method, path, body]: Step): Promise<unknown> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(`${server.address}/v1/${path.replaceAll('~', own)}`, {
    method,
    headers: {
      ...(server.token === undefined ? {} : { 'x-vault-token': server.token }),
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(text === undefined ? {} : { body: text.replaceAll('~', own) }),
  })
  const answer = await response.text()
  return { status: response.status, body: answer === '' ? '' : steady(JSON.parse(answer)) }
}

const madeUp = [
  'request_id',
  'accessor',
  'uuid',
  'running_sha256',
  'running_plugin_version',
  'server_time_utc',
  'cluster_name',
  'cluster_id',
  'build_date',
  'commit_date',
  'modified',
  'creation_time',
  'issue_time',
  'id',
]
const counters = ['echo_duration_ms', 'clock_skew_ms', 'replication_primary_canary_age_ms']

/** Without what differs from run to run, and without what other tests have on the shared server. */
function steady(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(steady)
  // What is wrong with JSON is told in Go's words, of which the sandbox knows those of Vault only.
  if (typeof value === 'string') return value.replace(/(?<=^failed to decode JSON input: ).*/, '…')
  if (!isObject(value)) return value
  const kept = Object.entries(value).filter(([name]) => ![...madeUp, ...counters].includes(name) && !foreignMount(name))
  return Object.fromEntries(kept.map(([name, member]) => [name, steady(member)]))
}

const foreignMount = (name: string) => name.endsWith('/') && !name.startsWith(own) && name !== 'token/'

async function expectSame(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const real = await ask(vault, step)
    expect(await ask(sandbox, step), `${step[0]} ${step[1]} ${JSON.stringify(step[2] ?? null)}`).toEqual(real)
  }
}

const rule = 'path "a" { capabilities = ["read"] }'
const bound = { role_type: 'jwt', user_claim: 'u', bound_subject: 's' }

describe('the server itself', () => {
  test('health, seal and leader answer alike, and only to GET', async () => {
    const paths = ['sys/health', 'sys/seal-status', 'sys/leader']
    await expectSame(['GET', 'POST', 'LIST', 'PUT'].flatMap((method) => paths.map((path): Step => [method, path])))
  })

  test('paths and methods that nothing serves', async () => {
    await expectSame([
      ['GET', 'sys/nothing'],
      ['POST', 'sys/nothing', {}],
      ['GET', 'nothing/at/all'],
      ['GET', 'auth'],
      ['GET', 'auth/~nope/role/x'],
      ['GET', 'sys/policies/acl'],
      ['POST', 'sys/policies/acl', {}],
      ['HEAD', 'sys/policies/acl/default'],
      ['PATCH', 'sys/policies/acl/~x', {}],
      ['LIST', 'sys/auth'],
      ['POST', 'sys/auth', {}],
      ['DELETE', 'sys/auth'],
      ['GET', 'auth/token'],
      ['GET', 'auth/token/nope'],
      ['DELETE', 'auth/token/lookup-self'],
    ])
  })

  test.each([
    ['no token', undefined],
    ['a wrong token', 'wrong'],
  ])('%s is refused everywhere but at the status endpoints', async (_name, token) => {
    for (const path of ['sys/auth', 'sys/policies/acl/default', 'auth/token/lookup-self', 'nothing/x', 'sys/health']) {
      const [real, ours] = await Promise.all(
        [vault, sandbox].map(({ address }) =>
          ask({ address, ...(token === undefined ? {} : { token }) }, ['GET', path]),
        ),
      )
      expect(ours, path).toEqual(real)
    }
  })

  test('a bearer token and a namespace that no free Vault has', async () => {
    for (const headers of [
      (token: string) => ({ authorization: `Bearer ${token}` }),
      (token: string) => ({ authorization: `Basic ${token}` }),
      (token: string) => ({ 'x-vault-token': token, 'x-vault-namespace': 'team' }),
    ]) {
      const statuses = [vault, sandbox].map(async ({ address, token }) => {
        return (await fetch(`${address}/v1/auth/token/lookup-self`, { headers: headers(token as string) })).status
      })
      const [real, ours] = await Promise.all(statuses)
      expect(ours).toBe(real)
    }
  })

  test('the token looks itself up and asks for its capabilities', async () => {
    await expectSame([
      ['GET', 'auth/token/lookup-self'],
      ['POST', 'auth/token/lookup-self', {}],
      ['GET', 'auth/token/revoke-self'],
      ['POST', 'sys/capabilities-self', { paths: ['a', 'b'] }],
      ['POST', 'sys/capabilities-self', { paths: ['a'] }],
      ['POST', 'sys/capabilities-self', { paths: 'x,y' }],
      ['PUT', 'sys/capabilities-self', { path: 'a' }],
      ['POST', 'sys/capabilities-self', {}],
      ['POST', 'sys/capabilities-self', { paths: [] }],
      ['GET', 'sys/capabilities-self'],
      ['POST', 'sys/capabilities', { paths: ['a'], token: 'nobody' }],
      ['POST', 'sys/capabilities', { paths: ['a'] }],
    ])
  })

  test.each([
    'abc',
    '[]',
    '"x"',
    '5',
    'true',
    'null',
    '   ',
    '{',
    '{"a":1',
    '{"a":}',
    '{"a":1,}',
    '{"a":[1,]}',
    '{"a":[1}}',
    '{"a":1} x',
    '{"a":1,"a":2}',
    '{"a":{"b":1,"b":2}}',
  ])('the body %s', async (body) => {
    await expectSame([['POST', 'sys/policies/acl/~body', body]])
  })
})

describe('policies', () => {
  test('are written, read, listed and deleted alike', async () => {
    await expectSame([
      ['GET', 'sys/policies/acl/~nope'],
      ['GET', 'sys/policies/acl/root'],
      ['POST', 'sys/policies/acl/~p1', { policy: `${rule} # <&> 'x'\n` }],
      ['GET', 'sys/policies/acl/~p1'],
      ['GET', 'sys/policies/acl/~P1'],
      ['GET', 'sys/policies/acl/~p1/'],
      ['POST', 'sys/policies/acl/~P2', { policy: rule, unknown: 1, name: 'other' }],
      ['PUT', 'sys/policies/acl/~a/b', { policy: rule }],
      ['POST', 'sys/policies/acl/~a/c/', { policy: rule }],
      ['GET', 'sys/policies/acl/~a/b'],
      ['POST', 'sys/policies/acl/~64', { policy: Buffer.from(rule).toString('base64') }],
      ['GET', 'sys/policies/acl/~64'],
      ['GET', 'sys/policy/~p1'],
      ['GET', 'sys/policy/~nope'],
      ['POST', 'sys/policy/~P3', { rules: rule }],
      ['POST', 'sys/policy/~p3', { policy: rule }],
      ['POST', 'sys/policy/~p3', {}],
      ['LIST', 'sys/policies/acl/~a'],
      ['LIST', 'sys/policies/detailed/acl/~none'],
      ['LIST', 'sys/policies/acl/~none'],
      ['DELETE', 'sys/policies/acl/~p1'],
      ['DELETE', 'sys/policies/acl/~p1'],
      ['GET', 'sys/policies/acl/~p1'],
      ['DELETE', 'sys/policy/~p3'],
    ])
  })

  test('that the server keeps for itself cannot be changed', async () => {
    const names = ['root', 'response-wrapping', 'control-group']
    await expectSame([
      ...names.map((name): Step => ['POST', `sys/policies/acl/${name}`, { policy: rule }]),
      ...['root', 'response-wrapping', 'default'].map((name): Step => ['DELETE', `sys/policies/acl/${name}`]),
    ])
  })

  test('come in the order of the storage, folders after all else, root last', async () => {
    const names = ['z/z', 'z/a/q', 'b/z', 'x', 'm', 'b/a']
    for (const name of names) await expectSame([['POST', `sys/policies/acl/~l${name}`, { policy: rule }]])
    const orders = [vault, sandbox].map(async ({ address, token }) => {
      const list = await fetch(`${address}/v1/sys/policies/acl?list=true`, {
        headers: { 'x-vault-token': token as string },
      })
      const { keys } = ((await list.json()) as { data: { keys: string[] } }).data
      return keys.filter((name) => name.startsWith(`${own}l`) || name === 'root')
    })
    const [real, ours] = await Promise.all(orders)
    expect(ours).toEqual(real)
    expect(ours).toHaveLength(names.length + 1)
  })

  test.each([
    ['', undefined, null, 1, ['a'], { a: 1 }, '   ', '# only a comment'],
    [
      'hello',
      '}',
      `${rule}}`,
      'path "a" { ',
      'path "a" { capabilities = ["read" "list"] }',
      'path "a { capabilities = [] }',
      '\npath "a {\n}\n',
      'path "a" {\n capabilities = ["read"\n',
      'path "a" {\n capabilities = ["read"]\n',
      'path "a" {\n capabilities = foo }',
      'path "a" {\n capabilities = [foo] }',
      'path "a" { capabilities ["read"] }',
      'path "a" = { capabilities = ["read"] }',
      'path "a" { capabilities = ["read",,"list",] }',
      'path "a" { capabilities = ["read"]; }',
      '& path',
      '/* path',
      'path = 5',
    ],
    [
      'path "a" { capabilities = ["reads"] }',
      'path "a" { capabilities = "read" }',
      'path "a" { capabilities = ["deny", "reads"] }',
      'path "a" { capabilities = ["Read"] }',
      'path "a" { capabilities = ["scan"] }',
      'path "a" { capabilities = ["subscribe", "recover"] }',
      'path "a" { policy = "reads" }',
      'path "a" { policy = "sudo" }',
    ],
    [
      'path "a" { capabilitiess = ["read"] }',
      'pathx "a" { policy = "read" }',
      `${rule}\n\nfoo = 1\nbar = 2`,
      'path "a" {\n x = 1\n\n y = 2\n}\npath "b" { z = 1 }',
      'path "a" { mfa = ["x"] }',
      'path "a" { mfa_methods = ["x"]\n comment = "c" }',
      'path "a" { capabilities = ["read"] capabilities = ["read"] }',
      'path "a" {} path "a" {}',
    ],
    [
      'path "a/+*" { policy = "read" }',
      'path "a/+/b/*" { policy = "read" }',
      'path "a{{" {}',
      'path "a{{identity.entity.id}}" {}',
      'path "a" { min_wrapping_ttl = "x" }',
      'path "a" { min_wrapping_ttl = "2h"\n max_wrapping_ttl = "1h" }',
      'path "a" { min_wrapping_ttl = 60\n max_wrapping_ttl = "1h" }',
      'path "a" { allowed_parameters = { "*" = [] } }',
      'path "a" { required_parameters = ["x",] }',
    ],
  ])('are refused with the same words: %#', async (...texts) => {
    await expectSame(
      texts.map((policy): Step => ['POST', 'sys/policies/acl/~v', policy === undefined ? {} : { policy }]),
    )
  })
})

describe('auth mounts', () => {
  test('are enabled, read and disabled alike', async () => {
    await expectSame([
      ['GET', 'sys/auth/~m'],
      ['GET', 'sys/auth/~m/tune'],
      ['GET', 'sys/mounts/auth/~m/tune'],
      ['POST', 'sys/auth/~m/tune', {}],
      [
        'POST',
        'sys/auth/~m',
        { type: 'jwt', description: 'd', config: { default_lease_ttl: '5m', max_lease_ttl: '1h' } },
      ],
      ['POST', 'sys/auth/~m', { type: 'jwt' }],
      ['POST', 'sys/auth/~m/a', { type: 'jwt' }],
      ['POST', 'sys/auth/~n/a', { type: 'oidc', options: { a: 1 }, local: true, seal_wrap: true }],
      ['POST', 'sys/auth/~n', { type: 'jwt' }],
      ['GET', 'sys/auth'],
      ['GET', 'sys/auth/~m'],
      ['GET', 'sys/auth/~m/'],
      ['GET', 'sys/auth/~n/a'],
      ['GET', 'sys/auth/~m/tune'],
      ['GET', 'sys/internal/ui/mounts/auth/~m'],
      ['GET', 'sys/internal/ui/mounts/auth/~nope'],
      ['LIST', 'sys/auth/~m'],
      ['DELETE', 'sys/auth/~m/tune'],
      ['DELETE', 'sys/auth/~m'],
      ['DELETE', 'sys/auth/~m'],
      ['DELETE', 'sys/auth/token'],
      ['DELETE', 'sys/auth/~n/a'],
      ['GET', 'auth/~m/config'],
    ])
  })

  test.each([
    {},
    { type: 'nope' },
    { type: 'jwt', config: { default_lease_ttl: '2h', max_lease_ttl: '1h' } },
    { type: 'jwt', config: { default_lease_ttl: 'x' } },
    { type: 'jwt', config: { max_lease_ttl: '5' } },
    { type: 'jwt', config: { max_lease_ttl: '1y' } },
    { type: 'jwt', config: { default_lease_ttl: '-5m' } },
    { type: 'jwt', config: { default_lease_ttl: 5.5 } },
    { type: 'jwt', config: { default_lease_ttl: [1] } },
    { type: 'jwt', config: { default_lease_ttl: '1000h' } },
    { type: 'jwt', config: { default_lease_ttl: 'system' } },
    { type: 'jwt', config: { listing_visibility: 'foo' } },
    { type: 'jwt', config: { token_type: 'foo' } },
    { type: 'jwt', config: { plugin_version: 'v1.2.3' } },
    { type: 'jwt', plugin_version: 'v1.2.3' },
    { type: 'jwt', options: { version: '2' } },
    { type: 'jwt', options: ['x'] },
    { type: 'jwt', options: null, config: null, description: null },
    { type: 'jwt', config: 'x' },
    { type: 'jwt', local: 'maybe' },
    { type: 'token' },
    { type: 'jwt', external_entropy_access: true, unknown: 1, config: { unknown: 1, force_no_cache: true } },
    { type: 'jwt', config: { audit_non_hmac_request_keys: 'a, b', passthrough_request_headers: [' H '] } },
    { type: 'jwt', config: { listing_visibility: 'unauth', token_type: 'batch', allowed_response_headers: ['R'] } },
  ])('enabling with %j', async (body) => {
    await expectSame([
      ['POST', 'sys/auth/~e', body],
      ['GET', 'sys/auth/~e'],
      ['GET', 'sys/auth/~e/tune'],
      ['DELETE', 'sys/auth/~e'],
    ])
  })

  test('are tuned alike, one change on top of the other', async () => {
    await expectSame([['POST', 'sys/auth/~t', { type: 'jwt', description: 'd' }]])
    for (const change of [
      { default_lease_ttl: '5m' },
      { max_lease_ttl: '1h' },
      { default_lease_ttl: '' },
      { default_lease_ttl: '2h' },
      { default_lease_ttl: 0 },
      { default_lease_ttl: 'system', max_lease_ttl: 'system' },
      { default_lease_ttl: 'x' },
      { max_lease_ttl: '10000h' },
      { description: 'new', options: { a: 'b', c: 'd' }, listing_visibility: 'unauth', token_type: 'service' },
      { audit_non_hmac_request_keys: 'a, b', audit_non_hmac_response_keys: [' q '] },
      { passthrough_request_headers: 'H1,H2', allowed_response_headers: ['R'] },
      { description: 'kept', listing_visibility: 'foo' },
      { token_type: 'foo' },
      { options: { a: '' } },
      { options: { n: 1 } },
      { options: ['x'] },
      { description: '', listing_visibility: '', token_type: '', audit_non_hmac_request_keys: [] },
      { passthrough_request_headers: [], allowed_response_headers: [], options: {} },
      { description: null, options: null, audit_non_hmac_response_keys: null, default_lease_ttl: null },
      { type: 'oidc', local: true, seal_wrap: true },
      { plugin_version: 'v9' },
      { plugin_version: '' },
      { user_lockout_config: { lockout_threshold: '3' } },
    ])
      await expectSame([
        ['POST', 'sys/mounts/auth/~t/tune', change],
        ['GET', 'sys/auth/~t'],
        ['GET', 'sys/auth/~t/tune'],
      ])
    await expectSame([['DELETE', 'sys/auth/~t']])
  })
})

describe('the configuration of a JWT mount', () => {
  const keys = { jwt_validation_pubkeys: [key] }
  test.each([
    {},
    { oidc_discovery_url: 'https://127.0.0.1:9/', jwks_url: 'http://x' },
    { jwt_validation_pubkeys: 'x' },
    { jwt_validation_pubkeys: [] },
    { jwt_validation_pubkeys: { a: 1 } },
    { jwks_pairs: [{ jwks_url: 'https://x' }], bound_issuer: 'x' },
    { jwks_pairs: [{ jwks_url: 'https://x' }], jwks_ca_pem: 'x' },
    { jwks_pairs: ['a'] },
    { jwks_pairs: 'a' },
    { oidc_client_id: 'a', jwks_url: 'https://x' },
    { oidc_client_id: 'a', oidc_client_secret: 'b', jwks_url: 'https://x' },
    { ...keys, oidc_client_id: 'a', oidc_client_secret: 'b' },
    { ...keys, jwt_supported_algs: 'XX' },
    { ...keys, jwt_supported_algs: ' RS256 , EdDSA' },
    { ...keys, oidc_response_types: 'foo' },
    { ...keys, oidc_response_types: 'id_token' },
    { ...keys, oidc_response_types: 'code,id_token', oidc_response_mode: 'form_post' },
    { ...keys, oidc_response_mode: 'foo' },
    { ...keys, provider_config: { a: 1 } },
    { ...keys, provider_config: { provider: 'b' } },
    { ...keys, provider_config: { provider: 'secureauth', x: 1 } },
    { ...keys, provider_config: 'x' },
    { ...keys, namespace_in_state: 'maybe' },
    { ...keys, bound_issuer: ['a'] },
    { ...keys, bound_issuer: { a: 1 } },
    { ...keys, bound_issuer: 5, unsupported_critical_cert_extensions: '1.2.3' },
    { jwt_validation_pubkeys: [`${key}\n`, key], default_role: 'Ci', unknown: 1 },
  ])('is written alike: %#', async (body) => {
    await expectSame([
      ['POST', 'sys/auth/~c', { type: 'jwt' }],
      ['GET', 'auth/~c/config'],
      ['POST', 'auth/~c/config', body],
      ['GET', 'auth/~c/config'],
      ['DELETE', 'sys/auth/~c'],
    ])
  })

  test('is replaced by each write but for namespace_in_state', async () => {
    await expectSame([
      ['POST', 'sys/auth/~d', { type: 'jwt' }],
      ['POST', 'auth/~d/config', { ...keys, namespace_in_state: false, bound_issuer: 'x', default_role: 'r' }],
      ['POST', 'auth/~d/config', keys],
      ['GET', 'auth/~d/config'],
      ['POST', 'auth/~d/config', { ...keys, namespace_in_state: 'true', jwt_supported_algs: null }],
      ['GET', 'auth/~d/config'],
      ['POST', 'auth/~d/config', {}],
      ['GET', 'auth/~d/config'],
      ['DELETE', 'auth/~d/config'],
      ['LIST', 'auth/~d/config'],
      ['DELETE', 'sys/auth/~d'],
    ])
  })
})

describe('roles', () => {
  const everything = {
    ...bound,
    bound_audiences: ' a , b ,,a',
    bound_claims: { n: 1, b: true, s: 'x', l: ['a', 1, true], z: null, o: { k: 1 } },
    claim_mappings: { a: 'b' },
    token_policies: ['Foo', 'b', 'b', ' c '],
    token_ttl: '90',
    token_max_ttl: '1h30m',
    token_explicit_max_ttl: 3600,
    token_bound_cidrs: ['10.0.0.1/32', '10.0.0.5/8', '::1/128', 'FE80::0001/64', '1.2.3.4', '::ffff:1.2.3.4'],
    expiration_leeway: '-1',
    not_before_leeway: -5,
    clock_skew_leeway: '1m',
    max_age: '5m',
    allowed_redirect_uris: ['x'],
    oidc_scopes: 'a,b',
    verbose_oidc_logging: true,
    user_claim_json_pointer: true,
    groups_claim: 'g',
    token_no_default_policy: true,
    token_num_uses: 3,
    token_type: 'service',
    token_period: 60,
  }

  test('are written, read, listed and deleted alike', async () => {
    await expectSame([
      ['POST', 'sys/auth/~r', { type: 'jwt', config: { max_lease_ttl: '1h' } }],
      ['LIST', 'auth/~r/role'],
      ['GET', 'auth/~r/role?list=true'],
      ['GET', 'auth/~r/role'],
      ['GET', 'auth/~r/role/x'],
      ['GET', 'auth/~r/role/x/y'],
      ['GET', 'auth/~r/nope'],
      ['POST', 'auth/~r/role/B.b-c_1', { ...everything, callback_mode: 'direct', zzz: 1 }],
      ['GET', 'auth/~r/role/b.b-c_1'],
      ['GET', 'auth/~r/role/B.B-C_1'],
      ['POST', 'auth/~r/role/b.b-c_1', {}],
      ['GET', 'auth/~r/role/b.b-c_1'],
      ['POST', 'auth/~r/role/b.b-c_1', { role_type: 'jwt' }],
      ['GET', 'auth/~r/role/b.b-c_1'],
      ...['-bad', 'bad-', 'b%20d', 'a%2Fb', 'a/'].map((name): Step => ['POST', `auth/~r/role/${name}`, bound]),
      ['POST', 'auth/~r/role/a', bound],
      ['GET', 'auth/~r/role/a'],
      ['LIST', 'auth/~r/role'],
      ['LIST', 'auth/~r/role/'],
      ['LIST', 'auth/~r/role?after=a&limit=1'],
      ['GET', 'auth/~r/role/?list=1'],
      ['GET', 'auth/~r/role?list=false'],
      ['GET', 'auth/~r/role?list=zzz'],
      ['DELETE', 'auth/~r/role/a'],
      ['DELETE', 'auth/~r/role/a'],
      ['DELETE', 'auth/~r/role'],
      ['LIST', 'auth/~r/role'],
      ['DELETE', 'sys/auth/~r'],
    ])
  })

  test('keep what a write leaves out, forget what it empties, and take null in their way', async () => {
    const { role_type: _, ...rest } = everything
    const nulls = Object.fromEntries(Object.keys(rest).map((name) => [name, null]))
    const { user_claim: _claim, ...nullable } = nulls
    await expectSame([
      ['POST', 'sys/auth/~k', { type: 'jwt' }],
      ['POST', 'auth/~k/role/a', everything],
      ['POST', 'auth/~k/role/a', { role_type: 'jwt', bound_claims_type: 'glob', bound_claims: {}, token_policies: [] }],
      ['GET', 'auth/~k/role/a'],
      ['POST', 'auth/~k/role/a', { role_type: 'jwt', ...nullable, bound_audiences: ['q'] }],
      ['GET', 'auth/~k/role/a'],
      ['POST', 'auth/~k/role/b', { ...bound, bound_claims: {}, claim_mappings: {}, oidc_scopes: [], token_type: '' }],
      ['GET', 'auth/~k/role/b'],
      ['POST', 'auth/~k/role/c', { ...bound, bound_claims: [{ a: 1 }, { b: 2 }], claim_mappings: ['a=b', 'c=d=e'] }],
      ['GET', 'auth/~k/role/c'],
      ['POST', 'auth/~k/role/c', { name: 'other', role_type: 'jwt', verbose_oidc_logging: true }],
      ['DELETE', 'sys/auth/~k'],
    ])
  })

  test('have aliases that are used and shown as the server does', async () => {
    const old = {
      policies: ['Zed', 'a', 'A'],
      ttl: 60,
      max_ttl: '5m',
      num_uses: 2,
      period: 30,
      bound_cidrs: '10.0.0.1',
    }
    const writes = [
      { ...bound, ...old },
      { role_type: 'jwt' },
      { role_type: 'jwt', token_policies: ['Q'], policies: ['w'], token_ttl: 61 },
      { role_type: 'jwt', policies: [], ttl: 0 },
      { role_type: 'jwt', ttl: '2h' },
      { role_type: 'jwt', token_bound_cidrs: [], token_period: 0 },
    ]
    await expectSame([
      ['POST', 'sys/auth/~o', { type: 'jwt' }],
      ...writes.flatMap((body): Step[] => [
        ['POST', 'auth/~o/role/a', body],
        ['GET', 'auth/~o/role/a'],
      ]),
      ['DELETE', 'sys/auth/~o'],
    ])
  })

  test('are refused with the same words', async () => {
    const wrong = [
      {},
      { user_claim: 'u' },
      { user_claim: 'u', role_type: 'jwt' },
      { role_type: 'x' },
      { role_type: '' },
      { role_type: 'jwt' },
      ...[
        { bound_claims_type: 'x' },
        { bound_claims_type: '' },
        { bound_claims_type: 'glob', bound_claims: { a: 1 } },
        { bound_claims_type: 'glob', bound_claims: { a: ['x', true] } },
        { bound_claims_type: 'glob', bound_claims: { a: { b: 1, a: [1, 'c', null] } } },
        { bound_claims_type: 'glob', bound_claims: { a: null } },
        { bound_claims_type: 'glob', bound_claims: { a: [['x']] } },
        { bound_claims: 'x' },
        { bound_claims: ['a'] },
        { bound_claims: true },
        { claim_mappings: { a: 'role' } },
        { claim_mappings: { a: 'x', b: 'x' } },
        { claim_mappings: 'a' },
        { claim_mappings: { a: [1] } },
        { token_ttl: '2h', token_max_ttl: '1h' },
        { ttl: '2h', max_ttl: '1h' },
        { token_ttl: '2h', max_ttl: '1h' },
        { token_period: '800h' },
        { token_period: -7200 },
        { token_ttl: -1 },
        { token_num_uses: -1 },
        { token_num_uses: 'abc' },
        { token_num_uses: 1.5 },
        { token_num_uses: [1] },
        { token_type: 'default-service' },
        { token_type: 'batch', token_period: 60 },
        { token_type: 'batch', token_num_uses: 1 },
        { token_no_default_policy: 'x' },
        { token_no_default_policy: 5 },
        { token_bound_cidrs: 'x' },
        { token_bound_cidrs: ['010.0.0.1'] },
        { bound_audiences: { a: 1 } },
        { bound_audiences: [{ a: 1 }, 'b', []] },
        { user_claim: '' },
        { user_claim: [] },
      ].map((fields) => ({ ...bound, ...fields })),
    ]
    await expectSame([
      ['POST', 'sys/auth/~w', { type: 'jwt' }],
      ...wrong.map((body): Step => ['POST', 'auth/~w/role/a', body]),
      ['GET', 'auth/~w/role/a'],
      ['DELETE', 'sys/auth/~w'],
    ])
  })

  test('read durations as Go does, and days', async () => {
    const durations =
      '5|5m |1h 5m|1d|1d12h|1.5h|.5s|1.s|5x|-|1hh|h|+5s|1e3|1500ms|-1.5s|999999999999h|1_0|0x10|1w|1.5|s|1d |-1d|1.5d|0|-0|90m30s'
    const values = [...durations.split('|'), '', 100000000000, 1.5, true, {}, []]
    await expectSame([
      ['POST', 'sys/auth/~u', { type: 'jwt' }],
      ...values.flatMap((value): Step[] => [
        ['POST', 'auth/~u/role/a', { ...bound, expiration_leeway: value }],
        ['GET', 'auth/~u/role/a'],
      ]),
      ['DELETE', 'sys/auth/~u'],
    ])
  })
})
