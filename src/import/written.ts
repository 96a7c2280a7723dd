import { parsePolicy } from '../access/policy/parse.ts'
import { formatDuration } from '../core/duration.ts'
import { deepEqual, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kind } from '../core/kind.ts'
import type { Live } from '../core/resource.ts'
import type { ServerVersion } from '../core/version.ts'
import { namesOf } from './names.ts'
import { literalText } from './template-text.ts'

/** A live object as people would write it; texts are not yet escaped as those of a template. */
export interface Written {
  readonly live: Live
  readonly names: readonly string[]
  readonly value: JsonObject
  /** Values that the server never gives back and the object cannot be without. */
  readonly secrets: readonly FieldPath[]
  /** Those that it may have. */
  readonly perhaps: readonly FieldPath[]
}

/** Why no file can say it, in words that follow "it". */
export interface Undescribable {
  readonly live: Live
  readonly reason: string
}

/** What stands for a secret while it is found out whether there must be one. */
const placeholder = '${env:SECRET}'

/**
 * The object as a file would have it, held against its kind: what people may write, and whether that means what the server
 * has. Servers keep objects that an older version took, or that no file can spell.
 * @param known the secrets that it has, where the source tells; a server does not
 */
export function write(
  kind: Kind,
  live: Live,
  server: ServerVersion,
  known?: readonly FieldPath[],
): Written | Undescribable {
  const names = namesOf(live)
  const refusal =
    kind.refuseName(...names) ??
    unwritableName(kind, names) ??
    unwritableText(live.spec) ??
    unreadablePolicy(kind, live, server)
  if (refusal !== undefined) return { live, reason: refusal }
  const value = inPlainWords(kind, live.spec)
  const secrets = known ?? neededSecrets(kind, value)
  const problem = problemOf(kind, live, secrets.reduce(withSecret, value))
  if (problem !== undefined) return { live, reason: problem }
  return { live, names, value, secrets, perhaps: known === undefined ? possibleSecrets(kind, value, secrets) : [] }
}

export function isWritten(result: Written | Undescribable): result is Written {
  return 'value' in result
}

function problemOf(kind: Kind, live: Live, value: JsonObject): string | undefined {
  const parsed = kind.schema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') ?? ''
    return `no file can say this: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'it has another form'}`
  }
  const readBack = without(kind.canonical(parsed.data), kind.unread)
  return deepEqual(readBack, without(live.spec, kind.unread))
    ? undefined
    : 'a file that says this would mean something else'
}

/** Durations as people say them, wherever both spellings are the same to the kind. */
function inPlainWords(kind: Kind, spec: JsonObject, at: FieldPath = []): JsonObject {
  const entries = Object.entries(spec).map(([key, value]): [string, JsonValue] => {
    if (typeof value === 'number') return [key, isDuration(kind, [...at, key], value) ? formatDuration(value) : value]
    return [key, isObject(value) && at.length === 0 ? inPlainWords(kind, value, [key]) : value]
  })
  return Object.fromEntries(entries)
}

const durations = new WeakMap<Kind, Map<string, boolean>>()

/** A number that its kind also takes as "5m"; what it makes of the text says so. */
function isDuration(kind: Kind, path: FieldPath, seconds: number): boolean {
  if (!Number.isSafeInteger(seconds)) return false
  const known = durations.get(kind) ?? new Map<string, boolean>()
  durations.set(kind, known)
  const key = path.join('\0')
  const nested = (value: JsonValue) =>
    path.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), value) as JsonObject
  const verdict = known.get(key) ?? deepEqual(kind.canonical(nested('1h30m')), kind.canonical(nested(5400)))
  known.set(key, verdict)
  return verdict
}

/** The write-only fields without which the kind would refuse the object. */
function neededSecrets(kind: Kind, value: JsonObject): FieldPath[] {
  if (kind.writeOnly.length === 0 || kind.schema.safeParse(value).success) return []
  const alone = kind.writeOnly.find((path) => kind.schema.safeParse(withSecret(value, path)).success)
  return alone === undefined ? [] : [alone]
}

/** Inside a map that is there, where nothing else tells. */
function possibleSecrets(kind: Kind, value: JsonObject, needed: readonly FieldPath[]): FieldPath[] {
  return kind.writeOnly.filter(
    (path) => path.length > 1 && isObject(value[path[0] as string]) && !needed.includes(path),
  )
}

function withSecret(value: JsonObject, path: FieldPath): JsonObject {
  return withValue(value, path, placeholder)
}

export function withValue(map: JsonObject, [key, ...rest]: FieldPath, value: JsonValue): JsonObject {
  if (key === undefined) return map
  const inner = map[key]
  return { ...map, [key]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value) }
}

/** A copy without what lies at the paths. */
function without(spec: JsonObject, paths: readonly FieldPath[]): JsonObject {
  return paths.reduce((result, [key = '', ...rest]) => {
    const { [key]: value, ...others } = result
    if (value === undefined) return result
    return rest.length === 0 ? others : { ...others, [key]: isObject(value) ? without(value, [rest]) : value }
  }, spec)
}

/** Of the objects in environment files the names are keys, and the loader fills in no keys. */
function unwritableName({ written }: Kind, names: readonly string[]): string | undefined {
  const isKey = (name: string) => written.in === 'environment' && (name === '__proto__' || literalText(name) !== name)
  const odd = names.find((name) => isKey(name) || !isWellFormed(name))
  return odd === undefined ? undefined : `its name ${JSON.stringify(odd)} cannot stand in a file`
}

/** What YAML or the loader refuses, wherever in the object it is. */
function unwritableText(value: JsonValue): string | undefined {
  if (typeof value === 'number') {
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? `the number ${value} is not exact` : undefined
  }
  if (Array.isArray(value)) return firstOf(value as readonly JsonValue[])
  if (!isObject(value)) return undefined
  const odd = Object.keys(value).find((key) => key === '__proto__' || literalText(key) !== key)
  if (odd !== undefined) return `its key ${JSON.stringify(odd)} cannot stand in a file`
  return firstOf(Object.values(value))
}

function firstOf(values: readonly JsonValue[]): string | undefined {
  for (const value of values) {
    const reason = unwritableText(value)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** The largest file that the loader reads, in bytes. */
const largestFile = 4 * 1024 * 1024

/** A policy's text is a file, byte for byte. */
function unreadablePolicy(kind: Kind, { spec }: Live, server: ServerVersion): string | undefined {
  const text = spec['policy']
  if (kind.written.in !== 'policy' || typeof text !== 'string') return undefined
  if (text.includes('\0')) return 'its text holds a NUL byte'
  if (text.startsWith('\ufeff')) return 'its text begins with a byte-order mark'
  if (!isWellFormed(text)) return 'its text is not UTF-8'
  if (Buffer.byteLength(literalText(text)) > largestFile) return 'its text is larger than 4 MiB'
  const parsed = parsePolicy('', text, server)
  return 'refused' in parsed ? 'this server would refuse its text today: it is not a valid policy any more' : undefined
}

function isWellFormed(text: string): boolean {
  return Buffer.from(text, 'utf8').toString('utf8') === text
}
