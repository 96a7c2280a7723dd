import type { Box } from '../claims/box.ts'
import type { PathPiece } from '../paths/compare.ts'
import { type Direction, type Draft, grantsIn, witness } from './drafts.ts'
import type { Gain } from './gains.ts'
import { type Told, toldBy } from './own-terms.ts'
import { grantWords } from './path-words.ts'

/** What can be done as before, but under other demands: parameters, wrapping, pages. */
export function alterationDrafts(gains: readonly (readonly Gain[])[], losses: readonly (readonly Gain[])[]): Draft[] {
  const altered = gains.flatMap(alterationsOf)
  const known = new Set(altered.map(alterationKey))
  // A change of demands shows from both sides; what only the one before shows is a way that is gone.
  const gone = losses.flatMap(alterationsOf).filter((one) => !known.has(alterationKey(one)))
  return [...draftsOf(altered, 'gain'), ...draftsOf(gone, 'loss')]
}

interface Alteration {
  readonly told: Told
  readonly piece: PathPiece
}

function alterationsOf(gains: readonly Gain[]): readonly Alteration[] {
  return toldBy(gains.filter(({ altered }) => altered.length > 0)).flatMap((told) =>
    told.gain.altered.map((piece) => ({ told, piece })),
  )
}

function alterationKey({ told, piece }: Alteration): string {
  const { mount, role } = told.gain.subject
  return JSON.stringify([mount.path, role.name, piece.path, piece.capability])
}

function draftsOf(alterations: readonly Alteration[], direction: Direction): Draft[] {
  const groups = new Map<Box, Map<string, Alteration[]>>()
  for (const alteration of alterations) {
    const byDemand = groups.get(alteration.told.said) ?? new Map<string, Alteration[]>()
    groups.set(alteration.told.said, byDemand)
    const demands = alteration.piece.demands ?? ''
    byDemand.set(demands, [...(byDemand.get(demands) ?? []), alteration])
  }
  return [...groups.values()].flatMap((byDemand) =>
    [...byDemand].flatMap(([demands, some]) => demandDrafts(demands, some, direction)),
  )
}

function demandDrafts(demands: string, alterations: readonly Alteration[], direction: Direction): Draft[] {
  const [{ told }] = alterations as readonly [Alteration]
  const how = demands === '' ? 'without further demands' : `with ${demands}`
  const verb = direction === 'gain' ? 'now have' : 'no longer have'
  return grantsIn(alterations.map(({ piece }) => piece)).map(({ capabilities, paths }) => {
    const about = alterations.filter(({ piece }) => paths.includes(piece.path))
    const [first] = about as [Alteration, ...Alteration[]]
    const pieces = about.filter(({ told: { gain } }) => gain === first.told.gain).map(({ piece }) => piece)
    return {
      key: `change ${direction} ${capabilities.join()} ${paths.join('\n')} ${how}`,
      effect: 'change',
      subject: told.gain.subject,
      boxes: [...new Set(about.map(({ told: { gain } }) => gain.box))],
      said: [told.said],
      capabilities,
      paths,
      witness: () => witness(first.told.gain, pieces),
      text: (who) => `tokens of ${who} ${verb} ${grantWords({ capabilities, paths })} ${how}`,
    }
  })
}
