import { randomUUID } from 'node:crypto'
import { JsonNumber } from '../access/login/json-number.ts'
import { byText, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Product } from '../core/server.ts'

/** What a handler has to say; how it looks on the wire is decided here, once for all. */
export type Answer =
  | { readonly kind: 'empty' }
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'data'
      readonly data: JsonObject | null
      readonly warnings?: readonly string[]
      /** A token that was given or renewed. */
      readonly auth?: JsonObject
      /** Seconds. */
      readonly leaseDuration?: number
      /** 404 for what is gone and still has something to say. */
      readonly status?: 404
      /** Some endpoints repeat their data beside the envelope (http handler.go, injectDataIntoTopRoutes). */
      readonly repeated?: boolean
    }
  /** Without an envelope, such as `sys/health`. */
  | { readonly kind: 'bare'; readonly status: number; readonly body: JsonObject }

/** The server's refusal, thrown by handlers and answered once, in server.ts. */
export class Refusal extends Error {
  readonly status: number
  readonly errors: readonly string[]

  constructor(status: number, errors: readonly string[]) {
    super(errors.join('; '))
    this.status = status
    this.errors = errors
  }
}

/** The server cuts the connection instead of answering, because its handler panicked. */
export class Crash extends Error {}

export const empty: Answer = { kind: 'empty' }
export const missing: Answer = { kind: 'missing' }

export function data(content: JsonObject): Answer {
  return { kind: 'data', data: content }
}

export function repeatedData(content: JsonObject): Answer {
  return { kind: 'data', data: content, repeated: true }
}

/** A list of names; an empty one is "nothing there" (sdk/logical ListResponse, http respondLogical). */
export function listing(keys: readonly string[], keyInfo?: JsonObject): Answer {
  if (keys.length === 0) return missing
  return data(keyInfo === undefined ? { keys } : { keys, key_info: keyInfo })
}

/** The answer to a write: 204, or 200 where there is something to warn of. */
export function written(warnings: readonly string[] = []): Answer {
  return warnings.length === 0 ? empty : { kind: 'data', data: null, warnings }
}

export function refuse(message: string, status = 400): never {
  throw new Refusal(status, [message])
}

/** Errors that went through the server's list of errors (hashicorp/go-multierror). */
export function severalErrors(...messages: readonly string[]): string {
  const count = messages.length === 1 ? '1 error' : `${messages.length} errors`
  return `${count} occurred:\n${messages.map((message) => `\t* ${message}\n`).join('')}\n`
}

/** A request that the token's policies do not allow, or a token that is not good enough. */
export function denied(): never {
  return refuse(severalErrors('permission denied'), 403)
}

export function unsupportedPath(): never {
  return refuse(severalErrors('unsupported path'), 404)
}

export function unsupportedOperation(): never {
  return refuse(severalErrors('unsupported operation'), 405)
}

/** Status and body; a body of undefined is none at all. */
export interface Rendered {
  readonly status: number
  readonly body?: string
}

export function render(answer: Answer, product: Product, mountType: string): Rendered {
  switch (answer.kind) {
    case 'empty':
      return { status: 204 }
    case 'missing':
      return renderErrors(404, [])
    case 'bare':
      return { status: answer.status, body: plainJson(answer.body) }
    case 'data':
      return { status: answer.status ?? 200, body: envelope(answer, product, answer.status ? '' : mountType) }
  }
}

export function renderErrors(status: number, errors: readonly string[]): Rendered {
  return { status, body: goJson({ errors }) }
}

function envelope(answer: Answer & { kind: 'data' }, product: Product, mountType: string): string {
  return plainJson({
    ...(answer.repeated ? answer.data : {}),
    request_id: randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: answer.leaseDuration ?? 0,
    data: answer.data,
    wrap_info: null,
    warnings: answer.warnings === undefined || answer.warnings.length === 0 ? null : answer.warnings,
    auth: answer.auth ?? null,
    ...(product === 'vault' ? { mount_type: mountType } : {}),
  })
}

/** Members in the given order; what is inside them in the order of their keys, as Go writes maps. */
function plainJson(body: JsonObject): string {
  const members = Object.entries(body).map(([key, value]) => `${goString(key)}:${goEscape(json(value))}`)
  return `{${members.join(',')}}\n`
}

/** Sorted as Go sorts a map, and with the numbers of roles as they were written. */
function json(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const keys = Object.keys(value).sort(byText)
  return `{${keys.map((key) => `${JSON.stringify(key)}:${json(value[key] as JsonValue)}`).join(',')}}`
}

function goJson(value: JsonValue): string {
  return `${goEscape(json(value))}\n`
}

function goString(text: string): string {
  return goEscape(JSON.stringify(text))
}

/** Go's encoder keeps its output fit for HTML. */
function goEscape(json: string): string {
  return json.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
}
