import { groupBy } from '../../core/group-by.ts'
import { byText } from '../../core/json.ts'
import type { Hasher } from './hash.ts'
import { byPlace, type InventoryProject, type InventoryVariable } from './inventory.ts'
import { defeat } from './precedence.ts'
import type { Taken } from './take.ts'
import { warningsOf } from './warnings.ts'

/** Variables as the inventory has them: each with what the others mean for it. */
export function relate(
  taken: readonly Taken[],
  projects: readonly InventoryProject[],
  { hash }: Hasher,
): readonly InventoryVariable[] {
  const byHash = groupBy(
    taken.filter((one) => one.hash !== null),
    (one) => one.hash,
  )
  const byKey = groupBy(taken, ({ key }) => key)
  const names = new Map([...byKey.keys()].map((key) => [hash(key), key]))
  return taken
    .map(({ mentionHashes, ...one }) => {
      const same = one.hash === null ? [] : (byHash.get(one.hash) ?? [])
      const related = {
        ...one,
        mentions: mentionHashes.flatMap((mention) => names.get(mention) ?? []).sort(byText),
        ...overriding(one, byKey.get(one.key) ?? [], projects),
        duplicates: one.class === 'configuration' ? [] : ids(same.filter(({ id }) => id !== one.id)),
      }
      return { ...related, warnings: [...warningsOf(related)] }
    })
    .sort(byPlace)
}

type Own = Omit<Taken, 'mentionHashes'>

/** Always only where that is so in every project that the variable reaches. */
function overriding(
  one: Own,
  sameKey: readonly Own[],
  projects: readonly InventoryProject[],
): Pick<InventoryVariable, 'overridden' | 'overridden_by'> {
  const by = new Set<string>()
  const verdicts = projects.flatMap((project) => {
    const found = sameKey.map((strong) => [strong, defeat(one, strong, project)] as const)
    for (const [strong, verdict] of found) if (verdict !== 'never') by.add(strong.id)
    const reaches = one.place.kind !== 'project' || one.place.name === project.path
    return reaches ? [found.some(([, verdict]) => verdict === 'always')] : []
  })
  if (by.size === 0) return { overridden: 'never', overridden_by: [] }
  // A group or instance has more projects than those that were looked at.
  const wide = one.place.kind === 'group' || one.place.kind === 'instance'
  const always = verdicts.length > 0 && verdicts.every(Boolean) && !wide
  return { overridden: always ? 'always' : 'sometimes', overridden_by: [...by].sort(byText) }
}

function ids(variables: readonly Own[]): string[] {
  return variables.map(({ id }) => id).sort(byText)
}
