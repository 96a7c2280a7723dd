import type { CiEntry, CiMap, CiValue } from './value.ts'

/** What expansion may cost, in keys and items; a few lines that repeat each other can ask for more than any memory has. */
export interface ExpansionBudget {
  left: number
}

/** The files ask for more than anybody can have meant. Caught where a pipeline is expanded. */
export class TooMuch extends Error {}

export function newExpansionBudget(): ExpansionBudget {
  return { left: 2_000_000 }
}

/** Of following one name, whatever it leads to. */
export const costOfStep = 10

export function spend(budget: ExpansionBudget, amount: number): void {
  budget.left -= amount
  if (budget.left < 0) throw new TooMuch()
}

/**
 * Maps merge by key, everything else is replaced by what comes later: how includes and `extends` are merged. Keys keep the
 * order of their first coming. Source: Hash#deep_merge as lib/gitlab/ci/config uses it.
 */
export function deepMerge(under: CiMap, over: CiMap, budget: ExpansionBudget): CiMap {
  if (under.entries.size === 0) return over
  spend(budget, under.entries.size + over.entries.size)
  const entries = new Map<string, CiEntry>(under.entries)
  for (const [key, entry] of over.entries) {
    const before = entries.get(key)?.value
    const value =
      before?.type === 'map' && entry.value.type === 'map' ? deepMerge(before, entry.value, budget) : entry.value
    entries.set(key, { key: entry.key, value })
  }
  return { type: 'map', entries, at: over.at }
}

const sizes = new WeakMap<CiValue, number>()

/** Keys and items, those of shared parts as often as they stand there. */
export function sizeOf(value: CiValue): number {
  if (value.type === 'scalar' || value.type === 'reference') return 1
  const known = sizes.get(value)
  if (known !== undefined) return known
  const parts = value.type === 'list' ? value.items : [...value.entries.values()].map((entry) => entry.value)
  const size = parts.reduce((sum, part) => sum + sizeOf(part), 1)
  sizes.set(value, size)
  return size
}
