import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { fetchOverNetwork } from '../../src/sandbox/fetch-document.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts'
import { ask, type Reply } from './client.ts'

const ending: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()))
})

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options)
  ending.push(() => sandbox.close())
  await ask(sandbox, 'POST', 'sys/auth/jwt', { type: 'jwt' })
  await ask(sandbox, 'POST', 'auth/jwt/role/ci', {
    ...{ role_type: 'jwt', user_claim: 'u', bound_audiences: ['v'] },
    ...{ token_ttl: 300, token_max_ttl: 600 },
  })
  return sandbox
}

/** An issuer on this machine, with the documents at their paths, and its way to sign. */
async function issuer(documents: (address: string, keys: JsonObject) => Readonly<Record<string, JsonObject>>) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] } as unknown as JsonObject
  const asked: string[] = []
  const http = createServer(({ url = '' }, response) => {
    asked.push(url)
    const document = documents(address, keys)[url]
    response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document ?? {}))
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const close = () => new Promise((done) => http.close(done).closeAllConnections())
  ending.push(close)
  const sign = (kid = 'k', at = Date.now()) =>
    new SignJWT({ u: 'alice', aud: 'v', iat: Math.floor(at / 1000), exp: Math.floor(at / 1000) + 86_400 })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(privateKey)
  return { address, asked, keys, sign, close }
}

const discovery = (address: string, keys: JsonObject) => ({
  '/.well-known/openid-configuration': { issuer: address, jwks_uri: `${address}/keys` },
  '/keys': keys,
})

async function logIn(sandbox: Sandbox, jwt: string): Promise<Reply> {
  return ask(sandbox, 'POST', 'auth/jwt/login', { role: 'ci', jwt }, {})
}

const configure = (sandbox: Sandbox, config: JsonObject) => ask(sandbox, 'POST', 'auth/jwt/config', config)

describe('the keys of an issuer', () => {
  test('are not fetched, and the login says so, unless the sandbox was told how', async () => {
    const { address, asked, sign } = await issuer(discovery)
    const sandbox = await start()
    expect((await configure(sandbox, { oidc_discovery_url: address })).status).toBe(204)
    const { status, body } = await logIn(sandbox, await sign())
    expect(status).toBe(400)
    expect(body['errors']).toEqual([
      `error configuring token validator: Get "${address}/.well-known/openid-configuration": the sandbox fetches no keys unless it is started with --fetch-keys`,
    ])
    expect((await configure(sandbox, { jwks_url: `${address}/keys` })).status).toBe(204)
    expect((await logIn(sandbox, await sign())).body['errors']).toEqual([
      expect.stringContaining('unless it is started with --fetch-keys'),
    ])
    expect(asked).toEqual([])
  })

  test.each(['oidc_discovery_url', 'jwks_url', 'jwks_pairs'])('are found by %s', async (field) => {
    const { address, sign } = await issuer(discovery)
    const sandbox = await start({ fetchDocument: fetchOverNetwork })
    const keys = `${address}/keys`
    const value = { oidc_discovery_url: address, jwks_url: keys, jwks_pairs: [{ jwks_url: keys }] }[field] as string
    expect((await configure(sandbox, { [field]: value })).status).toBe(204)
    expect((await logIn(sandbox, await sign())).body).toMatchObject({ auth: { lease_duration: 300 } })
    expect((await logIn(sandbox, await sign('other'))).body['errors']).toEqual([
      'error validating token: error verifying token signature: failed to verify id token signature',
    ])
  })

  test('must be where the configuration says when it is written', async () => {
    const { address } = await issuer((at) => ({
      '/.well-known/openid-configuration': { issuer: `${at}/`, jwks_uri: '' },
    }))
    const sandbox = await start({ fetchDocument: fetchOverNetwork })
    for (const url of [address, `${address}/nowhere`, 'http://127.0.0.1:1', 'file:///etc/hosts', 'no url'])
      expect(await configure(sandbox, { oidc_discovery_url: url }), url).toMatchObject({
        status: 400,
        body: { errors: ['error checking oidc discovery URL'] },
      })
    const jwks = `${address}/nowhere`
    const refused = { status: 400, body: { errors: [`error checking jwks URL ${jwks}`] } }
    expect(await configure(sandbox, { jwks_url: jwks })).toMatchObject(refused)
  })

  test('that are not there on OpenBao are a warning where it is asked not to look', async () => {
    const sandbox = await start({ product: 'openbao', fetchDocument: fetchOverNetwork })
    const config = { oidc_discovery_url: 'http://127.0.0.1:1', skip_jwks_validation: true }
    expect((await configure(sandbox, config)).body['warnings']).toEqual(['error checking oidc discovery URL'])
    expect((await configure(sandbox, { ...config, skip_jwks_validation: false })).status).toBe(400)
  })

  test('that are gone since then are named as the reason of the refusal', async () => {
    const { address, sign, close } = await issuer(discovery)
    const sandbox = await start({ fetchDocument: fetchOverNetwork })
    await configure(sandbox, { jwks_url: `${address}/keys` })
    await close()
    expect((await logIn(sandbox, await sign())).body['errors']).toEqual([
      expect.stringMatching(/: fetching keys oidc: get keys failed Get "http:.*\/keys": .*ECONNREFUSED/),
    ])
  })
})

describe('time', () => {
  test('passes for tokens as the sandbox is told', async () => {
    let now = Date.now()
    const { address, sign } = await issuer(discovery)
    const sandbox = await start({ now: () => now, fetchDocument: fetchOverNetwork })
    await configure(sandbox, { oidc_discovery_url: address })
    const { body } = await logIn(sandbox, await sign())
    const headers = { 'x-vault-token': String((body['auth'] as JsonObject)['client_token']) }
    const asHolder = (method: string, path: string) => ask(sandbox, method, `auth/token/${path}`, undefined, headers)
    now += 299_000
    expect((await asHolder('GET', 'lookup-self')).data).toMatchObject({ ttl: 1, creation_ttl: 300 })
    expect((await asHolder('POST', 'renew-self')).body['auth']).toMatchObject({ lease_duration: 300 })
    now += 200_000
    // Within what the role lets it live in all, 600 seconds.
    expect((await asHolder('POST', 'renew-self')).body['auth']).toMatchObject({ lease_duration: 101 })
    now += 101_000
    expect((await asHolder('GET', 'lookup-self')).status).toBe(403)
    now += 86_400_000
    expect((await logIn(sandbox, await sign('k', now - 2 * 86_400_000))).body['errors']).toEqual([
      'error validating token: invalid expiration time (exp) claim: token is expired',
    ])
  })
})
