import { normalAddress, normalNamespace } from '../core/address.ts'
import { groupBy } from '../core/group-by.ts'
import type { Identity } from '../core/resource.ts'
import type { ServerInfo } from '../core/server.ts'
import { namesOf } from './names.ts'
import { splitAtWords } from './template-text.ts'

/** An environment to be, and where its objects are. */
export interface Target {
  readonly environment: string
  readonly server: ServerInfo
}

/** Equal for environments on one server and namespace, as the loader joins them. */
export function placeOf({ server: { address, namespace } }: Target): string {
  return `${normalAddress(address) ?? address} ${normalNamespace(namespace)}`
}

/** By name, which other environments are on the same server and namespace; itself included. */
export function siblingsOf(targets: readonly Target[]): ReadonlyMap<string, readonly string[]> {
  const groups = groupBy(targets, placeOf)
  return new Map(
    targets.map((target) => [
      target.environment,
      (groups.get(placeOf(target)) ?? []).map(({ environment }) => environment),
    ]),
  )
}

/**
 * The environments of one server that an object belongs to: those that its name names, or else that its container's does;
 * undefined for an object that none of them has to itself.
 */
export function ownersOf(object: Identity, siblings: readonly string[]): readonly string[] | undefined {
  if (siblings.length < 2) return undefined
  const byName = new Map(siblings.map((environment) => [environment.toLowerCase(), environment]))
  for (const name of namesOf(object).reverse()) {
    const found = splitAtWords(name.toLowerCase(), [...byName.keys()]).filter((_, at) => at % 2 === 1)
    if (found.length > 0) return [...new Set(found)].map((word) => byName.get(word) as string)
  }
  return undefined
}
