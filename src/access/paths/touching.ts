import type { ServerVersion } from '../../core/version.ts'
import type { MergedRule } from '../acl/decision.ts'
import { wildcardTries } from '../acl/find.ts'
import type { PathComparison, PathPiece } from './compare.ts'
import { demandsOf, isAltered } from './demands.ts'
import { bitsOf, capabilitiesIn, mayNeedSudo, sudoPatternsNear } from './grants.ts'
import { type PathPattern, patternText } from './pattern.ts'
import { compareByStates } from './states.ts'

/** A pattern that rules of several tokens have, and the rule of each; the first token is the one that is asked about. */
export interface Place extends PathPattern {
  readonly rules: readonly (MergedRule | undefined)[]
}

/** The server of each token of a place. */
export type Servers = readonly [ServerVersion, ...ServerVersion[]]

/** What the first token's rules at these places allow and those of the others do not; nothing else touches them. */
export function compareTouching(servers: Servers, places: readonly Place[]): PathComparison {
  if (servers.length > 1 && sameThroughout(places)) return { gained: [], altered: [] }
  const nearSudo = sudoPatternsNear(places, servers[0])
  return places.length === 1 && nearSudo.length === 0 && !missesItsLists(places[0] as Place, servers[0])
    ? compareAlone(servers, places[0] as Place)
    : compareByStates(servers, places, nearSudo)
}

/** What a rule allows that no other rule of its token touches, where the whole pattern stands the same. */
export function allowedAlone(rule: MergedRule, start: string, server: ServerVersion): PathComparison | undefined {
  if (mayNeedSudo(start, server) || missesItsLists(rule, server)) return undefined
  return { gained: piecesAt(rule, rule, bitsOf(rule, server)), altered: [] }
}

/** Where one of the others has the very same rules, nothing is gained. */
function sameThroughout(places: readonly Place[]): boolean {
  const [, ...others] = places[0]?.rules ?? []
  return others.some((_, i) => places.every(({ rules }) => sameRule(rules[0], rules[i + 1])))
}

/** Whether two rules of one pattern let the same pass under the same demands. */
export function sameRule(a: MergedRule | undefined, b: MergedRule | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a === b ||
    (sameSet(a.capabilities, b.capabilities) &&
      demandsOf(a, 'read') === demandsOf(b, 'read') &&
      demandsOf(a, 'list') === demandsOf(b, 'list'))
  )
}

function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item))
}

/** Vault before 1.15.2 looked up a list's path with its slash only, which a pattern that ends in a segment does not match. */
function missesItsLists({ match, pattern }: PathPattern, server: ServerVersion): boolean {
  return match === 'segments' && !pattern.endsWith('*') && wildcardTries(server, '/', true).length === 1
}

/** One pattern that no other touches. */
function compareAlone([server]: Servers, place: Place): PathComparison {
  const [rule, ...others] = place.rules
  if (rule === undefined) return { gained: [], altered: [] }
  const bits = bitsOf(rule, server)
  const before = others.reduce((sum, other) => sum | bitsOf(other, server), 0)
  const altered = piecesAt(place, rule, bits & before)
    .filter(({ capability }) => isAltered(rule, others, capability, server))
    .map((piece) => ({ ...piece, demands: demandsOf(rule, piece.capability) }))
  return { gained: piecesAt(place, rule, bits & ~before), altered }
}

function piecesAt(pattern: PathPattern, rule: MergedRule, bits: number): readonly PathPiece[] {
  const capabilities = capabilitiesIn(bits)
  if (capabilities.length === 0) return []
  const path = patternText(pattern)
  const witness = exampleOf(pattern)
  return capabilities.map((capability) => ({ path, capability, rule, witness }))
}

/** An ordinary path of the pattern. */
function exampleOf({ match, pattern }: PathPattern): string {
  if (match === 'exact') return pattern
  if (match === 'prefix') return `${pattern}x`
  const parts = pattern.split('/').map((part) => (part === '+' ? 'x' : part))
  return parts.join('/').replace(/\*$/, 'x')
}
