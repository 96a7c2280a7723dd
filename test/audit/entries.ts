import { createHmac } from 'node:crypto'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'

/** Entries as the servers write them (vault audit/types.go), hashed with a salt as an audit device does. */
export interface Written {
  readonly id?: string
  readonly time?: string
  readonly type?: 'request' | 'response'
  readonly operation?: string
  readonly path: string
  readonly namespace?: string
  readonly data?: JsonObject
  readonly error?: string
  readonly responseData?: JsonObject
  readonly auth?: JsonObject
  readonly more?: JsonObject
}

let counter = 0

/** As `salt.GetIdentifiedHMAC`: a device's salt is a text of its own. */
export function hmac(salt: string, text: string): string {
  return `hmac-sha256:${createHmac('sha256', salt).update(text).digest('hex')}`
}

function hashed(salt: string | undefined, value: JsonValue): JsonValue {
  if (salt === undefined) return value
  if (typeof value === 'string') return hmac(salt, value)
  if (Array.isArray(value)) return value.map((item: JsonValue) => hashed(salt, item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, hashed(salt, item)]))
}

/** A salt of undefined is a device with `log_raw`. */
export function entry(salt: string | undefined, written: Written): JsonObject {
  const { id = `id-${counter++}`, time = '2026-11-20T14:00:00Z', type = 'response', operation = 'update' } = written
  const { path, namespace, data, error, responseData, auth = { display_name: 'userpass-alice' }, more = {} } = written
  return {
    time,
    type,
    auth,
    request: {
      id,
      operation,
      namespace: { id: 'x', ...(namespace === undefined ? {} : { path: namespace }) },
      path,
      ...(data === undefined ? {} : { data: hashed(salt, data) }),
      remote_address: '10.1.2.3',
      ...more,
    },
    ...(type === 'response' && responseData !== undefined ? { response: { data: hashed(salt, responseData) } } : {}),
    ...(error === undefined ? {} : { error }),
  }
}

export function log(...entries: readonly JsonObject[]): string {
  return entries.map((line) => `${JSON.stringify(line)}\n`).join('')
}
