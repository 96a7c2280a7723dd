import type { Kind } from '../core/kind.ts'
import type { Address, Desired, Live } from '../core/resource.ts'
import type { ServerInfo } from '../core/server.ts'
import { describeRequirement, meets, productNames } from '../core/version.ts'

/** Why a plan must not be carried out as it is. */
export interface Objection {
  readonly code: string
  readonly address: Address
  /** The field that is meant, from the spec's root; empty for the whole object. */
  readonly field: readonly string[]
  readonly message: string
  readonly help: string
}

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

/** A removal that takes more than the object with it happens only when it was asked for by name. */
export function unconfirmedRemoval(kind: Kind, live: Live, allowed: readonly string[]): Objection[] {
  const name = `delete:${live.address}`
  if (kind.removalDestroys === undefined || allowed.includes(name)) return []
  return [
    {
      code: 'unconfirmed-removal',
      address: live.address,
      field: [],
      message: `deleting ${live.address} would destroy ${kind.removalDestroys}`,
      help: `If that is meant, say so with --allow ${name}; otherwise describe it, or take it out of \`owns\`.`,
    },
  ]
}
