import { distance } from 'fastest-levenshtein'

/** The name that was probably meant; undefined where none is near. */
export function nearest(name: string, candidates: Iterable<string>, furthest = 3): string | undefined {
  let best: string | undefined
  let bestDistance = Math.min(furthest, Math.max(1, name.length - 1)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue
    const far = distance(name.toLowerCase(), candidate.toLowerCase())
    if (far < bestDistance) [best, bestDistance] = [candidate, far]
  }
  return best
}
