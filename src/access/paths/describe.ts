import { byText } from '../../core/json.ts'
import type { Capability } from '../policy/policy.ts'
import type { PathAutomaton, PathState } from './automaton.ts'
import { commonPattern, type PathPattern, patternText } from './pattern.ts'
import { areDisjoint, isSubset, shared } from './sets.ts'

/** A pattern and the states whose paths it matches. */
interface Candidate {
  readonly text: string
  readonly states: ReadonlySet<number>
}

/** What is looked at: whole paths, or paths of lists, which a pattern also matches without their slash at the end. */
export type View = 'paths' | 'lists'

/** How a capability looks at paths. */
export function viewOf(capability: Capability): View {
  return capability === 'list' || capability === 'scan' ? 'lists' : 'paths'
}

/** Some of the states, in the words of policies. */
export interface Described {
  readonly text: string
  readonly states: ReadonlySet<number>
}

/**
 * States in the words of policies, sorted: whole patterns where they fit, then patterns with exceptions,
 * `ops/* except ops/data/*`. Where not even that is exact, as for `a/+/c` within `a/b*`, it says `part of`.
 */
export function describeStates(
  automaton: PathAutomaton,
  wanted: ReadonlySet<number>,
  view: View = 'paths',
): readonly Described[] {
  const candidates = candidatesOf(automaton, view)
  const left = new Set(wanted)
  const found = wholePatterns(candidates, wanted, left)
  for (const id of left) {
    const { text, states } = withExceptions(candidates, wanted, left, id)
    found.push({ text, states: shared(states, wanted) })
    for (const state of states) left.delete(state)
  }
  return found.sort((a, b) => byText(a.text, b.text))
}

function candidatesOf({ patterns, states }: PathAutomaton, view: View): readonly Candidate[] {
  const members = patterns.map(() => new Set<number>())
  for (const state of states) for (const pattern of matching(state, view)) members[pattern]?.add(state.id)
  const simple = patterns.map((pattern, i) => ({
    pattern,
    text: patternText(pattern),
    states: members[i] as Set<number>,
  }))
  return [...simple, ...commonCandidates(simple)].filter(({ states }) => states.size > 0)
}

function matching(state: PathState, view: View): readonly number[] {
  if (view === 'paths') return state.whole
  return state.stripped === undefined ? [] : [...new Set([...state.whole, ...state.stripped])]
}

/** Only patterns with `+` have something in common with another that is neither of the two. */
function commonCandidates(simple: readonly (Candidate & { readonly pattern: PathPattern })[]): Candidate[] {
  const texts = new Set(simple.map(({ text }) => text))
  const found: Candidate[] = []
  for (const [i, a] of simple.entries()) {
    if (a.pattern.match !== 'segments') continue
    for (const [j, b] of simple.entries()) {
      if (b.pattern.match === 'exact' || (b.pattern.match === 'segments' && j <= i)) continue
      const common = commonPattern(a.pattern, b.pattern)
      if (common === undefined || texts.has(patternText(common))) continue
      texts.add(patternText(common))
      found.push({ text: patternText(common), states: shared(a.states, b.states) })
    }
  }
  return found
}

function wholePatterns(candidates: readonly Candidate[], wanted: ReadonlySet<number>, left: Set<number>): Described[] {
  const found: Described[] = []
  const fitting = candidates.filter(({ states }) => isSubset(states, wanted))
  for (const candidate of fitting.sort((a, b) => b.states.size - a.states.size)) {
    if (areDisjoint(candidate.states, left)) continue
    found.push(candidate)
    for (const state of candidate.states) left.delete(state)
  }
  return found
}

/** The pattern around one state that says most of what is left, without the patterns that hold anything unwanted. */
function withExceptions(
  candidates: readonly Candidate[],
  wanted: ReadonlySet<number>,
  left: ReadonlySet<number>,
  id: number,
): Described {
  const whole = candidates
    .filter(({ states }) => states.has(id))
    .reduce((best, one) => (shared(one.states, left).size > shared(best.states, left).size ? one : best))
  const foreign = new Set([...whole.states].filter((state) => !wanted.has(state)))
  const exceptions = candidates
    .filter(({ states }) => !states.has(id) && !areDisjoint(states, foreign))
    .sort((a, b) => shared(b.states, foreign).size - shared(a.states, foreign).size)
  const texts: string[] = []
  const covered = new Set(whole.states)
  for (const { text, states } of exceptions) {
    if (areDisjoint(states, foreign)) continue
    texts.push(text)
    for (const state of states) {
      foreign.delete(state)
      covered.delete(state)
    }
  }
  const except = texts.length === 0 ? '' : ` except ${texts.sort(byText).join(', ')}`
  return { text: `${foreign.size > 0 ? 'part of ' : ''}${whole.text}${except}`, states: covered }
}
