import * as z from 'zod'
import { parseDuration } from '../core/duration.ts'
import { byText, deepEqual, isEmpty, isObject, type JsonObject, type JsonValue, stableStringify } from '../core/json.ts'
import { WriteOnly } from '../core/server.ts'
import { meets, type Requirement, type ServerVersion } from '../core/version.ts'

/**
 * A field of an object, as a table row: how people write it, which of its spellings mean the same, and what has to be
 * sent so that the server forgets an old value. The servers keep whatever a write of a role leaves out, so every write
 * sends every field; the kinds differ only in their tables.
 */
export interface Field {
  readonly schema: z.ZodType
  /** One spelling for all that mean the same; undefined when the value equals never having been written. */
  canonical(value: JsonValue): JsonValue | undefined
  /** The payload that means "unset". */
  readonly unset: JsonValue
  /** Servers that have the field; every server when absent. */
  readonly requires?: Requirement
  /** A secret: a reference in files, never read back. */
  readonly writeOnly?: boolean
  /** Steers the write itself; the server does not store it. */
  readonly perWrite?: boolean
}

export type Fields = Readonly<Record<string, Field>>

interface Options {
  readonly requires?: Requirement
}

function field(
  schema: z.ZodType,
  unset: JsonValue,
  canonical: (value: JsonValue) => JsonValue,
  options: Options = {},
): Field {
  const empty = isEmpty(unset) ? isEmpty : (value: JsonValue) => value === null || deepEqual(value, unset)
  return {
    schema,
    unset,
    canonical: (value) => {
      // Most fields of most roles were never written, and come back as their default.
      if (value === null || value === unset) return undefined
      const spelled = canonical(value)
      return empty(spelled) ? undefined : spelled
    },
    ...options,
  }
}

const same = (value: JsonValue) => value

/** Not String(): what a server sends may be an object that has a `toString` of its own. */
export function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : stableStringify(value)
}

export function text(description: string, options?: Options): Field {
  return field(z.string().meta({ description }), '', same, options)
}

/** A name that the server lower-cases. */
export function lowerCaseText(description: string): Field {
  return field(z.string().meta({ description }), '', (value) => asText(value).toLowerCase())
}

export function flag(description: string, options: Options & { readonly unset?: boolean } = {}): Field {
  const { unset = false, ...rest } = options
  return field(z.boolean().meta({ description, default: unset }), unset, same, rest)
}

export function choice(
  values: readonly [string, ...string[]],
  unset: string,
  description: string,
  options?: Options,
): Field {
  const schema = z.enum(values, { error: `expected one of ${values.filter(Boolean).join(', ')}` })
  return field(schema.meta({ description, default: unset }), unset, same, options)
}

export function integer(description: string, options?: Options): Field {
  const whole = (value: JsonValue) => (typeof value === 'string' ? Number(value) : value)
  return field(z.int().nonnegative().meta({ description }), 0, whole, options)
}

const durationExamples = 'a duration such as "5m", "1h30m" or 300 (seconds)'

/** Stored by the server as whole seconds. */
export function duration(description: string, options: Options & { readonly signed?: boolean } = {}): Field {
  const { signed = false, ...rest } = options
  const valid = (value: string | number) => {
    const seconds = parseDuration(value)
    return seconds !== undefined && (signed || seconds >= 0)
  }
  const schema = z.union([z.string().refine(valid), z.number().refine(valid)], {
    error: `expected ${durationExamples}`,
  })
  return field(schema.meta({ description, examples: ['5m', '1h30m', 300] }), 0, secondsOf, rest)
}

/** Garbage stays what it is, so that a comparison shows it. */
function secondsOf(value: JsonValue): JsonValue {
  return typeof value === 'string' || typeof value === 'number' ? (parseDuration(value) ?? value) : value
}

const strings = z.union([z.array(z.string()), z.string()], {
  error: 'expected a list of strings, or one text with commas',
})

/**
 * A list whose order and repetitions mean nothing. The servers split a text at commas, never the items of a list, and
 * trim each item (sdk/framework TypeCommaStringSlice). With `blanks: 'mean nothing'`, an empty item is as good as none.
 */
export function set(
  description: string,
  options: Options & { readonly item?: (item: string) => string; readonly blanks?: 'mean nothing' } = {},
): Field {
  const { item = (text: string) => text, blanks, ...rest } = options
  const counts = (text: string) => blanks === undefined || text !== ''
  return field(strings.meta({ description }), [], (value) => sortedSet(items(value).filter(counts).map(item)), rest)
}

function items(value: JsonValue): string[] {
  if (typeof value === 'string')
    return value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
  return Array.isArray(value) ? value.map((part: JsonValue) => asText(part).trim()) : [stableStringify(value)]
}

function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort(byText)
}

export function textMap(description: string, options?: Options): Field {
  return field(z.record(z.string(), z.string()).meta({ description }), {}, same, options)
}

/** Options of a mount: the server takes an empty text for "remove this option" (vault mount tune), so none is ever stored. */
export function options(description: string): Field {
  const value = z.string().min(1, { error: 'an option cannot be empty: the server would remove it; leave it out' })
  const filled = ([, text]: readonly [string, unknown]) => text !== ''
  return field(z.record(z.string(), value).meta({ description }), {}, (map) =>
    isObject(map) ? Object.fromEntries(Object.entries(map).filter(filled)) : map,
  )
}

/** A map whose values the server takes as they come. */
export function freeMap(description: string, options?: Options): Field {
  return field(z.record(z.string(), z.json()).meta({ description }), {}, same, options)
}

const claimScalar = z.union(
  [z.string(), z.boolean(), z.number().refine((value) => !Number.isInteger(value) || Number.isSafeInteger(value))],
  {
    error: 'expected a string, a boolean, a number that JSON carries exactly, or a list of these',
  },
)

/**
 * Bound claims. JSON types are kept, because the server compares with them ("true" is not true). A list is "any of",
 * so its order means nothing, and one of a single element is that element (jwt claims.go).
 */
export function claims(description: string): Field {
  const schema = z.record(
    z.string(),
    z.union([claimScalar, z.array(claimScalar)], {
      error: 'expected a string, a boolean, a number, or a list of these',
    }),
  )
  return field(schema.meta({ description }), {}, (value) => (isObject(value) ? mapValues(value, anyOf) : value))
}

function anyOf(value: JsonValue): JsonValue {
  if (!Array.isArray(value)) return value
  const distinct = new Map(value.map((element: JsonValue) => [stableStringify(element), element]))
  const sorted = [...distinct].sort(([a], [b]) => byText(a, b)).map(([, element]) => element)
  return sorted.length === 1 ? (sorted[0] as JsonValue) : sorted
}

function mapValues(object: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
}

/** A list in which order counts. */
export function list(schema: z.ZodType, description: string, options?: Options): Field {
  return field(z.array(schema).meta({ description }), [], same, options)
}

export const secretInClear = 'a secret must not stand in a file: write a reference, "${env:NAME}" or { file: path }'

/** The spelling of a write-only value in files: what stands here is public, so it is never the secret itself. */
export const secretReference = z.union(
  [z.string().regex(/^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/), z.strictObject({ file: z.string().min(1) })],
  { error: secretInClear },
)

export function secret(description: string): Field {
  return { ...field(secretReference.meta({ description, writeOnly: true }), '', same), writeOnly: true }
}

/**
 * Why a name with slashes cannot be part of a URL path as it is: whoever normalises paths on the way would turn it into
 * another object's.
 */
export function refusePath(name: string): string | undefined {
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return `"${name}" must not begin or end with "/", nor have an empty part, "." or ".." between slashes`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  return /[\u0000-\u001f\u007f-\u009f]/.test(name) ? 'a name must not hold control characters' : undefined
}

/** Turns a row into one that steers the write only. */
export function perWrite(row: Field): Field {
  return { ...row, perWrite: true }
}

/** A strict object schema of the table; `required` names the fields that a person must write. */
export function objectSchema(fields: Fields, required: readonly string[] = []): z.ZodObject {
  const shape = Object.entries(fields).map(([name, { schema }]) => [
    name,
    required.includes(name) ? schema : schema.optional(),
  ])
  return z.strictObject(Object.fromEntries(shape))
}

/** The canonical form of the known fields; unknown ones and those that equal the server's default are left out. */
export function canonicalFields(fields: Fields, spec: JsonObject): JsonObject {
  const result: Record<string, JsonValue> = {}
  for (const name of Object.keys(fields)) {
    const value = canonicalField(fields, spec, name)
    if (value !== undefined) result[name] = value
  }
  return result
}

/** One field's; undefined when it equals the server's default, or is not there. */
export function canonicalField(fields: Fields, spec: JsonObject, name: string): JsonValue | undefined {
  const value = spec[name]
  return value === undefined ? undefined : fields[name]?.canonical(value)
}

/**
 * Every field that the server has, explicit empties included, so that nothing of an earlier write stays behind.
 * Secrets and per-write fields are there only when the spec has them.
 */
export function payload(fields: Fields, spec: JsonObject, server: ServerVersion): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, { unset, requires, writeOnly, perWrite: steering }] of Object.entries(fields)) {
    const value = spec[name]
    if (!meets(server, requires)) continue
    if (value === undefined) {
      if (!writeOnly && !steering) result[name] = unset
    } else {
      result[name] = writeOnly ? new WriteOnly(value as WriteOnly['reference']) : value
    }
  }
  return result
}

export function requirementsOf(fields: Fields): Record<string, Requirement> {
  const rows = Object.entries(fields).flatMap(([name, { requires }]) =>
    requires === undefined ? [] : [[name, requires] as const],
  )
  return Object.fromEntries(rows)
}

export function writeOnlyOf(fields: Fields): string[][] {
  return Object.keys(fields)
    .filter((name) => fields[name]?.writeOnly)
    .map((name) => [name])
}

export function unreadOf(fields: Fields): string[][] {
  return Object.keys(fields)
    .filter((name) => fields[name]?.writeOnly || fields[name]?.perWrite)
    .map((name) => [name])
}

/** Names in what the server returned that neither the table nor `ignored` has. */
export function unknownFields(fields: Fields, returned: JsonObject, ignored: readonly string[]): string[] {
  return Object.keys(returned)
    .filter((name) => !(name in fields) && !ignored.includes(name))
    .sort(byText)
}
