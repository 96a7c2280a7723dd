import type { JsonObject, JsonValue } from '../../core/json.ts'
import { byBytes } from './go-text.ts'

/** The claims that JWT itself knows, as the validator reads them. Times are whole seconds; 0 is "not there". */
export interface RegisteredClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: readonly string[]
  readonly exp: bigint
  readonly nbf: bigint
  readonly iat: bigint
}

/** Which claim has the wrong type, and the decoder's words. */
export interface UnreadableClaims {
  readonly check: Exclude<Name, 'jti'>
  readonly error: string
}

type Name = keyof RegisteredClaims | 'jti'

const names: readonly Name[] = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']

/**
 * Reads them as Go's JSON decoder does: keys count in any case, the last in the order of bytes winning; the first text of
 * the wrong type is an error, unless an audience or a time that cannot be read comes up, which ends the reading
 * (cap/jwt validateAll, go-jose/jwt claims.go, encoding/json).
 */
export function readRegistered(claims: JsonObject): RegisteredClaims | UnreadableClaims {
  const read = { iss: '', sub: '', jti: '', aud: [] as readonly string[], exp: 0n, nbf: 0n, iat: 0n }
  let mistyped: UnreadableClaims | undefined
  for (const [name, value] of registered(claims)) {
    if (name === 'aud') {
      const list = audiences(value)
      if (list === undefined) return { check: name, error: `${jose} string or array value to unmarshal to Audience` }
      read.aud = list
    } else if (name === 'exp' || name === 'nbf' || name === 'iat') {
      if (value !== null && typeof value !== 'number')
        return { check: name, error: `${jose} number value to unmarshal NumericDate` }
      read[name] = value === null ? 0n : toInt64(value)
    } else if (typeof value === 'string') read[name] = value
    else if (value !== null) mistyped ??= mistype(name, value)
  }
  return mistyped ?? read
}

/** "jti" is looked at by nothing else, so it counts as one of the texts. */
function mistype(name: 'iss' | 'sub' | 'jti', value: JsonValue): UnreadableClaims {
  const error = `json: cannot unmarshal ${jsonType(value)} into Go struct field Claims.${name} of type string`
  return { check: name === 'jti' ? 'sub' : name, error }
}

const jose = 'go-jose/go-jose/jwt: expected'

function registered(claims: JsonObject): (readonly [Name, JsonValue])[] {
  const found: (readonly [string, Name])[] = []
  for (const key of Object.keys(claims)) {
    const name = key.length === 3 ? names.find((name) => name === fold(key)) : undefined
    if (name !== undefined) found.push([key, name])
  }
  return found.sort(([a], [b]) => byBytes(a, b)).map(([key, name]) => [name, claims[key] as JsonValue])
}

/** The long s folds to s. */
function fold(key: string): string {
  if (/^[ -~]*$/.test(key)) return key.toLowerCase()
  return Array.from(key, (letter) => (letter === 'ſ' ? 's' : letter.toLowerCase())).join('')
}

function audiences(value: JsonValue): readonly string[] | undefined {
  const list = typeof value === 'string' ? [value] : value
  return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined
}

function jsonType(value: JsonValue): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Go's int64 of a float, which is the smallest one for all that do not fit (amd64). */
function toInt64(value: number): bigint {
  const whole = BigInt(Math.trunc(value))
  return BigInt.asIntN(64, whole) === whole ? whole : -(2n ** 63n)
}
