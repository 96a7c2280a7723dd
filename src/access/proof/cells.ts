import { type Box, finiteTexts, intersectBoxes, subtractBox } from '../claims/box.ts'
import type { Subject } from './subjects.ts'

/** Tokens that one role admits, and which of some others admit each of them. */
export interface Cell {
  readonly box: Box
  readonly by: readonly Subject[]
}

/** Raised where so many roles overlap that the tokens fall into too many parts to look at. */
class TooManyCells extends Error {}

const mostCells = 1_000

/**
 * A role's tokens, in parts that the same other roles admit. Parts where `covers` says that those give all that the role
 * gives are left out.
 */
export function cellsOf(
  subject: Subject,
  others: readonly Subject[],
  covers: (by: readonly Subject[]) => boolean,
): readonly Cell[] {
  let cells: readonly Cell[] = subject.box === undefined ? [] : [{ box: subject.box, by: [] }]
  for (const other of others) {
    cells = cells.flatMap((cell) => split(cell, other, covers))
    if (cells.length > mostCells) throw new TooManyCells()
  }
  return cells
}

function split(cell: Cell, other: Subject, covers: (by: readonly Subject[]) => boolean): readonly Cell[] {
  const inside = other.box && intersectBoxes(cell.box, other.box)
  if (inside === undefined || other.box === undefined) return [cell]
  const outside = subtractBox(cell.box, other.box).map((box) => ({ box, by: cell.by }))
  const by = [...cell.by, other]
  return covers(by) ? outside : [{ box: inside, by }, ...outside]
}

/** Finds the roles that may admit some of the same tokens without looking at all of them. */
export interface BoxIndex {
  near(subject: Subject): readonly Subject[]
}

/** Claims that tell roles apart best. */
const telling = ['project_id', 'namespace_id', 'project_path', 'namespace_path', 'job_project_id', 'sub'] as const

export function boxIndex(subjects: readonly Subject[]): BoxIndex {
  const admitting = subjects.filter(({ box }) => box !== undefined)
  const shelves = telling.map((claim) => shelve(admitting, claim))
  return {
    near(subject) {
      const found = shelves
        .map((shelf) => onShelf(shelf, subject))
        .reduce<readonly Subject[]>(
          (least, some) => (some !== undefined && some.length < least.length ? some : least),
          admitting,
        )
      return found
        .filter(({ trust }) => trust === subject.trust)
        .sort((a, b) => Number(b.address === subject.address) - Number(a.address === subject.address))
    },
  }
}

interface Shelf {
  readonly claim: string
  readonly byText: ReadonlyMap<string, readonly Subject[]>
  /** Those that do not say which texts the claim may be. */
  readonly open: readonly Subject[]
}

function shelve(subjects: readonly Subject[], claim: string): Shelf {
  const byText = new Map<string, Subject[]>()
  const open: Subject[] = []
  for (const subject of subjects) {
    const texts = subject.box && finiteTexts(subject.box, claim)
    if (texts === undefined) open.push(subject)
    else
      for (const text of texts) {
        const there = byText.get(text)
        if (there === undefined) byText.set(text, [subject])
        else there.push(subject)
      }
  }
  return { claim, byText, open }
}

function onShelf({ claim, byText, open }: Shelf, { box }: Subject): readonly Subject[] | undefined {
  const texts = box && finiteTexts(box, claim)
  if (texts === undefined) return undefined
  return [...new Set([...texts.flatMap((text) => byText.get(text) ?? []), ...open])]
}
