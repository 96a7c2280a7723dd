import type { MergedRule } from '../access/acl/decision.ts'

/** What one pattern of a policy says about another; the order in which they win is `compareRules`. */

type Pattern = Pick<MergedRule, 'pattern' | 'match'>

/** What every path that the pattern matches begins with. */
export function headOf({ pattern, match }: Pattern): string {
  if (match !== 'segments') return pattern
  const parts = pattern.split('/')
  const wildcard = parts.indexOf('+')
  return wildcard === -1
    ? pattern.replace(/\*$/, '')
    : parts
        .slice(0, wildcard)
        .map((part) => `${part}/`)
        .join('')
}

/** Whether the first pattern matches every path that the second one matches. May miss one, and never invents one. */
export function covers(outer: Pattern, inner: Pattern): boolean {
  if (outer.match === 'exact') return inner.match === 'exact' && outer.pattern === inner.pattern
  if (outer.match === 'prefix') return headOf(inner).startsWith(outer.pattern)
  return coversSegments(outer.pattern, inner.match === 'prefix' ? `${inner.pattern}*` : inner.pattern, inner.match)
}

function coversSegments(outer: string, inner: string, match: Pattern['match']): boolean {
  const [left, right] = [outer.split('/'), inner.split('/')]
  const [open, innerOpen] = [outer.endsWith('*'), match !== 'exact' && inner.endsWith('*')]
  if (!open) return !innerOpen && left.length === right.length && left.every((part, at) => fits(part, right[at] ?? ''))
  if (right.length < left.length) return false
  const beginning = (left.at(-1) ?? '').slice(0, -1)
  const whole = left.slice(0, -1)
  // The last part of an open pattern is the beginning of one segment and all that follows.
  if (innerOpen && right.length === left.length && (right.at(-1) ?? '').slice(0, -1).startsWith(beginning) === false)
    return false
  const next = right[whole.length] ?? ''
  return whole.every((part, at) => fits(part, right[at] ?? '')) && (beginning === '' || next.startsWith(beginning))
}

function fits(part: string, other: string): boolean {
  return part === '+' || part === other
}
