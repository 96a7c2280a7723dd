import { matchesGlob } from '../../core/glob.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Product } from '../../core/server.ts'
import { parseGoInt } from './go-numbers.ts'
import { quote, show } from './go-text.ts'
import { JsonNumber, type Written } from './json-number.ts'

/**
 * A claim as the plugin sees it: a whole number is a JsonNumber, whatever is inside a list or map is as in the token.
 * Undefined where there is none, or a null.
 */
export type ClaimValue = Written | undefined

/**
 * A key of the token, or what a JSON pointer leads to. A number of its own is cut to the whole one and becomes text;
 * OpenBao makes a list of a single audience (claims.go getClaim).
 */
export function claimAt(product: Product, claims: JsonObject, name: string): ClaimValue {
  const value = name.startsWith('/') ? follow(claims, name) : Object.hasOwn(claims, name) ? claims[name] : undefined
  if (product === 'openbao' && name === 'aud' && typeof value === 'string') return [value]
  if (typeof value === 'number') return new JsonNumber(wholePart(value))
  return value ?? undefined
}

/** Go's int of a float, which has no value beyond 64 bits (amd64). */
function wholePart(value: number): string {
  const whole = Math.trunc(value)
  if (Number.isSafeInteger(whole)) return String(whole === 0 ? 0 : whole)
  const exact = BigInt(whole)
  return String(BigInt.asIntN(64, exact) === exact ? exact : -(2n ** 63n))
}

/** mitchellh/pointerstructure: RFC 6901, and an index is any number in Go's notation. */
function follow(claims: JsonObject, pointer: string): JsonValue | undefined {
  let at: JsonValue | undefined = claims
  for (const escaped of pointer.slice(1).split('/')) {
    const part = escaped.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(at)) at = elementAt(at, part)
    else at = isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined
  }
  return at
}

function elementAt(list: readonly JsonValue[], part: string): JsonValue | undefined {
  const index = parseGoInt(part === '' ? '0' : part, 0)
  if ('reason' in index || index.value < 0n || index.value >= BigInt(list.length)) return undefined
  return list[Number(index.value)]
}

/** What a claim is as a list; undefined for a map (claims.go normalizeList). */
export function asList(value: ClaimValue): readonly Written[] | undefined {
  if (Array.isArray(value)) return value
  const scalar = typeof value === 'string' || typeof value === 'boolean' || value instanceof JsonNumber
  return scalar ? [value] : undefined
}

/** Why a bound does not hold, in the words of the server; `panics` where it closes the connection instead. */
export interface Mismatch {
  readonly error: string
  readonly panics?: true
}

/** One bound of a role against the token; undefined where it holds (claims.go validateBoundClaims). */
export function mismatch(name: string, bound: Written, actual: ClaimValue, glob: boolean): Mismatch | undefined {
  if (actual === undefined) return { error: `claim ${quote(name)} is missing` }
  const values = asList(actual)
  if (values === undefined) return { error: `received claim is not a string, bool, int or list: ${show(actual)}` }
  const wanted = asList(bound)
  if (wanted === undefined) return { error: `bound claim is not a string, bool, int or list: ${show(bound)}` }
  const found = firstOf(wanted, values, glob)
  if (found === 'match') return undefined
  return found === 'none'
    ? { error: `claim ${quote(name)} does not match any associated bound claim values` }
    : {
        error: `${lostConnection} (it compares two values of the type ${found} in the claim ${quote(name)})`,
        panics: true,
      }
}

/** Where the server's code panics, no answer comes at all. */
export const lostConnection = 'the server closes the connection without an answer'

function firstOf(wanted: readonly Written[], values: readonly Written[], glob: boolean): string {
  for (const want of wanted) {
    for (const value of values) {
      const same = glob ? globMatches(want, value) : equals(want, value)
      if (same === true) return 'match'
      if (same !== false) return same
    }
  }
  return 'none'
}

function globMatches(want: Written, value: Written): boolean {
  return typeof want === 'string' && typeof value === 'string' && matchesGlob(want, value)
}

/** Go's == of two `any`: types first, and two lists or two maps cannot be compared at all. A float is no json.Number. */
function equals(want: Written, value: Written): boolean | string {
  if (want instanceof JsonNumber) return value instanceof JsonNumber && value.text === want.text
  if (typeof want !== 'object' || want === null) return want === value
  if (Array.isArray(want)) return Array.isArray(value) && '[]interface {}'
  return isObject(value) && 'map[string]interface {}'
}
