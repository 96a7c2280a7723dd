import type { Dispatcher } from 'undici'
import { parseWritten } from '../access/login/json-number.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import { refuseDeep, TooDeep } from '../core/json-text.ts'
import { VaultError } from '../core/server.ts'
import { type Answer, exchange } from './exchange.ts'
import { describeLoss, type Loss } from './loss.ts'
import { type Pace, retryDelay } from './retry.ts'
import { wordsOf } from './words.ts'

/** What node-vault hands to its transport (the shape of the former request-promise). */
interface TransportRequest {
  readonly uri: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** Ours, handed through by node-vault: see WriteOptions. */
  readonly repeatable?: boolean
  /** Ours, too: whether numbers keep the text that JavaScript would change (`JsonNumber`). */
  readonly exact?: boolean
}

interface TransportResponse {
  readonly statusCode: number
  readonly body: JsonValue | undefined
  readonly request: { readonly path: string }
}

export interface TransportOptions {
  /** Scheme, host and port: what every request's URI begins with. */
  readonly origin: string
  readonly dispatcher: Dispatcher
  /** Milliseconds without an answer after which a request counts as lost. */
  readonly timeout: number
  readonly retries: number
  /** Turns a request's body into its text; the only place where write-only references become secrets. */
  readonly encode: (body: unknown) => string
  readonly pace: Pace
}

export interface Transport {
  (request: TransportRequest): Promise<TransportResponse>
  /** node-vault asks for a copy with its defaults; ours has none to change. */
  defaults(defaults: unknown): Transport
}

/**
 * HTTP for node-vault over undici. Lost connections, 5xx, 412 and 429 are tried again, with growing
 * jittered pauses and whatever the server asks for in Retry-After; a request that is not repeatable only when it surely
 * was not carried out. Redirects are never followed: the token belongs to one address.
 */
export function createTransport(options: TransportOptions): Transport {
  const { pace } = options
  const transport = (async (request: TransportRequest) => {
    const path = request.uri.slice(options.origin.length)
    const body = request.json === undefined || request.json === true ? undefined : options.encode(request.json)
    for (let attempt = 0; ; attempt++) {
      await pace.ready()
      const result = await exchange(options, { method: request.method, path, headers: request.headers ?? {}, body })
      const delay = retryDelay(
        result,
        attempt,
        options.retries,
        request.method !== 'POST' || request.repeatable !== false,
      )
      if (delay === undefined) return toResponse(result, options.origin, path, request)
      const waited = await pace.wait(delay, 'status' in result && result.status === 429)
      if (!waited) return toResponse(result, options.origin, path, request)
    }
  }) as Transport
  transport.defaults = () => transport
  return transport
}

function toResponse(
  result: Answer | Loss,
  origin: string,
  path: string,
  { method, exact }: TransportRequest,
): TransportResponse {
  const fail = (status: number, reason: string) => new VaultError(status, method, path, [reason])
  if ('lost' in result) throw fail(0, describeLoss(result, origin))
  const { status, text } = result
  if (status >= 300 && status < 400) {
    throw fail(
      status,
      `the server redirects to ${result.location ?? 'another address'}, which the token does not follow; use the address of the active node`,
    )
  }
  if (text === '') return { statusCode: status, body: undefined, request: { path } }
  try {
    refuseDeep(text)
    const body = (exact === true ? parseWritten(text) : JSON.parse(text)) as JsonValue
    return { statusCode: status, body: withWords(body), request: { path } }
  } catch (error) {
    if (error instanceof TooDeep) throw fail(status, `the answer is ${error.message}, as no such server answers`)
    throw fail(
      status,
      `the answer is not JSON (${result.type ?? 'no content type'}); is this the address of a Vault or OpenBao server?`,
    )
  }
}

/** node-vault makes an Error of the first one of them, and calls what a text has. */
function withWords(body: JsonValue): JsonValue {
  if (!isObject(body) || body['errors'] === undefined) return body
  return { ...body, errors: Array.isArray(body['errors']) ? wordsOf(body['errors']) : [] }
}
