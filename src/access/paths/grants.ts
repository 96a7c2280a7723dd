import type { ServerVersion } from '../../core/version.ts'
import type { MergedRule } from '../acl/decision.ts'
import { wildcardTries } from '../acl/find.ts'
import { compareRules } from '../acl/order.ts'
import { sudoPaths } from '../acl/sudo.ts'
import type { Capability } from '../policy/policy.ts'
import type { PathState } from './automaton.ts'
import { literalStart, overlaps, type PathPattern, parsePattern } from './pattern.ts'
import { extrasFor } from './requests.ts'

/** What the policies of a token grant, as far as paths are known: its merged rules, in the server's order. */
export interface Grants {
  readonly server: ServerVersion
  readonly rules: readonly MergedRule[]
  /** Exact rules first, then those with wildcards, the preferred ones first. */
  readonly places: ReadonlyMap<MergedRule, number>
}

export function grantsOf(rules: readonly MergedRule[], server: ServerVersion): Grants {
  const sorted = [
    ...rules.filter(({ match }) => match === 'exact'),
    ...rules.filter(({ match }) => match !== 'exact').sort(compareRules),
  ]
  return { server, rules: sorted, places: new Map(sorted.map((rule, place) => [rule, place])) }
}

/** In bits, so that whole sets are compared at once. */
export const capabilityBits: readonly Capability[] = [
  'create',
  'read',
  'update',
  'delete',
  'list',
  'patch',
  'scan',
  'recover',
  'subscribe',
  'sudo',
]

const bitOf = new Map(capabilityBits.map((capability, i) => [capability, 1 << i]))
const listing = bit('list') | bit('scan')
const sudo = bit('sudo')

export function bit(capability: Capability): number {
  return bitOf.get(capability) ?? 0
}

export function capabilitiesIn(bits: number): readonly Capability[] {
  return capabilityBits.filter((capability) => (bits & bit(capability)) !== 0)
}

const bitsKnown = new WeakMap<MergedRule, { readonly server: ServerVersion; readonly bits: number }>()

/** What a rule lets pass, given the right parameters and wrapping. */
export function bitsOf(rule: MergedRule | undefined, server: ServerVersion): number {
  if (rule === undefined) return 0
  const known = bitsKnown.get(rule)
  if (known?.server === server) return known.bits
  const bits = [...rule.capabilities]
    .filter((capability) => extrasFor(rule, capability, server) !== undefined)
    .reduce((sum, capability) => sum | bit(capability), 0)
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
  grants: Grants,
  state: PathState,
  ruleAt: (pattern: number) => MergedRule | undefined,
  needsSudo: boolean,
): Standing {
  const rule = best(grants, state.whole, ruleAt)
  const plain = passing(bitsOf(rule, grants.server) & ~listing, needsSudo)
  if (state.stripped === undefined) return { bits: plain, ...(rule && { rule }) }
  const listRule = bestForList(grants, state.whole, state.stripped, ruleAt)
  const bits = plain | (passing(bitsOf(listRule, grants.server), needsSudo) & listing)
  return { bits, ...(rule && { rule }), ...(listRule && { listRule }) }
}

type RuleAt = (pattern: number) => MergedRule | undefined

function best(grants: Grants, patterns: readonly number[], ruleAt: RuleAt, exact?: boolean): MergedRule | undefined {
  let winner: MergedRule | undefined
  let place = Number.POSITIVE_INFINITY
  for (const pattern of patterns) {
    const rule = ruleAt(pattern)
    if (rule === undefined || (exact !== undefined && (rule.match === 'exact') !== exact)) continue
    const other = grants.places.get(rule) as number
    if (other < place) [winner, place] = [rule, other]
  }
  return winner
}

function bestForList(grants: Grants, whole: readonly number[], stripped: readonly number[], ruleAt: RuleAt) {
  const exact = best(grants, whole, ruleAt, true) ?? best(grants, stripped, ruleAt, true)
  if (exact !== undefined) return exact
  for (const tried of wildcardTries(grants.server, '/', true)) {
    const rule = best(grants, tried === '/' ? whole : stripped, ruleAt, false)
    if (rule !== undefined) return rule
  }
  return undefined
}

const sudoPatterns = new Map<string, readonly PathPattern[]>()

/** The paths that need sudo which some path of these patterns is among. */
export function sudoPatternsNear(patterns: readonly PathPattern[], server: ServerVersion): readonly PathPattern[] {
  const all = sudoPatterns.get(server.product) ?? sudoPaths(server).flatMap((written) => parsePattern(written) ?? [])
  sudoPatterns.set(server.product, all)
  return all.filter((pattern) => patterns.some((other) => interplay(pattern, other)))
}

/** Whether two patterns can match one path, or paths that differ only in a slash at the end, as a list's may. */
export function interplay(a: PathPattern, b: PathPattern): boolean {
  const [from, to] = [literalStart(a), literalStart(b)]
  if (!from.startsWith(to) && !to.startsWith(from)) return false
  return overlaps(a, b) || overlaps(slashed(a), b) || overlaps(a, slashed(b))
}

function slashed(pattern: PathPattern): PathPattern {
  const open = pattern.match === 'prefix' || (pattern.match === 'segments' && pattern.pattern.endsWith('*'))
  return open ? pattern : { ...pattern, pattern: `${pattern.pattern}/` }
}
