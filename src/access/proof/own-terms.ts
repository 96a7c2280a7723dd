import { type Box, intersectBoxes } from '../claims/box.ts'
import { sameWords } from '../claims/words.ts'
import type { Gain } from './gains.ts'
import { isBuiltin } from './policies.ts'

/** Tokens of one role that gain the same, and how to say which. */
export interface Told {
  readonly gain: Gain
  readonly said: Box
}

/** Claims that a reader takes in at a glance, also where only another role speaks of them. */
const glanceable: ReadonlySet<string> = new Set([
  'ref',
  'ref_path',
  'ref_type',
  'ref_protected',
  'environment',
  'environment_protected',
  'deployment_tier',
  'pipeline_source',
])

/**
 * The gains of one role with its tokens as the role itself says it: they are not split by what other roles demand. Only where
 * that makes one part, or two that gain different things, and in claims that everybody knows, the part itself is said.
 */
export function toldBy(gains: readonly Gain[]): readonly Told[] {
  const first = gains[0]
  if (first === undefined) return []
  const own = ownBox(first)
  if (gains.length === 1 && (first.box === own || isGlance(first.box, own))) return [{ gain: first, said: first.box }]
  const isSplitWell =
    gains.length === 2 && gains.every(({ box }) => isGlance(box, own)) && new Set(gains.map(gainedKey)).size === 2
  return gains.map((gain) => ({ gain, said: isSplitWell ? gain.box : own }))
}

/** What the role admits, before and after where it is there on both sides. */
function ownBox({ subject, by, box }: Gain): Box {
  const own = subject.box ?? box
  const twin = by.find(({ address }) => address === subject.address)
  return (twin?.box && intersectBoxes(own, twin.box)) ?? own
}

function isGlance(box: Box, own: Box): boolean {
  const claims = new Set([...box.keys(), ...own.keys()])
  return [...claims].every((claim) => glanceable.has(claim) || sameWords(box.get(claim), own.get(claim)))
}

function gainedKey({ gained, templated }: Gain): string {
  const pieces = gained.filter(({ rule }) => !isBuiltin(rule)).map(({ path, capability }) => `${capability} ${path}`)
  return [...pieces, ...templated.map(({ key }) => key)].sort().join('\n')
}
