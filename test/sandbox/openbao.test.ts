import { afterEach, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { ask } from './client.ts'

const running: Sandbox[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()))
})

async function openbao(version = '2.6.1'): Promise<Sandbox> {
  const sandbox = await startSandbox({ product: 'openbao', version })
  running.push(sandbox)
  return sandbox
}

const policy = 'path "a" { capabilities = ["read"] }'
const at = 'sys/policies/acl/p'

describe('what tells OpenBao from Vault', () => {
  test('is the version of the token method, even where the version numbers are alike', async () => {
    const [bao, vault] = [await openbao('2.0.1'), await startSandbox({ version: '2.0.1' })]
    running.push(vault)
    const runs = async (sandbox: Sandbox) => (await ask(sandbox, 'GET', 'sys/auth')).data['token/']
    expect(await runs(bao)).toMatchObject({ running_plugin_version: 'v2.0.1+builtin.bao' })
    expect(await runs(vault)).toMatchObject({ running_plugin_version: 'v2.0.1+builtin.vault' })
  })

  test('is an envelope without mount_type, and a health without standby from 2.6 on', async () => {
    const [now, then] = [await openbao('2.6.1'), await openbao('2.5.2')]
    expect((await ask(now, 'GET', 'sys/auth')).body).not.toHaveProperty('mount_type')
    expect((await ask(now, 'GET', 'sys/health')).body).not.toHaveProperty('performance_standby')
    expect((await ask(then, 'GET', 'sys/health')).body).toHaveProperty('performance_standby', false)
  })

  test('is that it has namespaces, and here none but the root namespace', async () => {
    const bao = await openbao()
    const inNamespace = (name: string) =>
      ask(bao, 'GET', 'sys/auth', undefined, { 'x-vault-token': bao.token, 'x-vault-namespace': name })
    expect((await inNamespace('team')).status).toBe(404)
    expect((await inNamespace('/')).status).toBe(200)
    const [before, since] = [await openbao('2.2.2'), await openbao('2.3.0')]
    const headers = (token: string) => ({ 'x-vault-token': token, 'x-vault-namespace': 'team' })
    expect((await ask(before, 'GET', 'sys/auth', undefined, headers(before.token))).status).toBe(200)
    expect((await ask(since, 'GET', 'sys/auth', undefined, headers(since.token))).status).toBe(404)
  })
})

describe('a policy and its version', () => {
  const write = (sandbox: Sandbox, fields: object) => ask(sandbox, 'POST', at, { policy, ...fields })
  const words = {
    required: 'check-and-set parameter required for this call',
    exists: 'check-and-set parameter set to -1 on existing entry',
    mismatch: 'check-and-set parameter did not match the current version',
  }

  test('counts up from 1 with every write, and begins anew after a deletion', async () => {
    const bao = await openbao()
    for (const version of [1, 2, 3]) {
      await write(bao, {})
      expect((await ask(bao, 'GET', at)).data).toMatchObject({ name: 'p', policy, version, cas_required: false })
    }
    await ask(bao, 'DELETE', at)
    expect((await write(bao, { cas: 0 })).status).toBe(204)
    expect((await ask(bao, 'GET', at)).data['version']).toBe(1)
  })

  test.each([
    ['must not exist yet, and does not', [{ cas: -1 }], undefined],
    ['must not exist yet, but does', [{}, { cas: -1 }], words.exists],
    ['is as expected', [{}, { cas: 1 }], undefined],
    ['was written by somebody else in between', [{}, {}, { cas: 1 }], words.mismatch],
    ['does not exist, which counts as 0', [{ cas: 0 }], undefined],
    ['does not exist, although a version is expected', [{ cas: 1 }], words.mismatch],
    ['demands the parameter from its first write on', [{ cas_required: true }], words.required],
    ['demands the parameter', [{ cas_required: true, cas: -1 }, {}], words.required],
    ['demands it no longer after a write that says so', [{ cas_required: true, cas: -1 }, { cas: 1 }, {}], undefined],
  ])('%s', async (_name, writes, refusal) => {
    const bao = await openbao()
    const replies = []
    for (const fields of writes) replies.push(await write(bao, fields))
    const last = replies.at(-1)
    expect(last?.status).toBe(refusal === undefined ? 204 : 400)
    if (refusal !== undefined) expect(last?.body).toEqual({ errors: [refusal] })
  })

  test('expires when its time has come', async () => {
    const bao = await openbao()
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    expect((await write(bao, { expiration: soon, ttl: '1h' })).body['errors']).toEqual([
      "cannot supply both 'expiration' and 'ttl' for policies",
    ])
    expect((await write(bao, { expiration: '2001-01-01T00:00:00Z' })).status).toBe(400)
    await write(bao, { expiration: soon })
    expect((await ask(bao, 'GET', at)).data['expiration']).toBe(soon)
    await write(bao, {})
    expect((await ask(bao, 'GET', at)).data).not.toHaveProperty('expiration')
  })

  test('does not exist on Vault and before 2.3, where the parameters are dropped in silence', async () => {
    const vault = await startSandbox()
    running.push(vault)
    for (const sandbox of [vault, await openbao('2.2.0')]) {
      expect((await write(sandbox, { cas: 7, cas_required: true })).status).toBe(204)
      expect((await ask(sandbox, 'GET', at)).data).toEqual({ name: 'p', policy })
    }
  })
})

describe('lists of policies', () => {
  test('bring every text at once from 2.3 on', async () => {
    const bao = await openbao('2.3.0')
    await ask(bao, 'POST', at, { policy })
    const { data } = await ask(bao, 'LIST', 'sys/policies/detailed/acl')
    expect(data['keys']).toEqual(['default', 'p', 'root'])
    expect(data['key_info']).toMatchObject({ p: { name: 'p', policy, version: 1 }, root: { policy: '' } })
    expect((await ask(await openbao('2.2.0'), 'LIST', 'sys/policies/detailed/acl')).status).toBe(404)
  })

  test('can be limited to a prefix', async () => {
    const bao = await openbao()
    for (const name of ['team/a', 'team/b/c', 'other']) await ask(bao, 'POST', `sys/policies/acl/${name}`, { policy })
    expect((await ask(bao, 'LIST', 'sys/policies/acl/team')).data['keys']).toEqual(['team/a', 'team/b/c'])
    expect((await ask(bao, 'LIST', 'sys/policies/acl/nobody')).status).toBe(404)
  })
})

describe('a JWT mount', () => {
  const role = { role_type: 'jwt', user_claim: 'sub', bound_subject: 's' }
  async function mounted(version?: string): Promise<Sandbox> {
    const bao = await openbao(version)
    await ask(bao, 'POST', 'sys/auth/jwt', { type: 'jwt' })
    return bao
  }

  test('has role fields of its own, as far as the version has them', async () => {
    const fields = {
      callback_mode: 'direct',
      oauth2_metadata: ['id_token'],
      poll_interval: 4,
      oidc_disable_confirmation: true,
    }
    const read = async (bao: Sandbox) => {
      await ask(bao, 'POST', 'auth/jwt/role/r', { ...role, ...fields })
      return (await ask(bao, 'GET', 'auth/jwt/role/r')).data
    }
    expect(await read(await mounted())).toMatchObject(fields)
    const { oidc_disable_confirmation, ...older } = fields
    const at25 = await read(await mounted('2.5.1'))
    expect(at25).toMatchObject(older)
    expect(at25).not.toHaveProperty('oidc_disable_confirmation')
    expect(await read(await mounted('2.0.0'))).not.toHaveProperty('callback_mode')
  })

  test('resets what a write leaves out of four fields, and no other', async () => {
    const bao = await mounted()
    await ask(bao, 'POST', 'auth/jwt/role/r', {
      ...role,
      role_type: 'oidc',
      allowed_redirect_uris: ['http://localhost'],
      bound_claims_type: 'glob',
      callback_mode: 'device',
      oidc_disable_confirmation: true,
      token_policies_template_claims: true,
      poll_interval: 9,
    })
    await ask(bao, 'POST', 'auth/jwt/role/r', {})
    expect((await ask(bao, 'GET', 'auth/jwt/role/r')).data).toMatchObject({
      role_type: 'oidc',
      bound_claims_type: 'string',
      callback_mode: 'client',
      oidc_disable_confirmation: false,
      token_policies_template_claims: true,
      poll_interval: 9,
    })
  })

  test.each([
    [{ callback_mode: 'x' }, "invalid 'callback_mode': x"],
    [{ oauth2_metadata: 'x' }, 'Unrecognized oauth2 metadata name x'],
    [
      { token_strictly_bind_ip: true, token_bound_cidrs: '10.0.0.1' },
      "'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one",
    ],
  ])('refuses a role with %j', async (fields, words) => {
    const bao = await mounted()
    const reply = await ask(bao, 'POST', 'auth/jwt/role/r', { ...role, ...fields })
    expect(reply).toMatchObject({ status: 400, body: { errors: [words] } })
  })

  test('lists its roles in pages', async () => {
    const bao = await mounted()
    for (const name of ['a', 'b', 'c']) await ask(bao, 'POST', `auth/jwt/role/${name}`, role)
    expect((await ask(bao, 'LIST', 'auth/jwt/role?after=a&limit=1')).data['keys']).toEqual(['b'])
    expect((await ask(bao, 'LIST', 'auth/jwt/role?after=c')).status).toBe(404)
  })

  test('has a configuration with a status, and words of its own for a bad one', async () => {
    const bao = await mounted()
    const write = (config: object) => ask(bao, 'POST', 'auth/jwt/config', config)
    expect((await write({ oidc_discovery_url: 'https://gitlab.test' })).status).toBe(204)
    const { data } = await ask(bao, 'GET', 'auth/jwt/config')
    expect(data).toMatchObject({ status: 'valid', override_allowed_server_names: [] })
    expect(data).not.toHaveProperty('jwks_pairs')
    expect(data).not.toHaveProperty('skip_jwks_validation')
    expect((await write({})).body['errors']).toEqual([
      "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' must be set",
    ])
    const wellKnown = 'https://gitlab.test/.well-known/openid-configuration'
    expect((await write({ oidc_discovery_url: wellKnown })).body['errors']).toEqual([
      "'oidc_discovery_url' contains '.well-known' component",
    ])
  })
})

describe('a policy text', () => {
  const write = (sandbox: Sandbox, text: string) => ask(sandbox, 'POST', at, { policy: text })

  test('may name what only OpenBao has, and nothing that only Vault has', async () => {
    const bao = await openbao()
    expect((await write(bao, 'path "a" { capabilities = ["scan"]\n pagination_limit = 5 }')).status).toBe(204)
    expect((await write(bao, 'path "a" { capabilities = ["subscribe"] }')).status).toBe(400)
  })

  test('may hold a key twice', async () => {
    expect((await write(await openbao(), 'path "a" { policy = "read" policy = "read" }')).status).toBe(204)
  })
})
