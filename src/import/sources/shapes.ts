import { parseDuration } from '../../core/duration.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'

/**
 * What a field may look like in a request, and how the server would answer it. The servers are generous: a list may be
 * one text with commas, a number or a flag may be a text (sdk/framework field_data.go, weak decoding by mapstructure).
 */
export interface Shape {
  /** For messages: "a list of texts". */
  readonly expected: string
  /** What the server answers where nothing was ever written. */
  readonly unset: JsonValue
  /** Undefined where the value does not have the shape; never called with null. */
  read(value: JsonValue): JsonValue | undefined
}

export type Shapes = Readonly<Record<string, Shape>>

type Scalar = string | number | boolean

function isScalar(value: JsonValue | undefined): value is Scalar {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && isExact(value))
}

/** JSON's numbers beyond this have lost digits already. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
}

export const text: Shape = {
  expected: 'a text',
  unset: '',
  read: (value) => (isScalar(value) ? String(value) : undefined),
}

export const texts: Shape = {
  expected: 'a list of texts',
  unset: [],
  read(value) {
    if (Array.isArray(value)) return value.every(isScalar) ? value.map((item) => String(item).trim()) : undefined
    return isScalar(value) ? splitAtCommas(String(value)) : undefined
  },
}

function splitAtCommas(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** Go's strconv.ParseBool. */
const spelledFlags: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['', '0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
])

export const flag: Shape = {
  expected: 'true or false',
  unset: false,
  read: (value) => (isScalar(value) ? spelledFlags.get(String(value)) : undefined),
}

export const integer: Shape = {
  expected: 'a whole number',
  unset: 0,
  read(value) {
    const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value
    return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
  },
}

/** Whole seconds, as the server answers. */
export const seconds: Shape = {
  expected: 'a duration such as "5m" or 300',
  unset: 0,
  read: (value) => (typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined),
}

export const textMap: Shape = {
  expected: 'a map of texts',
  unset: {},
  read: (value) => mapOf(value, (member) => (isScalar(member) ? String(member) : undefined)),
}

/** Bound claims and settings of a provider, whose types the server keeps. */
export const scalarsOrLists: Shape = {
  expected: 'a map of texts, numbers, flags, or lists of these',
  unset: {},
  read: (value) =>
    mapOf(value, (member) =>
      isScalar(member) || (Array.isArray(member) && member.every(isScalar)) ? member : undefined,
    ),
}

/** Several key URLs with their certificates. */
export const textMaps: Shape = {
  expected: 'a list of maps of texts',
  unset: [],
  read(value) {
    if (!Array.isArray(value)) return undefined
    const maps = value.map((member: JsonValue) => textMap.read(member))
    return maps.every((map) => map !== undefined) ? maps : undefined
  },
}

/** By entries, so that a key called `__proto__` is a key. */
function mapOf(value: JsonValue, read: (member: JsonValue) => JsonValue | undefined): JsonObject | undefined {
  if (!isObject(value)) return undefined
  const members = Object.entries(value).map(([key, member]) => [key, read(member)] as const)
  return members.every((entry): entry is readonly [string, JsonValue] => entry[1] !== undefined)
    ? Object.fromEntries(members)
    : undefined
}

/** The known fields as the server would answer them; null and absent ones are left out. */
export function takeFields(
  shapes: Shapes,
  values: JsonObject,
  wrong: (field: string, expected: string) => void,
): JsonObject {
  const taken = Object.entries(shapes).flatMap(([name, shape]) => {
    const value = own(values, name)
    if (value === undefined || value === null) return []
    const read = shape.read(value)
    if (read === undefined) wrong(name, shape.expected)
    return read === undefined ? [] : [[name, read] as const]
  })
  return Object.fromEntries(taken)
}

export function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
