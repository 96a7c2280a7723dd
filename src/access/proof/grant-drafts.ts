import { byText } from '../../core/json.ts'
import type { Box } from '../claims/box.ts'
import type { PathComparison, PathPiece } from '../paths/compare.ts'
import { type Direction, type Draft, grantsOf, verbs, witness } from './drafts.ts'
import type { Gain } from './gains.ts'
import { type Told, toldBy } from './own-terms.ts'
import { grantWords } from './path-words.ts'
import { isBuiltin, isBuiltinBlock } from './policies.ts'

/** What is gained by tokens that the role of the same name admits too, or where there is no such role. */
export function grantDrafts(gains: readonly Gain[], direction: Direction): readonly Draft[] {
  const telling = gains.filter(
    ({ gained, templated, by }) => gained.length > 0 || by.length === 0 || ownBlocks(templated).length > 0,
  )
  const all = toldBy(telling)
  if (all.length < 2) return draftsOf(all, direction)
  const bySaid = new Map<Box, Told[]>()
  for (const told of all) bySaid.set(told.said, [...(bySaid.get(told.said) ?? []), told])
  return [...bySaid.values()].flatMap((told) => draftsOf(told, direction))
}

function draftsOf(told: readonly Told[], direction: Direction): readonly Draft[] {
  return pathDrafts(told, direction).concat(bareDrafts(told, direction))
}

/** A capability on a path; where the path depends on whose token it is, as it is written. */
type Item = PathPiece | Pick<PathPiece, 'path' | 'capability'>

/** What a gain is about besides the server's own policy: the same list for all that rest on one comparison. */
function itemsOf({ compared, templated }: Gain): readonly Item[] {
  const pieces = ownPieces(compared)
  const blocks = ownBlocks(templated)
  if (blocks.length === 0) return pieces
  return [
    ...pieces,
    ...blocks.flatMap(({ rule }) => [...rule.capabilities].map((capability) => ({ path: rule.written, capability }))),
  ]
}

const fewPieces = 8

const knownPieces = new WeakMap<PathComparison, readonly PathPiece[]>()
const knownOfParts = new WeakMap<PathComparison, readonly PathPiece[]>()

function isOwn({ rule }: PathPiece): boolean {
  return !isBuiltin(rule)
}

/** Without those of the server's own policy, which is the same part of a thousand comparisons. */
function ownPieces(compared: PathComparison): readonly PathPiece[] {
  const known = knownPieces.get(compared)
  if (known !== undefined) return known
  const found = compared.of === undefined ? ownOfPart(compared) : compared.of.flatMap(ownOfPart)
  knownPieces.set(compared, found)
  return found
}

function ownOfPart(compared: PathComparison): readonly PathPiece[] {
  const { gained } = compared
  // Remembering a thousand short lists takes longer than looking through them.
  if (gained.length <= fewPieces) return gained.every(isOwn) ? gained : gained.filter(isOwn)
  const found = knownOfParts.get(compared) ?? (gained.every(isOwn) ? gained : gained.filter(isOwn))
  knownOfParts.set(compared, found)
  return found
}

export function piecesIn(items: readonly Item[]): readonly PathPiece[] {
  return items.filter((item) => 'rule' in item)
}

function piecesOn(items: readonly Item[], paths: readonly string[]): readonly PathPiece[] {
  return items.filter((item): item is PathPiece => 'rule' in item && paths.includes(item.path))
}

function ownBlocks(templated: Gain['templated']): Gain['templated'] {
  return templated.filter((block) => !isBuiltinBlock(block))
}

export interface ItemGroup {
  readonly told: readonly Told[]
  readonly items: readonly Item[]
}

/** Items that the very same tokens gain, so that what is said of them together is exact. */
export function itemGroups(told: readonly Told[]): readonly ItemGroup[] {
  const first = told[0]
  if (first === undefined) return []
  if (told.length === 1) return [{ told, items: itemsOf(first.gain) }]
  const holders = new Map<string, { told: Told[]; items: Item[] }>()
  for (const one of told)
    for (const item of itemsOf(one.gain)) {
      const key = `${item.capability} ${item.path}`
      const there = holders.get(key) ?? { told: [], items: [] }
      holders.set(key, there)
      there.told.push(one)
      there.items.push(item)
    }
  const groups = new Map<string, { told: readonly Told[]; items: Item[] }>()
  for (const { told: some, items } of holders.values()) {
    const key = some.map((one) => told.indexOf(one)).join()
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { told: some, items: [items[0] as Item] })
    else group.items.push(items[0] as Item)
  }
  return [...groups.values()]
}

function pathDrafts(told: readonly Told[], direction: Direction): readonly Draft[] {
  return itemGroups(told).flatMap(({ told: some, items }) =>
    grantsOf(items).map(({ capabilities, paths }) => {
      const { gain, said } = some[0] as Told
      const words = grantWords({ capabilities, paths })
      return {
        key: `${direction} ${capabilities.join()} ${paths.join('\n')}`,
        effect: direction,
        subject: gain.subject,
        boxes: some.map((one) => one.gain.box),
        said: [said],
        capabilities,
        paths,
        witness: () => witness(gain, piecesOn(items, paths)),
        text: (who: string) => `tokens of ${who} ${verbs[direction]} ${words}`,
      }
    }),
  )
}

/** What everybody who logs in has is one line, and none where a new login gets more than that. */
function bareDrafts(told: readonly Told[], direction: Direction): readonly Draft[] {
  const bare = told.filter(({ gain }) => gain.by.length > 0 || itemsOf(gain).length === 0)
  if (bare.length === 0) return []
  const groups = new Map<string, Told[]>()
  for (const one of bare) {
    const words = bareWords(one.gain, direction)
    if (words !== undefined) groups.set(words, [...(groups.get(words) ?? []), one])
  }
  return [...groups].map(([words, some]) => {
    const { gain, said } = some[0] as Told
    const pieces = gain.gained.filter(({ rule }) => isBuiltin(rule))
    const paths = [...new Set(pieces.map(({ path }) => path))].sort(byText)
    return {
      key: `${direction} ${words}`,
      effect: direction,
      subject: gain.subject,
      boxes: some.map((one) => one.gain.box),
      said: [said],
      capabilities: undefined,
      paths: paths.length > 0 ? paths : undefined,
      witness: () => witness(gain, pieces),
      text: (who: string) => `tokens of ${who} ${words}`,
    }
  })
}

/** Undefined where it is neither a login nor what the server's own policy grants. */
export function bareWords({ gained, by }: Gain, direction: Direction): string | undefined {
  const builtin = gained.some(({ rule }) => isBuiltin(rule))
  if (by.length > 0) return builtin ? `${verbs[direction]} what the policy "default" grants` : undefined
  const login = direction === 'gain' ? 'can now log in' : 'can no longer log in'
  return `${login}, with ${builtin ? 'what the policy "default" grants' : 'no rights'}`
}
