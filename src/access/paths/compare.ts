import type { MergedRule } from '../acl/decision.ts'
import type { Capability } from '../policy/policy.ts'
import type { Grants } from './grants.ts'
import { type Part, type PartSet, touchingParts } from './parts.ts'
import { patternKey } from './pattern.ts'
import { compareTouching, type Place, type Servers } from './touching.ts'

/** Something that one set of grants allows: where, what, by which rule, and one path that shows it. */
export interface PathPiece {
  /** In the words of policies: `ops/*`, `ops/* except ops/data/*`. */
  readonly path: string
  readonly capability: Capability
  readonly rule: MergedRule
  readonly witness: string
  /** What a rule demands besides the capability, where that is what the piece is about. */
  readonly demands?: string
}

export interface PathComparison {
  /** What the first grants allow and none of the others. */
  readonly gained: readonly PathPiece[]
  /** What several allow, where no other demands the same as the first: parameters, wrapping, pages. */
  readonly altered: readonly PathPiece[]
}

/**
 * What grants allow that none of the others allow, over all paths. Only what touches is compared: where one of the others
 * has the same part, it allows the same there; and what no part of the others touches, none of them allows. Throws
 * `TooManyStates`.
 */
export function comparePaths(grants: Grants, others: readonly Grants[]): PathComparison {
  if (others.length === 0) return together(grants.sets.map((set) => allIn(set, grants)))
  const theirs = others.map((other) => partsBeside(other, [grants]))
  const ours = partsBeside(grants, others)
  const [mine, known] = [new Set(ours), theirs.map((parts) => new Set(parts))]
  const own = ours.filter((part) => !known.some((parts) => parts.has(part)))
  const foreign = theirs.map((parts) => parts.filter((part) => !mine.has(part)))
  const groups = foreign.some(({ length }) => length > 0)
    ? touchingParts([...new Set([...own, ...foreign.flat()])])
    : []
  const grouped = new Set(groups.flat())
  const found = own.filter((part) => !grouped.has(part)).map((part) => aloneIn(part, grants))
  const servers: Servers = [grants.server, ...others.map(({ server }) => server)]
  for (const group of groups) {
    const places = placesOf([own, ...foreign], new Set(group))
    if (places.some(({ rules }) => rules[0] !== undefined)) found.push(compareTouching(servers, places))
  }
  return together(found)
}

/** Without those of whole policies that others have, too, which is most of what tokens share. */
function partsBeside({ sets }: Grants, others: readonly Grants[]): readonly Part[] {
  return sets.filter((set) => !others.some(({ sets }) => sets.includes(set))).flatMap(({ parts }) => parts)
}

function together(found: readonly PathComparison[]): PathComparison {
  const [first, ...others] = found
  if (first !== undefined && others.length === 0) return first
  return { gained: found.flatMap(({ gained }) => gained), altered: found.flatMap(({ altered }) => altered) }
}

interface Known {
  readonly server: Grants['server']
  readonly found: PathComparison
}

const knownSets = new WeakMap<PartSet, Known>()

/** What a policy allows in a token of which nothing else touches it. */
function allIn(set: PartSet, grants: Grants): PathComparison {
  const { server } = grants
  const known = knownSets.get(set)
  if (known?.server === server) return known.found
  const found = together(set.parts.map((part) => aloneIn(part, grants)))
  knownSets.set(set, { server, found })
  return found
}

const alone = new WeakMap<Part, Known>()

/** What a part allows that nothing else touches: the same in a thousand tokens. */
function aloneIn(part: Part, { server }: Grants): PathComparison {
  const known = alone.get(part)
  if (known?.server === server) return known.found
  const places = part.rules.map(({ match, pattern }, i): Place => ({ match, pattern, rules: [part.rules[i]] }))
  const found = compareTouching([server], places)
  alone.set(part, { server, found })
  return found
}

/** The patterns of some parts, each with the rules of all tokens. */
function placesOf(tokens: readonly (readonly Part[])[], wanted: ReadonlySet<Part>): readonly Place[] {
  const places = new Map<string, Place & { readonly rules: (MergedRule | undefined)[] }>()
  for (const [token, parts] of tokens.entries()) {
    for (const rule of parts.flatMap((part) => (wanted.has(part) ? part.rules : []))) {
      const { match, pattern } = rule
      const key = patternKey(rule)
      const place = places.get(key) ?? { match, pattern, rules: tokens.map(() => undefined) }
      place.rules[token] = rule
      places.set(key, place)
    }
  }
  return [...places.values()]
}
