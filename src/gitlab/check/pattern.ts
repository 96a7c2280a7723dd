import { matchesGlob } from '../../core/glob.ts'
import type { Bound } from '../jobs/compare.ts'

/** A text with variables filled in; null stands for what only GitLab knows: any text, also none. */
export type Pattern = readonly (string | null)[]

export interface Variable {
  readonly text: string
  /** `expand: false`: what looks like a variable in it is none. */
  readonly raw?: boolean
}

export type Variables = ReadonlyMap<string, Variable>

/** `$X`, `${X}`, and an input that nobody gave a value. */
const parts = /\$\[\[[^\]]{0,200}\]\]|\$\{(\w+)\}|\$([A-Za-z_]\w*)|\$\$/g

/** Variables that refer to each other in a row; GitLab itself gives up at a circle. */
const deepest = 20

/**
 * As GitLab and the runner fill in: a variable that no file sets may be set elsewhere, and is not known here. Variables
 * must not change afterwards, as each is filled in once.
 */
export function expand(text: string, variables: Variables, open: readonly string[] = []): Pattern {
  if (text.length > longest) return [null]
  const found: (string | null)[] = []
  let from = 0
  for (const match of text.matchAll(parts)) {
    found.push(text.slice(from, match.index), ...filledIn(match[1] ?? match[2], variables, open))
    from = match.index + match[0].length
  }
  return tidy([...found, text.slice(from)])
}

const filled = new WeakMap<Variables, Map<string, Pattern>>()

function filledIn(name: string | undefined, variables: Variables, open: readonly string[]): Pattern {
  const variable = name === undefined ? undefined : variables.get(name)
  if (name === undefined || variable === undefined || open.includes(name) || open.length >= deepest) return [null]
  if (variable.raw) return [variable.text]
  const done = filled.get(variables) ?? new Map<string, Pattern>()
  filled.set(variables, done)
  const value = done.get(name) ?? expand(variable.text, variables, [...open, name])
  done.set(name, value)
  return value
}

/** Longer ones are no names; variables that repeat each other would double with each of them. */
const mostParts = 50
const longest = 10_000

function tidy(found: readonly (string | null)[]): Pattern {
  const joined: (string | null)[] = []
  for (const part of found) {
    const last = joined.at(-1)
    if (part === '') continue
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part
    else if (part !== null || last !== null) joined.push(part)
  }
  const length = joined.reduce((sum, part) => sum + (part?.length ?? 0), 0)
  return joined.length > mostParts || length > longest ? [null] : joined
}

/** The text, where nothing of it is unknown. */
export function known(pattern: Pattern): string | undefined {
  return pattern.some((part) => part === null) ? undefined : pattern.join('')
}

/** Whether anything of it is known. */
export function saysSomething(pattern: Pattern): boolean {
  return pattern.length === 0 || pattern.some((part) => part !== null)
}

/** For messages: `…` stands for what is not known. */
export function shown(pattern: Pattern): string {
  return pattern.map((part) => part ?? '…').join('')
}

/** Asked of every role there is, so what is the rule goes fast. */
export function couldBe(pattern: Pattern, text: string): boolean {
  if (pattern.length <= 1 && pattern[0] !== null) return text === (pattern[0] ?? '')
  if (pattern.some((part) => part?.includes('*'))) return meet(tokensOf(pattern), [...text])
  return matchesGlob(pattern.map((part) => part ?? '*').join(''), text)
}

/** Whether a claim with this text could be admitted by a bound. */
export function couldFit(pattern: Pattern, { values, glob }: Bound): boolean {
  const text = known(pattern)
  if (text !== undefined) return values.some((value) => (glob ? matchesGlob(value, text) : value === text))
  const tokens = tokensOf(pattern)
  return values.some((value) =>
    meet(tokens, glob ? [...value].map((sign) => (sign === '*' ? null : sign)) : [...value]),
  )
}

type Tokens = readonly (string | null)[]

function tokensOf(pattern: Pattern): Tokens {
  return pattern.flatMap((part) => (part === null ? [null] : [...part]))
}

/** Whether some text fits both; null is any text. */
function meet(left: Tokens, right: Tokens): boolean {
  let row = new Set([0])
  const close = (states: Set<number>) => {
    for (const at of states) if (right[at] === null) states.add(at + 1)
    return states
  }
  close(row)
  for (const token of left) {
    const next = new Set<number>()
    for (const at of row) {
      if (token === null) for (let to = at; to <= right.length; to++) next.add(to)
      else if (right[at] === null) next.add(at)
      else if (right[at] === token) next.add(at + 1)
    }
    row = close(next)
  }
  return row.has(right.length)
}
