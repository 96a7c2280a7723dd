import type { Dispatcher } from 'undici'
import type { JsonValue } from '../core/json.ts'
import { VaultError } from '../core/server.ts'
import { describeLoss, type Loss } from './loss.ts'
import { type Pace, retryDelay } from './retry.ts'

/** What node-vault hands to its transport (the shape of the former request-promise). */
interface TransportRequest {
  readonly uri: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** Ours, handed through by node-vault: see WriteOptions. */
  readonly repeatable?: boolean
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

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly location: string | undefined
  readonly type: string | undefined
  readonly text: string
}

/** The largest answer that is read: far above 10,000 policies in one listing, far below what would hurt. */
const largestAnswer = 256 * 1024 * 1024

/**
 * HTTP for node-vault over undici. Requests go through `dispatch`, which costs half of what `request` does because no
 * stream is made for answers of a few hundred bytes. Lost connections, 5xx, 412 and 429 are tried again, with growing
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
      const result = await send(options, path, request, body)
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
  { method }: TransportRequest,
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
    return { statusCode: status, body: JSON.parse(text) as JsonValue, request: { path } }
  } catch {
    throw fail(
      status,
      `the answer is not JSON (${result.type ?? 'no content type'}); is this the address of a Vault or OpenBao server?`,
    )
  }
}

function send(
  { dispatcher, origin }: TransportOptions,
  path: string,
  request: TransportRequest,
  body: string | undefined,
): Promise<Answer | Loss> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    let head: Omit<Answer, 'text'> | undefined
    const dispatch: Dispatcher.DispatchOptions = {
      origin,
      path,
      method: request.method as Dispatcher.HttpMethod,
      headers: { ...request.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
    }
    dispatcher.dispatch(dispatch, {
      onRequestStart() {},
      onResponseStart(_controller, status, headers) {
        head = {
          status,
          retryAfter: first(headers['retry-after']),
          location: first(headers['location']),
          type: first(headers['content-type']),
        }
      },
      onResponseData(controller, chunk) {
        size += chunk.length
        if (size > largestAnswer) controller.abort(Object.assign(new Error('too large'), { code: 'ANSWER_TOO_LARGE' }))
        else chunks.push(chunk)
      },
      onResponseEnd() {
        if (head !== undefined)
          resolve({ ...head, text: chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString() })
      },
      onResponseError(_controller, error) {
        resolve({ lost: (error as NodeJS.ErrnoException).code ?? error.name, detail: error.message })
      },
    })
  })
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
