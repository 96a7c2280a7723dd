import type { ServerVersion } from '../../core/version.ts'
import type { MergedRule } from '../acl/decision.ts'
import type { Capability } from '../policy/policy.ts'
import type { Grants } from './grants.ts'
import { type Part, type PartSet, touchingParts } from './parts.ts'
import { patternKey } from './pattern.ts'
import { allowedAlone, compareTouching, type Place, type Servers } from './touching.ts'

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
  /** What it was put together from, most of which is the same for many tokens; absent where it is one. */
  readonly of?: readonly PathComparison[]
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
  const first = found[0]
  if (first !== undefined && found.length === 1) return first
  const none: readonly PathPiece[] = []
  return {
    gained: none.concat(...found.map(({ gained }) => gained)),
    altered: found.some(({ altered }) => altered.length > 0) ? found.flatMap(({ altered }) => altered) : none,
    of: found,
  }
}

/** What a policy allows in a token of which nothing else touches it. */
function allIn(set: PartSet, grants: Grants): PathComparison {
  const { server } = grants
  if (set.alone?.server !== server)
    set.alone = { server, found: together(set.parts.map((part) => aloneIn(part, grants))) }
  return set.alone.found
}

/** What a part allows that nothing else touches: the same in a thousand tokens. */
function aloneIn(part: Part, { server }: Grants): PathComparison {
  if (part.alone?.server !== server) part.alone = { server, found: findAlone(part, server) }
  return part.alone.found
}

function findAlone({ rules, starts }: Part, server: ServerVersion): PathComparison {
  const rule = rules[0]
  const start = starts[0]
  const found = rule && start && rules.length === 1 ? allowedAlone(rule, start.text, server) : undefined
  const places = () => rules.map((rule): Place => ({ match: rule.match, pattern: rule.pattern, rules: [rule] }))
  return found ?? compareTouching([server], places())
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
