import { createHash } from 'node:crypto'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'

/** A line of an audit log, as far as it is used: no token, no accessor in clear, no value in clear. */
export interface AuditEntry {
  readonly type: 'request' | 'response'
  readonly id: string
  /** As written; empty where it is none. */
  readonly time: string
  readonly operation: string
  readonly path: string
  readonly namespace: string
  /** Strings are the server's hashes, or ours of what the log has in clear; undefined where the entry has no body. */
  readonly data: JsonObject | undefined
  readonly failed: boolean
  readonly name: string
  readonly entity: string
  readonly policies: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly accessor: string
  readonly remoteAddress: string
  readonly forwardedFrom: string
  readonly userAgent: string
  /** A text in clear and the hash that this log has for it: tells which device wrote the log. */
  readonly sample?: Sample
}

export interface Sample {
  readonly text: string
  readonly hash: string
}

const serverHash = /^hmac-sha256:[0-9a-f]{64}$/

export function isServerHash(text: string): boolean {
  return serverHash.test(text)
}

/** The server's hashes in what a request sent. */
export function serverHashesIn(value: JsonValue): Set<string> {
  if (typeof value === 'string') return new Set(isServerHash(value) ? [value] : [])
  if (typeof value !== 'object' || value === null) return new Set()
  return new Set(Object.values(value).flatMap((item) => [...serverHashesIn(item as JsonValue)]))
}

/** What stands for a text that a log has in clear (`log_raw`, or keys that are not hashed): it may be a secret. */
export function ownHash(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** Vault and OpenBao write the same members (vault audit/types.go, openbao audit/format.go). Undefined for what is no entry. */
export function parseEntry(json: Buffer): AuditEntry | undefined {
  const entry = parse(json)
  const request = member(entry, 'request')
  const type = text(entry['type'], 16)
  const [id, path] = [text(request['id'], 128), text(request['path'], 4096)]
  if ((type !== 'request' && type !== 'response') || id === '' || path === '') return undefined
  const [auth, response] = [member(entry, 'auth'), member(entry, 'response')]
  const sample = sampleOf(path, request, response)
  const accessor = text(auth['accessor'], 128)
  return {
    type,
    id,
    time: text(entry['time'], 64),
    operation: text(request['operation'], 32),
    path,
    namespace: text(member(request, 'namespace')['path'], 4096).replace(/^\/+|\/+$/g, ''),
    data: isObject(request['data']) ? (hidden(request['data'], 8) as JsonObject) : undefined,
    failed: text(entry['error'], 16) !== '' || member(response, 'data')['error'] !== undefined,
    name: text(auth['display_name'], 256),
    entity: text(auth['entity_id'], 64),
    policies: texts(auth['token_policies'] ?? auth['policies']),
    metadata: textMap(auth['metadata']),
    accessor: isServerHash(accessor) ? accessor : '',
    remoteAddress: text(request['remote_address'], 64),
    forwardedFrom: text(entry['forwarded_from'], 256),
    userAgent: texts(member(request, 'headers')['user-agent'])[0] ?? '',
    ...(sample === undefined ? {} : { sample }),
  }
}

function parse(json: Buffer): JsonObject {
  try {
    // However deep: a request could hide from the answer behind nesting that the server ignored.
    const value: unknown = JSON.parse(json.toString('utf8'))
    return isObject(value) ? value : {}
  } catch {
    // No entry; whoever reads lines counts it.
    return {}
  }
}

function member(object: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  return isObject(value) ? value : {}
}

/** Logs are written by strangers: nothing of any length is taken over. */
function text(value: JsonValue | undefined, longest: number): string {
  return typeof value === 'string' ? value.slice(0, longest) : ''
}

function texts(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.slice(0, 64).map((item: JsonValue) => text(item, 256)) : []
}

function textMap(value: JsonValue | undefined): Record<string, string> {
  if (!isObject(value)) return {}
  const members = Object.entries(value).slice(0, 32)
  return Object.fromEntries(members.map(([name, item]) => [name.slice(0, 128), text(item, 256)]))
}

/** The same shape with every string as a hash; what is nested deeper than any body of these servers is left out. */
function hidden(value: JsonValue, depth: number): JsonValue {
  if (typeof value === 'string') return isServerHash(value) ? value : ownHash(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return null
  if (Array.isArray(value)) return value.slice(0, 10_000).map((item: JsonValue) => hidden(item, depth - 1))
  const members = Object.entries(value).slice(0, 1000)
  return Object.fromEntries(members.map(([name, item]) => [name.slice(0, 256), hidden(item, depth - 1)]))
}

/** Two answers repeat in clear, or in their path, what they hash elsewhere: a policy that was read, and a login. */
function sampleOf(path: string, request: JsonObject, response: JsonObject): Sample | undefined {
  const [, policy] = /^sys\/policies\/acl\/(.*[^/])$/s.exec(path) ?? []
  if (policy !== undefined) return pair(policy.toLowerCase(), member(response, 'data')['name'])
  if (!/^auth\/.+\/login$/s.test(path)) return undefined
  const role = text(member(member(response, 'auth'), 'metadata')['role'], 256)
  return pair(role, member(request, 'data')['role'])
}

function pair(clear: string, hash: JsonValue | undefined): Sample | undefined {
  return clear !== '' && typeof hash === 'string' && isServerHash(hash) ? { text: clear, hash } : undefined
}
