import type { JsonObject, JsonValue } from '../core/json.ts'
import type { JobRole } from './gitlab-roles.ts'

/** 32 days: what a server has where nobody says anything (vault default_lease_ttl and max_lease_ttl). */
const serverDefault = 768 * 3600

/** Seconds. */
export interface TokenLife {
  /** How long a token lives that nobody renews, as the runner never does. */
  readonly first: number
  /** How long it can be kept alive by whoever has it; Infinity for ever. */
  readonly longest: number
}

/**
 * How long tokens of a role live. A period is renewed for ever unless an explicit limit ends it; batch tokens cannot be
 * renewed (vault sdk/framework/lease.go CalculateTTL, vault/token_store.go).
 */
export function lifeOf({ role, mount }: JobRole): TokenLife {
  const given = (name: string, from: JsonObject = role) => seconds(from[name])
  const limit = Math.min(
    given('token_explicit_max_ttl') ?? Number.POSITIVE_INFINITY,
    given('max_lease_ttl', mount.tune) ?? serverDefault,
  )
  const batch = isBatch(role, mount.tune)
  const period = batch ? undefined : given('token_period')
  if (period !== undefined)
    return {
      first: Math.min(period, limit, given('token_max_ttl') ?? period),
      longest: given('token_explicit_max_ttl') ?? Number.POSITIVE_INFINITY,
    }
  const longest = Math.min(limit, given('token_max_ttl') ?? Number.POSITIVE_INFINITY)
  const ttl = given('token_ttl') ?? given('default_lease_ttl', mount.tune) ?? serverDefault
  const first = Math.min(ttl, longest)
  return { first, longest: batch ? first : longest }
}

/** The mount decides where the role leaves it to it. */
function isBatch(role: JsonObject, tune: JsonObject): boolean {
  const [own, mounts] = [role['token_type'], tune['token_type']]
  if (mounts === 'batch' || mounts === 'service') return mounts === 'batch'
  return own === undefined ? mounts === 'default-batch' : own === 'batch'
}

/** Undefined for what is not set, which 0 says as well. */
function seconds(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}
