import type { MergedRule } from './decision.ts'
import { compareRanks, rankOf } from './order.ts'

/** The rules of a token, indexed so that a path looks at few of them however many there are. */
export interface RuleIndex {
  readonly exact: ReadonlyMap<string, MergedRule>
  readonly prefixes: ReadonlyMap<string, MergedRule>
  /** Lengths of all prefixes, longest first. */
  readonly prefixLengths: readonly number[]
  readonly segments: Node
  readonly hasSegments: boolean
  /** Place of each rule with wildcards in the server's order; 0 is preferred to all others. */
  readonly places: ReadonlyMap<MergedRule, number>
}

/** Rules with `+`, as a tree over the segments of their patterns. */
interface Node {
  readonly literal: Map<string, Node>
  plus?: Node
  /** The rule whose pattern ends after this segment. */
  whole?: MergedRule
  /** Rules whose pattern ends in `*`, by what the next segment must begin with. */
  readonly beginnings: Map<string, MergedRule>
}

export function indexOf(rules: readonly MergedRule[]): RuleIndex {
  const prefixes = byPattern(rules, 'prefix')
  const segments = rules.filter((rule) => rule.match === 'segments')
  const root = newNode()
  for (const rule of segments) insert(root, rule)
  return {
    exact: byPattern(rules, 'exact'),
    prefixes,
    prefixLengths: [...new Set([...prefixes.keys()].map((prefix) => prefix.length))].sort((a, b) => b - a),
    segments: root,
    hasSegments: segments.length > 0,
    places: placesOf(rules.filter((rule) => rule.match !== 'exact')),
  }
}

/** As sorting by `compareRules`, with each rule's rank made once. */
function placesOf(rules: readonly MergedRule[]): ReadonlyMap<MergedRule, number> {
  const ranked = rules.map((rule) => ({ rule, rank: rankOf(rule) })).sort((a, b) => compareRanks(a.rank, b.rank))
  return new Map(ranked.map(({ rule }, place) => [rule, place]))
}

/** The rule with wildcards that the server would take for this path. */
export function bestRule(index: RuleIndex, path: string): MergedRule | undefined {
  let best = longestPrefix(index, path)
  let place = best === undefined ? Number.POSITIVE_INFINITY : (index.places.get(best) as number)
  visitSegments(index, path, (rule) => {
    const other = index.places.get(rule) as number
    if (other < place) [best, place] = [rule, other]
  })
  return best
}

/** All rules with wildcards that match, best first. */
export function matchingRules(index: RuleIndex, path: string): readonly MergedRule[] {
  const found: MergedRule[] = []
  for (const length of index.prefixLengths) {
    const rule = length <= path.length ? index.prefixes.get(path.slice(0, length)) : undefined
    if (rule !== undefined) found.push(rule)
  }
  visitSegments(index, path, (rule) => found.push(rule))
  return found.sort((a, b) => (index.places.get(a) as number) - (index.places.get(b) as number))
}

function longestPrefix(index: RuleIndex, path: string): MergedRule | undefined {
  for (const length of index.prefixLengths) {
    if (length > path.length) continue
    const rule = index.prefixes.get(path.slice(0, length))
    if (rule !== undefined) return rule
  }
  return undefined
}

function visitSegments(index: RuleIndex, path: string, visit: (rule: MergedRule) => void): void {
  if (index.hasSegments) walk(index.segments, path.split('/'), 0, visit)
}

/** A trailing `*` follows at least the beginning of a segment, maybe an empty one, and then anything. */
function walk(node: Node, parts: readonly string[], depth: number, visit: (rule: MergedRule) => void): void {
  const part = parts[depth]
  if (part === undefined) {
    if (node.whole !== undefined) visit(node.whole)
    return
  }
  for (const [beginning, rule] of node.beginnings) if (part.startsWith(beginning)) visit(rule)
  const literal = node.literal.get(part)
  if (literal !== undefined) walk(literal, parts, depth + 1, visit)
  if (node.plus !== undefined) walk(node.plus, parts, depth + 1, visit)
}

function insert(root: Node, rule: MergedRule): void {
  const parts = rule.pattern.split('/')
  const last = parts.at(-1) as string
  const whole = !last.endsWith('*')
  let node = root
  for (const part of whole ? parts : parts.slice(0, -1)) node = childOf(node, part)
  if (whole) node.whole = rule
  else node.beginnings.set(last.slice(0, -1), rule)
}

function childOf(node: Node, part: string): Node {
  if (part === '+') {
    node.plus ??= newNode()
    return node.plus
  }
  const child = node.literal.get(part) ?? newNode()
  node.literal.set(part, child)
  return child
}

function newNode(): Node {
  return { literal: new Map(), beginnings: new Map() }
}

function byPattern(rules: readonly MergedRule[], match: MergedRule['match']): Map<string, MergedRule> {
  return new Map(rules.filter((rule) => rule.match === match).map((rule) => [rule.pattern, rule]))
}
