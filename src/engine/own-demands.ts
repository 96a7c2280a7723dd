import type { Demand } from '../core/demand.ts'
import { lockPrefix } from '../core/lock.ts'

/** What keeping other applies out takes (lock.ts). */
export const lockDemands: readonly Demand[] = [
  { path: 'sys/policies/acl', capabilities: ['list'] },
  { path: `sys/policies/acl/${lockPrefix}*`, capabilities: ['read', 'update', 'delete'] },
]

/** What ending a token takes that this program got itself. */
export const revokeDemands: readonly Demand[] = [{ path: 'auth/token/revoke-self', capabilities: ['update'] }]
