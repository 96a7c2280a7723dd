import type { RegisteredClaims } from './registered.ts'
import type { JwtRole } from './role.ts'

/** Seconds that the validator adds where the role says 0 (cap/jwt, go-jose/jwt). */
const defaultLeeway = 150
const defaultClockSkew = 60

/** When a token is good: from `nbf` and `iat` until `exp`, each with the clocks' difference. Seconds since 1970. */
export interface Validity {
  readonly exp: bigint
  readonly nbf: bigint
  readonly iat: bigint
  readonly clockSkew: number
}

/** Undefined where the token has none of the three times. What is missing is made of the others (cap/jwt validateAll). */
export function validityOf({ exp, nbf, iat }: RegisteredClaims, role: JwtRole): Validity | undefined {
  if (exp === 0n && nbf === 0n && iat === 0n) return undefined
  const until = exp === 0n ? int64((nbf > iat ? nbf : iat) + leeway(role.expirationLeeway)) : exp
  const from = nbf !== 0n ? nbf : iat !== 0n ? iat : int64(until - leeway(role.notBeforeLeeway))
  return {
    exp: until,
    nbf: from,
    iat,
    clockSkew: role.clockSkewLeeway === 0 ? defaultClockSkew : Math.max(0, role.clockSkewLeeway),
  }
}

function leeway(seconds: number): bigint {
  return BigInt(seconds === 0 ? defaultLeeway : Math.max(0, seconds))
}

/** From 1 January of the year 1 to 1970: Go counts from there, and so wraps earlier than 64 bits do. */
const yearOne = 62135596800n

function int64(value: bigint): bigint {
  return BigInt.asIntN(64, value)
}

/** A time claim as a number to compare the clock with; one that is too far off wraps to long ago. */
export function instant(seconds: bigint): number {
  return Number(int64(seconds + yearOne) - yearOne)
}
