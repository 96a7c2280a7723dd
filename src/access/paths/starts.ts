import { byText } from '../../core/json.ts'
import { literalStart, type PathPattern } from './pattern.ts'

/** What the paths of some patterns begin with, without what begins with another of them; sorted. */
export type Starts = readonly string[]

export function startsOf(patterns: readonly PathPattern[]): Starts {
  return outermost(patterns.map(literalStart).sort(byText))
}

/** Of sorted beginnings. */
export function outermost(sorted: readonly string[]): Starts {
  let last: string | undefined
  return sorted.filter((start) => {
    if (last !== undefined && start.startsWith(last)) return false
    last = start
    return true
  })
}

/** Whether a path with this beginning may be among them: it begins with one of theirs, or one of theirs with it. */
export function mayHold(starts: Starts, start: string): boolean {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] as string) <= start) low = middle + 1
    else high = middle
  }
  const before = starts[low - 1]
  return (before !== undefined && start.startsWith(before)) || starts[low]?.startsWith(start) === true
}

export function mayMeet(a: Starts, b: Starts): boolean {
  return a.length < b.length ? a.some((start) => mayHold(b, start)) : b.some((start) => mayHold(a, start))
}
