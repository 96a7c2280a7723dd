import { request as send } from 'undici'
import type { JsonObject } from '../../src/core/json.ts'
import type { ServerVersion } from '../../src/core/version.ts'

/** A real server, as somebody. */
export interface Client {
  readonly address: string
  readonly token: string
  /** Absent for the root namespace. */
  readonly namespace?: string
}

export interface Answer {
  readonly status: number
  readonly data: JsonObject
  readonly body: JsonObject
}

/** `path` is without `/v1/`, encoded. Never throws for a status. */
export async function call(
  { address, token, namespace }: Client,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const answer = await send(`${address}/v1/${path}`, {
    method: method as 'GET', // LIST and SCAN are the servers' own.
    headers: { 'x-vault-token': token, ...(namespace && { 'x-vault-namespace': namespace }), ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const text = await answer.body.text()
  const parsed = text === '' ? {} : (JSON.parse(text) as JsonObject)
  return { status: answer.statusCode, body: parsed, data: (parsed['data'] ?? {}) as JsonObject }
}

/** As `call`, for what a test needs to have: throws when the server does not do it. */
export async function must(client: Client, method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await call(client, method, path, body)
  if (answer.status >= 300)
    throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body['errors'])}`)
  return answer
}

/** Which server this is, by its own word: OpenBao's builtin plugins carry its name in their versions. */
export async function versionOf(client: Client): Promise<ServerVersion> {
  const root = { address: client.address, token: client.token }
  const { body } = await must(root, 'GET', 'sys/health?standbyok=true')
  const { data } = await must(root, 'GET', 'sys/auth')
  const plugin = String((data['token/'] as JsonObject)['running_plugin_version'])
  return { product: plugin.includes('bao') ? 'openbao' : 'vault', version: String(body['version']) }
}

/** With a token role, the token is for the entity that the alias belongs to. */
export async function tokenWith(
  client: Client,
  policies: readonly string[],
  role?: { readonly name: string; readonly alias: string },
): Promise<string> {
  const body = { policies, no_default_policy: true, ...(role && { entity_alias: role.alias }) }
  const answer = await must(client, 'POST', `auth/token/create${role ? `/${role.name}` : ''}`, body)
  return String((answer.body['auth'] as JsonObject)['client_token'])
}
