import { automatonOf, type PathAutomaton, type PathState } from './automaton.ts'
import { describeStates } from './describe.ts'
import type { PathPattern } from './pattern.ts'
import { pathTo } from './witness.ts'

/** A set of paths, made of patterns. */
export interface PathSet {
  readonly patterns: readonly PathPattern[]
  /** Whether a path is in the set, by which of the patterns match it. */
  holds(matches: (pattern: number) => boolean): boolean
}

export function pathsOf(pattern: PathPattern): PathSet {
  return { patterns: [pattern], holds: (matches) => matches(0) }
}

export const intersectPaths = (a: PathSet, b: PathSet): PathSet => combined(a, b, (x, y) => x && y)
export const unitePaths = (a: PathSet, b: PathSet): PathSet => combined(a, b, (x, y) => x || y)
export const minusPaths = (a: PathSet, b: PathSet): PathSet => combined(a, b, (x, y) => x && !y)

function combined(a: PathSet, b: PathSet, both: (inA: boolean, inB: boolean) => boolean): PathSet {
  const keys = a.patterns.map(patternKey)
  const patterns = [...a.patterns]
  const places = b.patterns.map((pattern) => {
    const place = keys.indexOf(patternKey(pattern))
    return place === -1 ? patterns.push(pattern) - 1 : place
  })
  return {
    patterns,
    holds: (matches) =>
      both(
        a.holds(matches),
        b.holds((pattern) => matches(places[pattern] as number)),
      ),
  }
}

export function patternKey(pattern: PathPattern): string {
  return `${pattern.match} ${pattern.pattern}`
}

/** A path of the set, as ordinary as can be; undefined where the set is empty. */
export function somePath(set: PathSet): string | undefined {
  const automaton = automatonOf(set.patterns)
  return pathTo(automaton, memberOf(set))?.path
}

export function isEmptySet(set: PathSet): boolean {
  return somePath(set) === undefined
}

export function includesPaths(larger: PathSet, smaller: PathSet): boolean {
  return isEmptySet(minusPaths(smaller, larger))
}

/** The set in the words of policies: `ops/* except ops/data/*`. */
export function describePaths(set: PathSet): readonly string[] {
  const automaton: PathAutomaton = automatonOf(set.patterns)
  const member = memberOf(set)
  return describeStates(automaton, new Set(automaton.states.filter(member).map(({ id }) => id))).map(({ text }) => text)
}

function memberOf(set: PathSet): (state: PathState) => boolean {
  return ({ whole }) => set.holds((pattern) => whole.includes(pattern))
}
