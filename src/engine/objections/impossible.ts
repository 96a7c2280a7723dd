import type { Kind } from '../../core/kind.ts'
import type { Desired, Live } from '../../core/resource.ts'
import type { ServerInfo } from '../../core/server.ts'
import { describeRequirement, meets, productNames } from '../../core/version.ts'
import type { Objection } from './objection.ts'

/** Fields that the connected server does not have; it would drop them in silence (sdk/framework/backend.go). */
export function unsupportedFields(kind: Kind, desired: Desired, server: ServerInfo): Objection[] {
  return Object.keys(desired.spec)
    .flatMap((field) => {
      const requirement = Object.hasOwn(kind.requires, field) ? kind.requires[field] : undefined
      return requirement === undefined || meets(server, requirement) ? [] : [[field, requirement] as const]
    })
    .map(([field, requirement]) => ({
      code: 'unsupported-field',
      address: desired.address,
      field: [field],
      message: `${productNames[server.product]} ${server.version} has no ${field}; it needs ${describeRequirement(requirement)}`,
      help: `Remove ${field}, or override it with null in the environments whose server lacks it.`,
    }))
}

/** What the server cannot change in place. */
export function immutableFields(kind: Kind, before: Live, after: Desired): Objection[] {
  return (kind.refuse?.(before.spec, after.spec) ?? []).map(({ field, reason, help }) => ({
    code: 'immutable-field',
    address: after.address,
    field,
    message: `${after.address}: ${reason}`,
    help,
  }))
}
