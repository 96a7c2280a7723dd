import type { Change } from '../core/change.ts'
import { digest } from '../core/digest.ts'
import type { JsonValue } from '../core/json.ts'
import type { GroundedPlan } from '../core/plan.ts'
import type { Address } from '../core/resource.ts'

/** How a plan that was made earlier stands to the one that would be made now. */
export interface Staleness {
  /** Changed on the server since, and not to what the plan wants: applying would overwrite somebody. */
  readonly stale: readonly Address[]
  /** Already as the plan wants them, for example by an earlier run of the same plan. */
  readonly already: readonly Address[]
  /** What is left to do. */
  readonly changes: readonly Change[]
  /** The file's changes are not those that its own configuration and server give: it was edited. */
  readonly altered: readonly Address[]
}

/**
 * Compares a saved plan with a fresh one. What is applied is always the fresh change, and only where the saved one is
 * the same: so an edited file can leave changes out, but never bring any in.
 */
export function compareWithSaved(saved: GroundedPlan, fresh: GroundedPlan): Staleness {
  const freshChanges = new Map(fresh.changes.map((change) => [change.address, change]))
  const planned = new Map(saved.changes.map((change) => [change.address, change]))
  const stale: Address[] = []
  const already: Address[] = []
  for (const [key, digestThen] of Object.entries(saved.seen)) {
    const address = key as Address
    if ((fresh.seen[address] ?? null) === digestThen) continue
    if (planned.has(address) && !freshChanges.has(address)) already.push(address)
    else stale.push(address)
  }
  const unsettled = new Set([...stale, ...already])
  const altered = saved.changes.filter(
    (change) => !unsettled.has(change.address) && !sameChange(change, freshChanges.get(change.address)),
  )
  const changes = saved.changes.flatMap(({ address }) =>
    unsettled.has(address) ? [] : (freshChanges.get(address) ?? []),
  )
  return { stale, already, changes, altered: altered.map(({ address }) => address) }
}

/** Where in the files an object stands is no part of what happens to it. */
function sameChange(a: Change, b: Change | undefined): boolean {
  return b !== undefined && digest(essence(a)) === digest(essence(b))
}

function essence(change: Change): JsonValue {
  const { source: _, ...after } = change.action === 'delete' ? { source: undefined } : change.after
  return { ...change, after } as unknown as JsonValue
}
