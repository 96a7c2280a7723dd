import type { AccessWitness } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import type { Box } from '../claims/box.ts'
import { describeAdmitted, describeBoxes } from '../claims/phrases.ts'
import type { PathPiece } from '../paths/compare.ts'
import { type Direction, type Draft, type Grant, grantsOf, verbs, witness } from './drafts.ts'
import type { Gain } from './gains.ts'
import { bareWords, type ItemGroup, itemGroups, piecesIn } from './grant-drafts.ts'
import { grantWords } from './path-words.ts'
import type { Subject } from './subjects.ts'

/**
 * The role of the same name admits others than before. One line says it in terms of the claims that changed, and what those
 * tokens gain by it.
 */
export function admissionDrafts(gains: readonly Gain[], direction: Direction): readonly Draft[] {
  const telling = gains.filter((gain) => gain.gained.length + gain.templated.length > 0 || gain.by.length === 0)
  const first = telling[0]
  const other = first?.outside?.box
  if (first === undefined || other === undefined) return []
  const { subject } = first
  const admitted = describeAdmitted(subject.box as Box, other)
  const groups = itemGroups(telling.map((gain) => ({ gain, said: gain.box })))
  const items = groups.length === 1 ? (groups[0] as ItemGroup).items : groups.flatMap((group) => group.items)
  const { capabilities, paths, words } = grantedBy(grantsOf(items))
  const what = consequence(telling, words, direction)
  return [
    {
      key: `${direction} admits ${subject.address}`,
      effect: direction,
      subject,
      boxes: telling.map(({ box }) => box),
      said: admitted.boxes,
      capabilities,
      paths,
      witness: () => shownBy(telling, piecesIn(items)),
      text: (who) => {
        const such =
          admitted.boxes.length === 1 ? `tokens of ${who}` : `such tokens of ${describeBoxes([admitted.common])}`
        return `${headline(subject, direction)} ${admitted.text}: ${such} ${what}`
      },
    },
  ]
}

interface Granted extends Pick<Draft, 'capabilities' | 'paths'> {
  readonly words: string
}

const known = new WeakMap<readonly Grant[], Granted>()

/** All of them together. */
function grantedBy(grants: readonly Grant[]): Granted {
  const found = known.get(grants) ?? together(grants)
  known.set(grants, found)
  return found
}

/** A path is in one of them only. */
function together(grants: readonly Grant[]): Granted {
  const words = grants.map(grantWords).join(', and ')
  if (grants.length < 2) return { capabilities: grants[0]?.capabilities, paths: grants[0]?.paths, words }
  return {
    capabilities: [...new Set(grants.flatMap(({ capabilities }) => capabilities))].sort(byText),
    paths: grants.flatMap(({ paths }) => paths).sort(byText),
    words,
  }
}

function headline({ mount, role }: Subject, direction: Direction): string {
  return `role ${mount.path}/${role.name} ${direction === 'gain' ? 'now admits' : 'no longer admits'}`
}

function consequence(gains: readonly Gain[], words: string, direction: Direction): string {
  if (words !== '') return `${verbs[direction]} ${words}`
  const bare = bareGain(gains)
  return (bare && bareWords(bare, direction)) ?? ''
}

/** Where no path is gained, it is told of those that could not log in at all, if there are any. */
function bareGain(gains: readonly Gain[]): Gain | undefined {
  return gains.find(({ by }) => by.length === 0) ?? gains[0]
}

function shownBy(gains: readonly Gain[], pieces: readonly PathPiece[]): AccessWitness {
  const first = gains[0]
  if (first !== undefined && gains.length === 1) return witness(first, pieces)
  const telling = new Set(pieces)
  const gain = gains.find(({ gained }) => gained.some((piece) => telling.has(piece))) ?? (bareGain(gains) as Gain)
  return witness(
    gain,
    gain.gained.filter((piece) => telling.has(piece)),
  )
}
