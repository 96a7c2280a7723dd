import type { Hasher } from '../../gitlab/migrate/hash.ts'
import type { InventoryProject, Place } from '../../gitlab/migrate/inventory.ts'
import { isKey, type SourceVariable, type Taken, takeVariable } from '../../gitlab/migrate/take.ts'

/** What the sources gave so far; values are gone already. */
export interface Collection {
  readonly taken: Map<string, Taken>
  readonly projects: InventoryProject[]
  /** What could not be read, in words that hold no value. */
  readonly missing: string[]
  readonly hasher: Hasher
}

export function emptyCollection(hasher: Hasher): Collection {
  return { taken: new Map(), projects: [], missing: [], hasher }
}

/** Two sources may tell of the same variable, as an export beside the API: the first counts. */
export function collect({ taken, missing, hasher }: Collection, place: Place, source: SourceVariable): void {
  if (!isKey(source.key)) {
    missing.push(`${place.kind} ${place.name}: a variable whose name is none that GitLab takes`)
    return
  }
  const one = takeVariable(place, source, hasher)
  if (!taken.has(one.id)) taken.set(one.id, one)
}
