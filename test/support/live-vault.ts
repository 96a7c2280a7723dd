import { Agent, request as send } from 'undici'
import { inject } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { type LaunchOptions, launch, type VaultProcess } from './vault-process.ts'

/** How to reach a server, and as whom. */
export interface Server {
  readonly address: string
  /** Absent for requests without one, such as a login. */
  readonly token?: string
  /** The certificate to trust, PEM; with https only. */
  readonly ca?: string
}

/**
 * The real server that all tests of a run share, with its root token. Others work on it at the same time, so a test gives
 * its mounts and policies names of its own. Throws with the reason where no server was to be had.
 */
export async function liveVault(): Promise<{ readonly address: string; readonly token: string }> {
  const { address, token } = vault()
  return { address, token }
}

/** A server of one test's own, which that test stops. It reaches the stand-in GitLab like the shared one. */
export async function startVault(options: LaunchOptions = {}): Promise<VaultProcess> {
  const { program, environment } = vault()
  return await launch(program, { ...options, env: { ...environment, ...options.env } })
}

function vault() {
  const provided = inject('vault')
  if ('reason' in provided) throw new Error(`There is no real server to test against. ${provided.reason}`)
  return provided
}

/** `path` is without `/v1/`; the body is undefined where the answer has none. */
export async function request(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: JsonObject | undefined }> {
  const answer = await send(`${server.address}/v1/${path}`, {
    method: method as 'GET', // LIST is Vault's own.
    headers: server.token === undefined ? {} : { 'x-vault-token': server.token },
    body: body === undefined ? null : JSON.stringify(body),
    ...(server.ca === undefined ? {} : { dispatcher: agentFor(server.ca) }),
  })
  const text = await answer.body.text()
  return { status: answer.statusCode, body: text === '' ? undefined : JSON.parse(text) }
}

const agents = new Map<string, Agent>()

function agentFor(ca: string): Agent {
  const agent = agents.get(ca) ?? new Agent({ connect: { ca } })
  agents.set(ca, agent)
  return agent
}
