import type { GrantedToken } from './login.ts'
import type { MountLimits } from './mount-limits.ts'
import type { TokenParameters } from './role.ts'

/** Seconds that the token lives at first (sdk/framework lease.go CalculateTTL). */
export function ttlOf(token: TokenParameters, mount: MountLimits): number {
  const limits = [token.maxTtl, token.explicitMaxTtl].filter((limit) => limit > 0)
  const max = Math.min(mount.maxLeaseTtl, ...limits)
  return Math.min(token.period > 0 ? token.period : token.ttl > 0 ? token.ttl : mount.defaultLeaseTtl, max)
}

/** A mount of one type overrules its roles; one with a default leaves it to them (vault/router.go). */
export function typeOf(role: string, mount: string): GrantedToken['type'] {
  if (mount === 'service' || mount === 'batch') return mount
  if (mount === 'default-batch') return role === 'service' ? 'service' : 'batch'
  return role === 'batch' ? 'batch' : 'service'
}

/** The mount's path and the user's name; a dash at the very end is dropped (vault/request_handling.go). */
export function displayNameOf(mount: string, user: string): string {
  return `${mount.replaceAll('/', '-')}-${user}`.replace(/-$/, '')
}
