import { byText } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import type { MergedRule } from '../acl/decision.ts'
import type { PathComparison } from './compare.ts'
import { interplay, literalStart } from './pattern.ts'
import { mayMeet, outermost, type Starts, startsOf } from './starts.ts'

/**
 * Rules of one token that have to do with each other and with none of its other rules: no path is matched by rules of two
 * parts. Tokens share the parts of the policies that they share, so what is found out of a part is found out once.
 */
export interface Part {
  /** Ascending in the order of making. */
  readonly id: number
  readonly rules: readonly MergedRule[]
  /** Of each rule, what begins every path that it matches. */
  readonly starts: readonly Start[]
  alone: Alone | undefined
}

/** What is allowed where nothing else touches it, once found out: kept at its place, as finding it elsewhere takes longer. */
interface Alone {
  readonly server: ServerVersion
  readonly found: PathComparison
}

interface Start {
  readonly text: string
  readonly rule: MergedRule
  readonly part: Part
}

type Made<T> = { -readonly [Key in keyof T]: T[Key] }

let made = 0

function partOf(rules: readonly MergedRule[]): Part {
  const part: Made<Part> = { id: made++, rules, starts: [], alone: undefined }
  part.starts = rules.map((rule) => ({ text: literalStart(rule), rule, part }))
  return part
}

/** The parts of a policy. */
export interface PartSet {
  readonly parts: readonly Part[]
  readonly starts: Starts
  alone: Alone | undefined
}

export function partSet(rules: readonly MergedRule[]): PartSet {
  const alone = rules.map((rule) => partOf([rule]))
  const starts = sortedStarts(alone)
  const groups = groupsIn(alone, starts)
  return {
    parts:
      groups.length === 0 ? alone : replaced(alone, groups, (group) => partOf(group.flatMap(({ rules }) => rules))),
    starts: outermost(starts.map(({ text }) => text)),
    alone: undefined,
  }
}

/**
 * The parts of several policies as those of a token that has them all: the same sets, where nothing touches.
 * @param merged makes the rules of parts that touch, which come in the order of the policies
 */
export function joinedSets(
  sets: readonly PartSet[],
  merged: (touching: readonly Part[]) => readonly MergedRule[],
): readonly PartSet[] {
  if (!anyMeet(sets)) return sets
  const parts = sets.flatMap(({ parts }) => parts)
  const groups = touchingParts(parts)
  if (groups.length === 0) return sets
  const together = replaced(parts, groups, (group) => {
    const key = group.map(({ id }) => id).join()
    const [first] = group as readonly [Part]
    const known = joined.get(first) ?? new Map<string, Part>()
    joined.set(first, known)
    const part = known.get(key) ?? partOf(merged(group))
    known.set(key, part)
    return part
  })
  return [{ parts: together, starts: startsOf(together.flatMap(({ rules }) => rules)), alone: undefined }]
}

function anyMeet(sets: readonly PartSet[]): boolean {
  return sets.some((set, i) => sets.slice(0, i).some((other) => mayMeet(set.starts, other.starts)))
}

const joined = new WeakMap<Part, Map<string, Part>>()

function replaced(
  parts: readonly Part[],
  groups: readonly (readonly Part[])[],
  join: (group: readonly Part[]) => Part,
): readonly Part[] {
  const gone = new Set(groups.flat())
  return [...parts.filter((part) => !gone.has(part)), ...groups.map(join)]
}

/**
 * The groups of two and more parts that touch, through others maybe: some path is matched by rules of two of them. In the
 * order of the parts. Sorted by their beginnings, rules that may meet are those whose beginnings are each other's.
 */
export function touchingParts(parts: readonly Part[]): readonly (readonly Part[])[] {
  return groupsIn(parts, sortedStarts(parts))
}

function sortedStarts(parts: readonly Part[]): readonly Start[] {
  const starts = parts.flatMap(({ starts }) => starts)
  // Most policies are written in this order, and looking takes less than sorting.
  const isSorted = starts.every((start, i) => i === 0 || byStart(starts[i - 1] as Start, start) <= 0)
  return isSorted ? starts : starts.sort(byStart)
}

function groupsIn(parts: readonly Part[], starts: readonly Start[]): readonly (readonly Part[])[] {
  if (!starts.some((start, i) => i > 0 && start.text.startsWith((starts[i - 1] as Start).text))) return []
  const groups = new Map<Part, Set<Part>>()
  const around: Start[] = []
  for (const start of starts) {
    while (around.length > 0 && !start.text.startsWith((around.at(-1) as Start).text)) around.pop()
    for (const outer of around) if (meets(outer, start, groups)) unite(outer.part, start.part, groups)
    around.push(start)
  }
  if (groups.size === 0) return []
  const found = new Set(parts.flatMap((part) => groups.get(part) ?? []))
  const places = new Map(parts.map((part, place) => [part, place]))
  return [...found].map((group) => [...group].sort((a, b) => (places.get(a) as number) - (places.get(b) as number)))
}

function meets(a: Start, b: Start, groups: ReadonlyMap<Part, ReadonlySet<Part>>): boolean {
  if (a.part === b.part || groups.get(a.part)?.has(b.part) === true) return false
  return interplay(a.rule, b.rule)
}

function unite(a: Part, b: Part, groups: Map<Part, Set<Part>>): void {
  const [left, right] = [groups.get(a) ?? new Set([a]), groups.get(b) ?? new Set([b])]
  const [small, large] = left.size < right.size ? [left, right] : [right, left]
  for (const part of small) {
    large.add(part)
    groups.set(part, large)
  }
  groups.set(a, large).set(b, large)
}

function byStart(a: Start, b: Start): number {
  return byText(a.text, b.text)
}
