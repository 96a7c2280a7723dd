import { parseDuration } from '../../core/duration.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'

/** What the mount says about its tokens; times are seconds. */
export interface MountLimits {
  readonly defaultLeaseTtl: number
  readonly maxLeaseTtl: number
  /** Empty where it was never tuned. */
  readonly tokenType: string
}

/** 32 days: both of the server's own, unless its configuration file says otherwise (vault/core.go). */
const systemLeaseTtl = 2764800

/** Of `tune`; what is left out, 0 or "system" is the server's (vault/dynamic_system_view.go fetchTTLs). */
export function mountLimits(tune?: JsonObject): MountLimits {
  const type = tune?.['token_type']
  return {
    defaultLeaseTtl: leaseTtl(tune?.['default_lease_ttl']),
    maxLeaseTtl: leaseTtl(tune?.['max_lease_ttl']),
    tokenType: typeof type === 'string' ? type : '',
  }
}

function leaseTtl(value: JsonValue | undefined): number {
  const seconds = typeof value === 'string' || typeof value === 'number' ? parseDuration(value) : undefined
  return seconds === undefined || seconds <= 0 ? systemLeaseTtl : seconds
}
