import { byText } from '../../core/json.ts'
import type { MergedRule } from '../acl/decision.ts'
import { wildcardTries } from '../acl/find.ts'
import type { Capability } from '../policy/policy.ts'
import { automatonOf, type PathAutomaton, type PathState } from './automaton.ts'
import { componentsOf, type Place } from './components.ts'
import { describeStates, type View } from './describe.ts'
import {
  bit,
  bitsOf,
  capabilitiesIn,
  capabilityBits,
  type Grants,
  ruleFor,
  type Standing,
  standingAt,
  sudoPatternsNear,
} from './grants.ts'
import { type PathPattern, patternText } from './pattern.ts'
import { pathTo } from './witness.ts'

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

/** What grants allow that none of the others allow, over all paths. Throws `TooManyStates`. */
export function comparePaths(grants: Grants, others: readonly Grants[]): PathComparison {
  const gained: PathPiece[] = []
  const altered: PathPiece[] = []
  for (const places of componentsOf([grants, ...others])) {
    if (!places.some(({ rules }) => rules[0] !== undefined)) continue
    if (sameThroughout(places)) continue
    const found = compareComponent([grants, ...others], places)
    gained.push(...found.gained)
    altered.push(...found.altered)
  }
  return { gained, altered }
}

/** Where one of the others has the very same rules, nothing is gained. */
function sameThroughout(places: readonly Place[]): boolean {
  const [, ...others] = places[0]?.rules ?? []
  return others.some((_, i) => places.every(({ rules }) => sameRule(rules[0], rules[i + 1])))
}

function sameRule(a: MergedRule | undefined, b: MergedRule | undefined): boolean {
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

function compareComponent(all: readonly Grants[], places: readonly Place[]): PathComparison {
  const [first] = all as [Grants]
  const nearSudo = sudoPatternsNear(places, first.server)
  return places.length === 1 && nearSudo.length === 0 && !missesItsLists(places[0] as Place, first)
    ? compareAlone(all, places[0] as Place)
    : compareByStates(all, places, nearSudo)
}

/** Vault before 1.15.2 looked up a list's path with its slash only, which a pattern that ends in a segment does not match. */
function missesItsLists({ match, pattern }: PathPattern, { server }: Grants): boolean {
  return match === 'segments' && !pattern.endsWith('*') && wildcardTries(server, '/', true).length === 1
}

/** One pattern that no other touches. */
function compareAlone(all: readonly Grants[], place: Place): PathComparison {
  const [rule, ...others] = place.rules
  const [grants] = all as [Grants]
  if (rule === undefined) return { gained: [], altered: [] }
  const bits = bitsOf(rule, grants.server)
  const before = others.reduce((sum, other) => sum | bitsOf(other, grants.server), 0)
  const piece = (capability: Capability): PathPiece => ({
    path: patternText(place),
    capability,
    rule,
    witness: exampleOf(place),
  })
  const altered = capabilitiesIn(bits & before).filter((capability) => isAltered(rule, others, capability, grants))
  return {
    gained: capabilitiesIn(bits & ~before).map(piece),
    altered: altered.map((capability) => ({ ...piece(capability), demands: demandsOf(rule, capability) })),
  }
}

function isAltered(
  rule: MergedRule,
  others: readonly (MergedRule | undefined)[],
  capability: Capability,
  { server }: Grants,
): boolean {
  const demands = demandsOf(rule, capability)
  return !others.some(
    (other) =>
      other !== undefined &&
      (bitsOf(other, server) & bit(capability)) !== 0 &&
      demandsOf(other, capability) === demands,
  )
}

/** An ordinary path of the pattern. */
function exampleOf({ match, pattern }: PathPattern): string {
  if (match === 'exact') return pattern
  if (match === 'prefix') return `${pattern}x`
  const parts = pattern.split('/').map((part) => (part === '+' ? 'x' : part))
  return parts.join('/').replace(/\*$/, 'x')
}

function compareByStates(
  all: readonly Grants[],
  places: readonly Place[],
  nearSudo: readonly PathPattern[],
): PathComparison {
  const automaton = automatonOf([...places, ...nearSudo])
  const standings = automaton.states.map((state) => {
    const needsSudo = state.whole.some((pattern) => pattern >= places.length)
    return all.map((grants, i) => standingAt(grants, state, (pattern) => places[pattern]?.rules[i], needsSudo))
  })
  return {
    gained: piecesOf(automaton, (id) => gainedBits(standings[id] ?? []), standings),
    altered: alteredPieces(automaton, standings, all),
  }
}

function gainedBits([first, ...others]: readonly Standing[]): number {
  return (first?.bits ?? 0) & ~others.reduce((sum, { bits }) => sum | bits, 0)
}

/** Each capability's states in words, apart by the rule that decides where that matters to whoever reads it. */
function piecesOf(
  automaton: PathAutomaton,
  bitsAt: (state: number) => number,
  standings: readonly (readonly Standing[])[],
): PathPiece[] {
  const pieces: PathPiece[] = []
  for (const capability of capabilityBits) {
    const wanted = automaton.states.filter(({ id }) => (bitsAt(id) & bit(capability)) !== 0).map(({ id }) => id)
    if (wanted.length > 0) pieces.push(...describePieces(automaton, new Set(wanted), capability, standings))
  }
  return pieces
}

function describePieces(
  automaton: PathAutomaton,
  wanted: ReadonlySet<number>,
  capability: Capability,
  standings: readonly (readonly Standing[])[],
): PathPiece[] {
  return describeStates(automaton, wanted, viewOf(capability)).map(({ text, states }) => {
    const inside = (state: PathState) => states.has(state.id) && wanted.has(state.id)
    const { path, id } = pathTo(automaton, inside) ?? { path: '', id: 0 }
    const rule = ruleFor(standings[id]?.[0] ?? { bits: 0 }, capability) as MergedRule
    return { path: text, capability, rule, witness: path }
  })
}

function viewOf(capability: Capability): View {
  return capability === 'list' || capability === 'scan' ? 'lists' : 'paths'
}

function alteredPieces(
  automaton: PathAutomaton,
  standings: readonly (readonly Standing[])[],
  all: readonly Grants[],
): PathPiece[] {
  const pieces: PathPiece[] = []
  for (const capability of capabilityBits) {
    for (const [demands, states] of alteredStates(standings, capability, all)) {
      for (const piece of describePieces(automaton, states, capability, standings)) pieces.push({ ...piece, demands })
    }
  }
  return pieces
}

/** By what is demanded, so that no piece is about two different demands. */
function alteredStates(
  standings: readonly (readonly Standing[])[],
  capability: Capability,
  [grants]: readonly Grants[],
): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>()
  for (const [id, [first, ...others]] of standings.entries()) {
    const rule = first && (first.bits & bit(capability)) !== 0 ? ruleFor(first, capability) : undefined
    const having = others.filter(({ bits }) => (bits & bit(capability)) !== 0)
    if (rule === undefined || having.length === 0) continue
    const rules = having.map((standing) => ruleFor(standing, capability))
    if (!isAltered(rule, rules, capability, grants as Grants)) continue
    const demands = demandsOf(rule, capability)
    found.set(demands, (found.get(demands) ?? new Set()).add(id))
  }
  return found
}

const demandsKnown = new WeakMap<MergedRule, Map<boolean, string>>()

/** What a rule demands of a request besides its capability, in words; empty for nothing. */
function demandsOf(rule: MergedRule, capability: Capability): string {
  const lists = viewOf(capability) === 'lists'
  const known = demandsKnown.get(rule) ?? new Map<boolean, string>()
  demandsKnown.set(rule, known)
  const text = known.get(lists) ?? demandsText(rule, lists)
  known.set(lists, text)
  return text
}

function demandsText(rule: MergedRule, lists: boolean): string {
  const texts = [
    ...(rule.minWrappingTtl ? [`min_wrapping_ttl ${rule.minWrappingTtl}s`] : []),
    ...(rule.maxWrappingTtl ? [`max_wrapping_ttl ${rule.maxWrappingTtl}s`] : []),
    ...(lists ? listDemands(rule) : parameterDemands(rule)),
  ]
  return texts.join(', ')
}

function listDemands({ paginationLimit, listScanResponseKeysFilterPath }: MergedRule): readonly string[] {
  return [
    ...(paginationLimit ? [`pagination_limit ${paginationLimit}`] : []),
    ...(listScanResponseKeysFilterPath ? [`keys filtered by ${listScanResponseKeysFilterPath}`] : []),
  ]
}

function parameterDemands(rule: MergedRule): readonly string[] {
  const required = [...(rule.requiredParameters ?? [])].map((name) => name.toLowerCase()).sort(byText)
  return [
    ...(required.length > 0 ? [`required_parameters ${required.join(', ')}`] : []),
    ...valuesText('allowed_parameters', rule.allowedParameters),
    ...valuesText('denied_parameters', rule.deniedParameters),
  ]
}

function valuesText(name: string, values: MergedRule['allowedParameters']): readonly string[] {
  if (values === undefined || values.size === 0) return []
  const texts = [...values].map(([parameter, list]) => {
    const sorted = [...new Set(list.map((value) => JSON.stringify(value)))].sort(byText)
    return sorted.length === 0 ? parameter : `${parameter} = ${sorted.join(' or ')}`
  })
  return [`${name} ${texts.sort(byText).join(', ')}`]
}
