import { patternOf } from '../policy/pattern.ts'
import type { PathMatch } from '../policy/policy.ts'

/** One of the languages in which policies speak of paths. */
export interface PathPattern {
  readonly match: PathMatch
  /** As the server keys it: the trailing `*` is gone from a prefix and kept with `+`. */
  readonly pattern: string
}

/** Reads a pattern as a policy writes it: `ops/data/*`, `ops/+/db`. Undefined for `+*`, which the server refuses. */
export function parsePattern(written: string): PathPattern | undefined {
  const parsed = patternOf(written, '')
  return 'error' in parsed ? undefined : parsed
}

export function patternText({ match, pattern }: PathPattern): string {
  return match === 'prefix' ? `${pattern}*` : pattern
}

/** What begins every path of the pattern. */
export function literalStart({ match, pattern }: PathPattern): string {
  if (match !== 'segments') return pattern
  const parts = pattern.split('/')
  const plus = parts.indexOf('+')
  const text = parts.slice(0, plus === -1 ? undefined : plus).join('/') + (plus > 0 ? '/' : '')
  return plus === -1 && text.endsWith('*') ? text.slice(0, -1) : text
}

/** The segments, whether the last one is only a beginning, and how many there are. */
interface Segments {
  readonly parts: readonly string[]
  readonly open: boolean
}

function segmentsOf({ match, pattern }: PathPattern): Segments {
  const open = match === 'prefix' || (match === 'segments' && pattern.endsWith('*'))
  const text = open && match === 'segments' ? pattern.slice(0, -1) : pattern
  return { parts: text.split('/'), open }
}

/** A `+` of an exact or prefix pattern is an ordinary character. */
function isPlus(of: PathPattern, part: string): boolean {
  return of.match === 'segments' && part === '+'
}

/** Whether some path is in both. Source of the reading of `+` and `*`: CheckAllowedFromNonExactPaths, vault/acl.go. */
function overlaps(a: PathPattern, b: PathPattern): boolean {
  const [left, right] = [segmentsOf(a), segmentsOf(b)]
  const [m, n] = [left.parts.length, right.parts.length]
  if ((!left.open && m < n) || (!right.open && n < m)) return false
  for (let i = 0; i < Math.min(m, n); i++) {
    const [x, y] = [left.parts[i] as string, right.parts[i] as string]
    const [xOpen, yOpen] = [left.open && i === m - 1, right.open && i === n - 1]
    if (!isPlus(a, x) && !isPlus(b, y) && !partsMeet(x, xOpen, y, yOpen)) return false
  }
  return true
}

function partsMeet(x: string, xOpen: boolean, y: string, yOpen: boolean): boolean {
  if (xOpen && yOpen) return x.startsWith(y) || y.startsWith(x)
  if (xOpen) return y.startsWith(x)
  return yOpen ? x.startsWith(y) : x === y
}

/** The paths of both as one pattern; undefined where there are none or no pattern says it, as with `a/+/c` and `a/b*`. */
export function commonPattern(a: PathPattern, b: PathPattern): PathPattern | undefined {
  if (!overlaps(a, b)) return undefined
  if (a.match === 'exact') return a
  if (b.match === 'exact') return b
  const [left, right] = [segmentsOf(a), segmentsOf(b)]
  const length = Math.max(left.parts.length, right.parts.length)
  const parts: string[] = []
  for (let i = 0; i < length; i++) {
    const part = commonPart(partAt(a, left, i), partAt(b, right, i))
    if (part === undefined) return undefined
    parts.push(part)
  }
  const open = left.open && right.open
  const segments = parts.includes('+')
  if (parts.at(-1) === '+' && open) return undefined
  return {
    match: segments ? 'segments' : open ? 'prefix' : 'exact',
    pattern: parts.join('/') + (segments && open ? '*' : ''),
  }
}

type Part = 'plus' | 'anything' | { readonly text: string; readonly open: boolean }

function partAt(of: PathPattern, { parts, open }: Segments, i: number): Part {
  const part = parts[i]
  if (part === undefined) return 'anything'
  return isPlus(of, part) ? 'plus' : { text: part, open: open && i === parts.length - 1 }
}

/** Nothing can be written for the beginning of a segment where the other pattern says that a whole one stands there. */
function commonPart(x: Part, y: Part): string | undefined {
  if (x === 'anything' || y === 'anything') return textOf(x === 'anything' ? y : x)
  if (typeof x === 'object' && typeof y === 'object') return x.text.length >= y.text.length ? x.text : y.text
  const literal = typeof x === 'object' ? x : typeof y === 'object' ? y : undefined
  if (literal === undefined || !literal.open) return literal?.text ?? '+'
  return literal.text === '' ? '+' : undefined
}

function textOf(part: Part): string {
  return typeof part === 'object' ? part.text : '+'
}

/** Equal texts, equal sets of paths. */
export function patternKey({ match, pattern }: PathPattern): string {
  return `${match} ${pattern}`
}

/** Whether two patterns can match one path, or paths that differ only in a slash at the end, as a list's may. */
export function interplay(a: PathPattern, b: PathPattern): boolean {
  const [from, to] = [literalStart(a), literalStart(b)]
  if (!from.startsWith(to) && !to.startsWith(from)) return false
  return overlaps(a, b) || overlaps(slashed(a), b) || overlaps(a, slashed(b))
}

function slashed(pattern: PathPattern): PathPattern {
  const open = pattern.match === 'prefix' || (pattern.match === 'segments' && pattern.pattern.endsWith('*'))
  return open ? pattern : { ...pattern, pattern: `${pattern.pattern}/` }
}
