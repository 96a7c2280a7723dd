import type { AccessEffect, AccessWitness } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import type { Box } from '../claims/box.ts'
import type { PathPiece } from '../paths/compare.ts'
import type { Gain } from './gains.ts'
import { shortWitnessOf } from './reached.ts'
import type { Subject } from './subjects.ts'

/** An effect before its words: equal keys are one line that names all their tokens. */
export interface Draft {
  readonly key: string
  readonly effect: AccessEffect['effect']
  readonly subject: Subject
  /** Exactly which tokens. */
  readonly boxes: readonly Box[]
  /** Which tokens, as the role says it. */
  readonly said: readonly Box[]
  readonly capabilities: readonly string[] | undefined
  readonly paths: readonly string[] | undefined
  witness(): AccessWitness
  /** `who` ends with a comma where it needs one. */
  text(who: string): string
}

export type Direction = 'gain' | 'loss'

export const verbs = { gain: 'gain', loss: 'lose' } as const

/** Capabilities that some paths share. */
export interface Grant {
  readonly capabilities: readonly string[]
  readonly paths: readonly string[]
}

interface Said {
  readonly path: string
  readonly capability: string
}

const known = new WeakMap<readonly Said[], readonly Grant[]>()

/** The same of a list that is asked about twice: what tokens gain is often what others lose. */
export function grantsOf(said: readonly Said[]): readonly Grant[] {
  const found = known.get(said) ?? grantsIn(said)
  known.set(said, found)
  return found
}

/** One for each set of capabilities, with all paths that have it; both sorted. */
export function grantsIn(said: readonly Said[]): readonly Grant[] {
  const byPath = new Map<string, string[]>()
  for (const { path, capability } of said) {
    const there = byPath.get(path)
    if (there === undefined) byPath.set(path, [capability])
    else if (!there.includes(capability)) there.push(capability)
  }
  const grants: { capabilities: readonly string[]; paths: string[] }[] = []
  const bySet = new Map<string, string[]>()
  byPath.forEach((capabilities, path) => {
    if (capabilities.length > 1) capabilities.sort(byText)
    const key = capabilities.join()
    const known = bySet.get(key)
    const paths = known ?? [path]
    if (known !== undefined) known.push(path)
    else grants.push({ capabilities, paths })
    bySet.set(key, paths)
  })
  for (const { paths } of grants) if (paths.length > 1) paths.sort(byText)
  return grants
}

/** By the request that is the easiest to show. */
export function witness({ subject, box }: Gain, pieces: readonly PathPiece[]): AccessWitness {
  const piece = pieces.find(({ capability }) => capability !== 'sudo' && capability !== 'subscribe') ?? pieces[0]
  if (piece === undefined) return shortWitnessOf(subject, box)
  const { capability, rule } = piece
  return shortWitnessOf(subject, box, { path: piece.witness, capability, rule })
}
