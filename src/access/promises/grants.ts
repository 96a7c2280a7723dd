import { isPattern } from '../../core/policy-line.ts'
import type { Grant } from '../../core/promise.ts'
import type { Acl } from '../acl/acl.ts'
import { capabilitiesOf } from '../acl/capabilities.ts'
import { decide } from '../acl/decide.ts'
import type { Denial, MergedRule } from '../acl/decision.ts'
import { requiresSudo } from '../acl/sudo.ts'
import { automatonOf, type PathAutomaton, type PathState, TooManyStates } from '../paths/automaton.ts'
import { bit, bitsOf, orderOf, ruleFor, type Standing, standingAt, sudoPatternsNear } from '../paths/grants.ts'
import { interplay, type PathPattern, parsePattern } from '../paths/pattern.ts'
import { isOperation } from '../paths/requests.ts'
import { pathTo } from '../paths/witness.ts'

/** A path at which a token can do what it should not, or cannot do what it should. */
export interface Deviation {
  readonly path: string
  /** The rule that decides there. */
  readonly rule?: MergedRule
  readonly denial?: Denial
}

/** `undefined`: as promised. */
export type GrantAnswer = Deviation | { readonly unknown: string } | undefined

/**
 * Whether a token is as promised at every path of the grant. It "can" where a request passes that carries what the rule
 * asks for: parameters and wrapping are not looked at, `sudo` is where the server asks for it.
 * @param wanted true for "can", false for "cannot"
 */
export function deviation(acl: Acl, grant: Grant, wanted: boolean): GrantAnswer {
  const { capability, path } = grant
  const found = isPattern(path)
    ? deviationInPattern(acl, capability, path, wanted)
    : deviationAt(acl, capability, path, wanted)
  if (found !== undefined && 'unknown' in found) return found
  // A block that depends on who logs in may give what is not to be had, or hide what is.
  const gives = found === undefined ? !wanted : wanted
  const doubt = acl.dropped.find(
    ({ rule, because }) =>
      because === 'template' &&
      rule.capabilities.has(capability) === gives &&
      mayConcern(rule.written, found?.path ?? path),
  )
  if (doubt === undefined) return found
  return { unknown: `the path ${doubt.rule.written} of the policy "${doubt.policy.name}" depends on who logs in` }
}

/** What a template is filled in with may be anything: from its first `{{` on, no path is surely outside. */
function mayConcern(written: string, path: string): boolean {
  const [before = ''] = written.replace(/^\//, '').split(/\{\{|\+/, 1)
  const [asked = ''] = path.split(/\+|\*$/, 1)
  return isPattern(path) ? asked.startsWith(before) || before.startsWith(asked) : path.startsWith(before)
}

function deviationAt(acl: Acl, capability: Grant['capability'], path: string, wanted: boolean): Deviation | undefined {
  if (!isOperation(capability)) {
    const able = capabilitiesOf(acl, path).some((name) => name === capability || name === 'root')
    return able === wanted
      ? undefined
      : { path, ...(wanted ? { denial: { why: 'capability', missing: capability } } : {}) }
  }
  const { allowed, denial, rule } = decide(acl, { operation: capability, path })
  const conditional = denial !== undefined && conditions.includes(denial.why) && !lacksSudo(acl, path, rule)
  if ((allowed || conditional) === wanted) return undefined
  return { path, ...(rule === undefined ? {} : { rule }), ...(denial === undefined ? {} : { denial }) }
}

/** A request can meet them. */
const conditions: readonly Denial['why'][] = [
  'required parameter',
  'denied parameter',
  'not an allowed parameter',
  'not an allowed value',
  'wrapping',
  'pagination limit',
]

function lacksSudo(acl: Acl, path: string, rule: MergedRule | undefined): boolean {
  return requiresSudo(path, acl.server) && rule?.capabilities.has('sudo') !== true
}

function deviationInPattern(acl: Acl, capability: Grant['capability'], written: string, wanted: boolean): GrantAnswer {
  const asked = parsePattern(written)
  if (asked === undefined) return { unknown: `no server takes a path such as ${written}` }
  if (acl.root) return wanted ? undefined : { path: written }
  if (acl.failure !== undefined)
    return wanted ? { path: written, denial: { why: 'broken policies', failure: acl.failure } } : undefined
  try {
    return searchPattern(acl, capability, asked, wanted)
  } catch (error) {
    if (error instanceof TooManyStates) return { unknown: 'its policies have too many patterns that interlock' }
    throw error
  }
}

/** Looks for a path of the pattern where the token is not as wanted. */
function searchPattern(acl: Acl, capability: Grant['capability'], asked: PathPattern, wanted: boolean): GrantAnswer {
  const near = acl.rules.filter((rule) => interplay(rule, asked))
  const granted = near.some((rule) => (bitsOf(rule, acl.server) & bit(capability)) !== 0)
  if (!granted && !wanted) return undefined
  const { automaton, standings } = landscapeOf(acl, near, asked)
  const listing = capability === 'list' || capability === 'scan'
  const isAsked = ({ id, whole, stripped }: PathState) =>
    id !== 0 && (listing ? stripped !== undefined && [...whole, ...stripped].includes(0) : whole.includes(0))
  const standingOf = ({ id }: Pick<PathState, 'id'>) => standings[id] as Standing
  const able = (state: PathState) => (standingOf(state).bits & bit(capability)) !== 0
  const found = pathTo(automaton, (state) => isAsked(state) && able(state) !== wanted)
  if (found === undefined) return undefined
  const rule = ruleFor(standingOf(found), capability)
  const { path } = found
  return { path, ...(rule === undefined ? {} : { rule }), ...(wanted ? { denial: denialOf(rule, capability) } : {}) }
}

/** How a token stands to every path, the paths of one pattern told apart from the others: its first is the asked one. */
interface Landscape {
  readonly automaton: PathAutomaton
  /** By the state's id. */
  readonly standings: readonly Standing[]
}

/** A promise asks several capabilities about one pattern, and several promises ask about one token. */
const landscapes = new WeakMap<Acl, Map<string, Landscape>>()

function landscapeOf(acl: Acl, near: readonly MergedRule[], asked: PathPattern): Landscape {
  const known = landscapes.get(acl) ?? new Map<string, Landscape>()
  landscapes.set(acl, known)
  const key = `${asked.match} ${asked.pattern}`
  const landscape = known.get(key) ?? makeLandscape(acl, near, asked)
  known.set(key, landscape)
  return landscape
}

/** The automaton's patterns are the asked one, the rules, and then the paths that need sudo. */
function makeLandscape({ server }: Acl, rules: readonly MergedRule[], asked: PathPattern): Landscape {
  const order = orderOf(rules, server)
  const automaton = automatonOf([asked, ...rules, ...sudoPatternsNear([asked], server)])
  const standings = automaton.states.map((state) => {
    const needsSudo = state.whole.some((pattern) => pattern > rules.length)
    return standingAt(order, state, (pattern) => (pattern === 0 ? undefined : rules[pattern - 1]), needsSudo)
  })
  return { automaton, standings }
}

function denialOf(rule: MergedRule | undefined, capability: Grant['capability']): Denial {
  if (rule === undefined) return { why: 'no rule' }
  if (rule.capabilities.has('deny')) return { why: 'deny' }
  return rule.capabilities.has(capability) ? { why: 'sudo' } : { why: 'capability', missing: capability }
}
