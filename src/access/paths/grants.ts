import { capabilities } from '../../core/capability.ts'
import type { ServerVersion } from '../../core/version.ts'
import type { MergedRule } from '../acl/decision.ts'
import { wildcardTries } from '../acl/find.ts'
import { compareRanks, rankOf } from '../acl/order.ts'
import { sudoPaths } from '../acl/sudo.ts'
import type { Capability } from '../policy/policy.ts'
import type { PathState } from './automaton.ts'
import { joinedSets, type Part, type PartSet, partSet } from './parts.ts'
import { interplay, literalStart, type PathPattern, parsePattern } from './pattern.ts'
import { extrasFor } from './requests.ts'
import { mayHold, type Starts, startsOf } from './starts.ts'

/** What the policies of a token grant, as far as paths are known. */
export interface Grants {
  readonly server: ServerVersion
  /** One a pattern, in no order. */
  readonly rules: readonly MergedRule[]
  readonly parts: readonly Part[]
  /** The same parts: many tokens have the same sets. */
  readonly sets: readonly PartSet[]
}

export function grantsOf(rules: readonly MergedRule[], server: ServerVersion): Grants {
  return grantsOfSets([partSet(rules)], () => [], server)
}

/** Of a token with several policies, each with its parts. */
export function grantsOfSets(
  policies: readonly PartSet[],
  merged: (touching: readonly Part[]) => readonly MergedRule[],
  server: ServerVersion,
): Grants {
  return new JoinedGrants(server, joinedSets(policies, merged))
}

/** A class, because there is one for every role: an object with getters of its own costs ten times as much to make. */
class JoinedGrants implements Grants {
  readonly server: ServerVersion
  readonly sets: readonly PartSet[]
  private allParts: readonly Part[] | undefined
  private allRules: readonly MergedRule[] | undefined

  constructor(server: ServerVersion, sets: readonly PartSet[]) {
    this.server = server
    this.sets = sets
  }

  get parts(): readonly Part[] {
    this.allParts ??= this.sets.flatMap(({ parts }) => parts)
    return this.allParts
  }

  get rules(): readonly MergedRule[] {
    this.allRules ??= this.parts.flatMap(({ rules }) => rules)
    return this.allRules
  }
}

/** Rules of one token in the server's order: exact ones first, then those with wildcards, the preferred ones first. */
export interface RuleOrder {
  readonly server: ServerVersion
  readonly places: ReadonlyMap<MergedRule, number>
}

export function orderOf(rules: readonly MergedRule[], server: ServerVersion): RuleOrder {
  const exact = rules.filter(({ match }) => match === 'exact')
  const others = rules.filter(({ match }) => match !== 'exact')
  const ranked = others.map((rule) => ({ rule, rank: rankOf(rule) }))
  const sorted = ranked.sort((a, b) => compareRanks(a.rank, b.rank)).map(({ rule }) => rule)
  return { server, places: new Map([...exact, ...sorted].map((rule, place) => [rule, place])) }
}

/** In bits, so that whole sets are compared at once. */
const bitOf: Readonly<Record<string, number>> = Object.fromEntries(capabilities.map((name, i) => [name, 1 << i]))
const listing = bit('list') | bit('scan')
const sudo = bit('sudo')

export function bit(capability: Capability): number {
  return bitOf[capability] ?? 0
}

const namesKnown: (readonly Capability[])[] = []

export function capabilitiesIn(bits: number): readonly Capability[] {
  const names = namesKnown[bits] ?? capabilities.filter((capability) => (bits & bit(capability)) !== 0)
  namesKnown[bits] = names
  return names
}

const bitsKnown = new WeakMap<MergedRule, { readonly server: ServerVersion; readonly bits: number }>()

/** What a rule lets pass, given the right parameters and wrapping. */
export function bitsOf(rule: MergedRule | undefined, server: ServerVersion): number {
  if (rule === undefined) return 0
  const known = bitsKnown.get(rule)
  if (known?.server === server) return known.bits
  let bits = 0
  rule.capabilities.forEach((capability) => {
    if (extrasFor(rule, capability, server) !== undefined) bits |= bit(capability)
  })
  bitsKnown.set(rule, { server, bits })
  return bits
}

/** On a path that needs sudo, nothing passes without it. */
function passing(bits: number, needsSudo: boolean): number {
  return needsSudo && (bits & sudo) === 0 ? 0 : bits
}

/** What can be done to the paths of a state, and by which rule. */
export interface Standing {
  readonly bits: number
  /** Of everything but lists. */
  readonly rule?: MergedRule
  /** Of lists; only where the path ends with a slash, as a list's always does. */
  readonly listRule?: MergedRule
}

/** The rule by which a capability is had. */
export function ruleFor({ rule, listRule }: Standing, capability: Capability): MergedRule | undefined {
  return (bit(capability) & listing) === 0 ? rule : listRule
}

/**
 * How a set of grants stands to a state. `ruleAt` gives its rule of a pattern of the automaton.
 * Source of the order: AllowOperation in vault/acl.go and openbao vault/policy/acl.go.
 */
export function standingAt(
  order: RuleOrder,
  state: PathState,
  ruleAt: (pattern: number) => MergedRule | undefined,
  needsSudo: boolean,
): Standing {
  const rule = best(order, state.whole, ruleAt)
  const plain = passing(bitsOf(rule, order.server) & ~listing, needsSudo)
  if (state.stripped === undefined) return { bits: plain, ...(rule && { rule }) }
  const listRule = bestForList(order, state.whole, state.stripped, ruleAt)
  const bits = plain | (passing(bitsOf(listRule, order.server), needsSudo) & listing)
  return { bits, ...(rule && { rule }), ...(listRule && { listRule }) }
}

type RuleAt = (pattern: number) => MergedRule | undefined

function best(order: RuleOrder, patterns: readonly number[], ruleAt: RuleAt, exact?: boolean): MergedRule | undefined {
  let winner: MergedRule | undefined
  let place = Number.POSITIVE_INFINITY
  for (const pattern of patterns) {
    const rule = ruleAt(pattern)
    if (rule === undefined || (exact !== undefined && (rule.match === 'exact') !== exact)) continue
    const other = order.places.get(rule) as number
    if (other < place) [winner, place] = [rule, other]
  }
  return winner
}

function bestForList(order: RuleOrder, whole: readonly number[], stripped: readonly number[], ruleAt: RuleAt) {
  const exact = best(order, whole, ruleAt, true) ?? best(order, stripped, ruleAt, true)
  if (exact !== undefined) return exact
  for (const tried of wildcardTries(order.server, '/', true)) {
    const rule = best(order, tried === '/' ? whole : stripped, ruleAt, false)
    if (rule !== undefined) return rule
  }
  return undefined
}

interface SudoPatterns {
  readonly patterns: readonly PathPattern[]
  readonly starts: Starts
}

const sudoPatterns = new Map<string, SudoPatterns>()

function sudoPatternsOf(server: ServerVersion): SudoPatterns {
  const known = sudoPatterns.get(server.product)
  if (known !== undefined) return known
  const patterns = sudoPaths(server).flatMap((written) => parsePattern(written) ?? [])
  const made = { patterns, starts: startsOf(patterns) }
  sudoPatterns.set(server.product, made)
  return made
}

/** False only where no path of a pattern with this beginning needs sudo. */
export function mayNeedSudo(start: string, server: ServerVersion): boolean {
  return mayHold(sudoPatternsOf(server).starts, start)
}

/** The paths that need sudo which some path of these patterns is among. */
export function sudoPatternsNear(patterns: readonly PathPattern[], server: ServerVersion): readonly PathPattern[] {
  const all = sudoPatternsOf(server)
  const near = patterns.filter((pattern) => mayNeedSudo(literalStart(pattern), server))
  if (near.length === 0) return []
  return all.patterns.filter((pattern) => near.some((other) => interplay(pattern, other)))
}
