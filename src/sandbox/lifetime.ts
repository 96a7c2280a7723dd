import { formatGoDuration } from '../access/login/go-numbers.ts'
import { refuse } from './answers.ts'

/** What decides how long a token lives; seconds, 0 for "not set". */
export interface Lifetime {
  /** Of the mount. */
  readonly defaultTtl: number
  readonly maxTtl: number
  /** Asked for. */
  readonly increment?: number
  /** Of the role, or of the request that makes the token. */
  readonly ttl: number
  readonly roleMaxTtl?: number
  readonly explicitMaxTtl: number
  readonly period: number
  /** Seconds since the token was made. */
  readonly age?: number
}

/** Seconds from now on, and what was cut off (sdk/framework lease.go CalculateTTL). Throws Refusal. */
export function lifetimeOf(life: Lifetime): { readonly ttl: number; readonly warnings: readonly string[] } {
  const { defaultTtl, increment = 0, ttl, roleMaxTtl = 0, explicitMaxTtl, period, age = 0 } = life
  const max = Math.min(life.maxTtl, ...[roleMaxTtl, explicitMaxTtl].filter((limit) => limit > 0))
  const warnings: string[] = []
  if (period > max) warnings.push(capped('period', 'period', period, max))
  const wanted = period > 0 ? Math.min(period, max) : increment || ttl || defaultTtl
  const whole = period > 0 ? explicitMaxTtl || Number.POSITIVE_INFINITY : max
  const left = whole - Math.floor(age)
  if (left <= 0) refuse('past the max TTL, cannot renew')
  if (left < wanted) warnings.push(capped('TTL', 'TTL', wanted, left))
  return { ttl: Math.min(wanted, left), warnings }
}

function capped(what: string, again: string, value: number, max: number): string {
  const [given, limit] = [value, max].map(shortDuration)
  return `${what} of ${JSON.stringify(given)} exceeded the effective max_ttl of ${JSON.stringify(limit)}; ${again} value is capped accordingly`
}

/** Without the zeros at its end: 7200 → "2h". */
function shortDuration(seconds: number): string {
  return formatGoDuration(seconds).replace(/m0s$/, 'm').replace(/h0m$/, 'h')
}
