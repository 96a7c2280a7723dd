import { isObject, type JsonObject } from '../../src/core/json.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'

export interface Reply {
  readonly status: number
  /** Empty where the answer has no body. */
  readonly body: JsonObject
  /** `data` of the body; empty where it has none. */
  readonly data: JsonObject
}

/** Asks the sandbox with its own token, or with the headers given instead. */
export async function ask(
  { address, token }: Pick<Sandbox, 'address' | 'token'>,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = { 'x-vault-token': token },
): Promise<Reply> {
  const response = await fetch(`${address}/v1/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const parsed = text === '' ? {} : (JSON.parse(text) as JsonObject)
  return { status: response.status, body: parsed, data: isObject(parsed['data']) ? parsed['data'] : {} }
}
