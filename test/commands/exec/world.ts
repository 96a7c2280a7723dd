import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, vi } from 'vitest'
import { gitlab, sign } from '../../support/issuer.ts'
import { request, type Server } from '../../support/live-vault.ts'
import { type Ended, type RunOptions, vaultwright } from '../../support/program.ts'
import { ownName } from '../fixture.ts'

/** A mount for logins with two secrets engines, under names of its own, on a real server. */
export interface World {
  readonly server: Server
  /** Path of the auth mount, and beginning of all other names. */
  readonly id: string
  readonly v2: string
  readonly v1: string
  /** A request as root. Fails for a refusal. */
  root(method: string, path: string, body?: unknown): Promise<Record<string, unknown>>
  /** Writes a policy of this text and a role that has it. Gives the role's name. */
  role(policy: string, fields?: Readonly<Record<string, unknown>>): Promise<string>
  /** `exec` in a job: an ID token, no other credential. */
  exec(words: readonly string[], options?: RunOptions): Promise<Ended>
}

export async function makeWorld(server: Server): Promise<World> {
  const id = ownName()
  const [v2, v1] = [`${id}-v2`, `${id}-v1`]
  const root: World['root'] = async (method, path, body) => {
    const answer = await request(server, method, path, body)
    expect([path, answer.status < 300, answer.body?.['errors']]).toEqual([path, true, undefined])
    return answer.body ?? {}
  }
  await root('POST', `sys/auth/${id}`, { type: 'jwt' })
  await root('POST', `auth/${id}/config`, { oidc_discovery_url: gitlab, bound_issuer: gitlab })
  await root('POST', `sys/mounts/${v2}`, { type: 'kv', options: { version: '2' } })
  await root('POST', `sys/mounts/${v1}`, { type: 'kv', options: { version: '1' } })
  let roles = 0
  return {
    server,
    id,
    v2,
    v1,
    root,
    async role(policy, fields = {}) {
      const name = `${id}-role-${roles++}`
      await root('POST', `sys/policies/acl/${name}`, { policy })
      const bounds = { bound_claims: { project_id: '22' }, bound_audiences: ['https://vault.example.com'] }
      const base = { role_type: 'jwt', user_claim: 'project_id', token_policies: [name], ...bounds }
      await root('POST', `auth/${id}/role/${name}`, { ...base, ...fields })
      return name
    },
    async exec(words, options = {}) {
      const env = { VAULT_ADDR: server.address, VAULT_ID_TOKEN: await sign(), VAULT_AUTH_PATH: id }
      return await vaultwright(['exec', ...words], { ...options, env: { ...env, ...options.env } })
    },
  }
}

/** Writes a secret of kv-v2, whose mount needs a moment to get ready. Gives the version. */
export async function writeSecret({ server, v2 }: World, path: string, data: Readonly<Record<string, unknown>>) {
  await vi.waitFor(async () => {
    expect((await request(server, 'POST', `${v2}/data/${path}`, { data })).status).toBe(200)
  }, 10_000)
}

export function reads(...paths: readonly string[]): string {
  return paths.map((path) => `path "${path}" { capabilities = ["read"] }\n`).join('')
}

/** A status of 200 while the token lives. */
export async function tokenStatus({ server }: World, token: string): Promise<number> {
  return (await request(server, 'POST', 'auth/token/lookup', { token })).status
}

/** A way to the server that remembers what was asked for. */
export async function recorder(
  server: Server,
): Promise<{ readonly address: string; readonly asked: readonly string[] }> {
  const asked: string[] = []
  const { port } = new URL(server.address)
  const proxy = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url?.replace('/v1/', '')}`)
    const { method, headers, url: path } = incoming
    const onward = forward({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return { address: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked }
}

/** A secret that no other text holds. */
export function canary(): string {
  return `canary-${crypto.randomUUID()}`
}
