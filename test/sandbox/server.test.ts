import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { UserError } from '../../src/core/diagnostic.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts'
import { ask } from './client.ts'

const running: Sandbox[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()))
})

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options)
  running.push(sandbox)
  return sandbox
}

describe('starting', () => {
  test('takes a free loopback port and a token that nobody knows', async () => {
    const [one, other] = [await start(), await start()]
    expect(one.address).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    expect(one.address).not.toBe(other.address)
    expect(one.token).not.toBe(other.token)
    expect((await ask(one, 'GET', 'sys/auth', undefined, { 'x-vault-token': other.token })).status).toBe(403)
  })

  test('is Vault by default, and the product and version that it is told', async () => {
    expect((await ask(await start(), 'GET', 'sys/health')).body).toMatchObject({ version: '1.21.0', enterprise: false })
    const old = await start({ product: 'openbao', version: '2.2.0', token: 'mine' })
    expect(old.token).toBe('mine')
    const health = (await ask(old, 'GET', 'sys/health')).body
    expect(health['version']).toBe('2.2.0')
    expect(health).not.toHaveProperty('enterprise')
  })

  test('is Vault Enterprise where its version says so, without any namespace but the root', async () => {
    const [free, paid] = [await start({ version: '1.19.0' }), await start({ version: '1.19.0+ent.hsm' })]
    for (const [sandbox, enterprise] of [[free, false] as const, [paid, true] as const]) {
      expect((await ask(sandbox, 'GET', 'sys/health')).body).toMatchObject({ enterprise })
      const headers = { 'x-vault-token': sandbox.token, 'x-vault-namespace': 'team' }
      expect((await ask(sandbox, 'GET', 'sys/auth', undefined, headers)).status).toBe(enterprise ? 404 : 200)
    }
  })

  test('at a place that is taken is the problem of whoever chose the place', async () => {
    const { address } = await start()
    await expect(startSandbox({ listen: new URL(address).host })).rejects.toThrow(UserError)
    await expect(startSandbox({ listen: 'somewhere' })).rejects.toThrow('no place to listen at')
    await expect(startSandbox({ listen: '127.0.0.1:70000' })).rejects.toThrow('no place to listen at')
  })
})

describe('requests', () => {
  test('are told of, with their own methods, before they are answered', async () => {
    const seen: string[] = []
    const sandbox = await start({ onRequest: (method, path) => seen.push(`${method} ${path}`) })
    await ask(sandbox, 'LIST', 'sys/policies/acl')
    await ask(sandbox, 'GET', 'auth/jwt/role/a%20b?x=1')
    await ask(sandbox, 'GET', 'nothing', undefined, {})
    expect(seen).toEqual(['LIST sys/policies/acl', 'GET auth/jwt/role/a b', 'GET nothing'])
  })

  test('on one connection are told apart, whatever their methods', async () => {
    const sandbox = await start()
    const mount = { type: 'jwt' }
    // A client keeps its connection: LIST stands both at its beginning and behind bodies.
    for (const name of ['a', 'b']) {
      expect((await ask(sandbox, 'LIST', 'sys/policies/acl')).data['keys']).toEqual(['default', 'root'])
      expect((await ask(sandbox, 'POST', `sys/auth/${name}`, mount)).status).toBe(204)
      expect((await ask(sandbox, 'LIST', `auth/${name}/role`)).status).toBe(404)
    }
  })

  test('with a path that is not the API, or no path at all, are not found', async () => {
    const sandbox = await start()
    expect((await fetch(`${sandbox.address}/ui/`)).status).toBe(404)
    expect((await fetch(`${sandbox.address}/v1/%E0%A4%A`)).status).toBe(400)
  })

  test('in numbers and at the same time are all answered', async () => {
    const sandbox = await start()
    await ask(sandbox, 'POST', 'sys/auth/jwt', { type: 'jwt' })
    const role = { role_type: 'jwt', user_claim: 'sub', bound_subject: 's' }
    const names = Array.from({ length: 200 }, (_, index) => `r${String(index).padStart(3, '0')}`)
    await Promise.all(names.map((name) => ask(sandbox, 'POST', `auth/jwt/role/${name}`, role)))
    expect((await ask(sandbox, 'LIST', 'auth/jwt/role')).data['keys']).toEqual(names)
    const reads = await Promise.all(names.map((name) => ask(sandbox, 'GET', `auth/jwt/role/${name}`)))
    expect(reads.every(({ status }) => status === 200)).toBe(true)
  })
})

describe('the token', () => {
  test('is nobody any more after it revoked itself', async () => {
    const sandbox = await start()
    expect((await ask(sandbox, 'POST', 'auth/token/revoke-self')).status).toBe(204)
    expect((await ask(sandbox, 'GET', 'auth/token/lookup-self')).status).toBe(403)
  })
})

describe('secrets', () => {
  test('are not kept: what the server never gives back is not even in a snapshot', async () => {
    const sandbox = await start()
    await ask(sandbox, 'POST', 'sys/auth/jwt', { type: 'jwt' })
    const secrets = { oidc_client_id: 'id', oidc_client_secret: 'made-up-secret' }
    const provider = { provider: 'gsuite', gsuite_service_account: 'made-up-account' }
    await ask(sandbox, 'POST', 'auth/jwt/config', {
      ...secrets,
      oidc_discovery_url: 'https://gitlab.test',
      provider_config: provider,
    })
    const text = JSON.stringify(sandbox.snapshot())
    expect(text).toContain('https://gitlab.test')
    expect(text).not.toContain('made-up-secret')
    expect(text).not.toContain('made-up-account')
    expect(text).not.toContain(sandbox.token)
  })
})

describe('closing', () => {
  test('ends connections that are still open', async () => {
    const sandbox = await startSandbox()
    const { hostname, port } = new URL(sandbox.address)
    const socket = connect(Number(port), hostname)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await new Promise((resolve) => socket.once('connect', resolve))
    await ask(sandbox, 'GET', 'sys/health')
    await sandbox.close()
    await closed
    await expect(ask(sandbox, 'GET', 'sys/health')).rejects.toThrow()
  })
})
