import type { MergedRule } from '../acl/decision.ts'
import { type Grants, interplay } from './grants.ts'
import { literalStart, type PathPattern, patternKey } from './pattern.ts'

/** A pattern of any of several sets of grants, and each one's rule of that pattern. */
export interface Place extends PathPattern {
  readonly rules: readonly (MergedRule | undefined)[]
}

/**
 * All patterns, in groups that have nothing to do with each other: no path is matched by patterns of two groups. Most
 * groups are one pattern, and need no automaton.
 */
export function componentsOf(all: readonly Grants[]): readonly (readonly Place[])[] {
  const places = placesOf(all).sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  const groups: Group[] = []
  for (const place of places) {
    const near = groups.filter(({ places }) => places.some((other) => interplay(place, other)))
    const joined: Group = { places: [...near.flatMap(({ places }) => places), place] }
    if (near.length === 0) groups.push(joined)
    else groups.splice(0, groups.length, ...groups.filter((group) => !near.includes(group)), joined)
  }
  return groups.map(({ places }) => places)
}

interface Group {
  readonly places: readonly StartingPlace[]
}

type StartingPlace = Place & { readonly start: string }

function placesOf(all: readonly Grants[]): StartingPlace[] {
  const found = new Map<string, StartingPlace & { readonly rules: (MergedRule | undefined)[] }>()
  for (const [i, { rules }] of all.entries()) {
    for (const rule of rules) {
      const { match, pattern } = rule
      const key = patternKey(rule)
      const place = found.get(key) ?? { match, pattern, start: literalStart(rule), rules: all.map(() => undefined) }
      place.rules[i] = rule
      found.set(key, place)
    }
  }
  return [...found.values()]
}
