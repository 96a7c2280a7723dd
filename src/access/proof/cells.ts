import { type Box, intersectBoxes, subtractBox } from '../claims/box.ts'
import type { Subject } from './subjects.ts'

/** Tokens that one role admits, and which of some others admit each of them. */
export interface Cell {
  readonly box: Box
  readonly by: readonly Subject[]
}

/** Raised where so many roles overlap that the tokens fall into too many parts to look at. */
export class TooManyCells extends Error {}

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
