import { literalStart, type PathPattern } from './pattern.ts'

/**
 * All paths at once: one state for every way in which a path can stand to a set of patterns. Each pattern alone is
 * deterministic, so the states are the reachable combinations of places in them; characters that no pattern asks for at a
 * state are one class.
 */
export interface PathAutomaton {
  readonly patterns: readonly PathPattern[]
  /** What all patterns begin with, up to a slash; paths that begin otherwise match none of them and are left out. */
  readonly prefix: string
  /** The first one is the prefix itself. Paths that begin with a slash are left out: the server takes it off. */
  readonly states: readonly PathState[]
  /** A letter that no pattern holds. */
  readonly filler: string
}

export interface PathState {
  readonly id: number
  /** Which patterns match the paths of this state; ascending. */
  readonly whole: readonly number[]
  /** For a path that ends with a slash: which patterns match it without. A list is looked up that way too. */
  readonly stripped?: readonly number[]
  /** By character; what is not here leads to `other`. */
  readonly edges: ReadonlyMap<string, number>
  readonly other: number
}

/** Raised where patterns interlock so much that their states would fill the memory; callers answer that it is beyond them. */
export class TooManyStates extends Error {}

const mostStates = 50_000

/** Characters of the pattern, `+` segments as one, and whether anything may follow. */
interface Steps {
  readonly steps: readonly string[]
  readonly open: boolean
}

const segment = 'a whole segment'
const dead = -1

function stepsOf({ match, pattern }: PathPattern): Steps {
  if (match !== 'segments') return { steps: [...pattern], open: match === 'prefix' }
  const open = pattern.endsWith('*')
  const parts = (open ? pattern.slice(0, -1) : pattern).split('/')
  const steps = parts.flatMap((part, i) => [...(i > 0 ? ['/'] : []), ...(part === '+' ? [segment] : [...part])])
  return { steps, open }
}

function advance({ steps, open }: Steps, place: number, character: string): number {
  if (place === dead) return dead
  const step = steps[place]
  if (step === undefined) return open ? place : dead
  if (step !== segment) return step === character ? place + 1 : dead
  if (character !== '/') return place
  return steps[place + 1] === '/' ? place + 2 : dead
}

function accepts({ steps }: Steps, place: number): boolean {
  return place === steps.length || (place === steps.length - 1 && steps[place] === segment)
}

interface Draft {
  readonly id: number
  readonly places: readonly number[]
  readonly whole: readonly number[]
  readonly stripped?: readonly number[]
  readonly edges: Map<string, number>
  other: number
}

export function automatonOf(patterns: readonly PathPattern[]): PathAutomaton {
  const prefix = commonPrefix(patterns)
  const all = patterns.map((pattern) => stepsOf({ ...pattern, pattern: pattern.pattern.slice(prefix.length) }))
  const filler = fillerFor(all)
  const states: Draft[] = []
  const known = new Map<string, Draft>()
  const stateAt = (places: readonly number[], stripped: readonly number[] | undefined): Draft => {
    const key = stripped === undefined ? places.join() : `${places.join()}|${stripped.join()}`
    const found = known.get(key)
    if (found !== undefined) return found
    if (states.length >= mostStates) throw new TooManyStates()
    const whole = places.flatMap((place, i) => (place !== dead && accepts(all[i] as Steps, place) ? [i] : []))
    const state = { id: states.length, places, whole, ...(stripped && { stripped }), edges: new Map(), other: 0 }
    // The empty path is like no other, even where the patterns stand the same: no slash may follow it.
    if (states.push(state) > 1 || prefix !== '') known.set(key, state)
    return state
  }
  const next = (from: Draft, character: string) =>
    stateAt(
      from.places.map((place, i) => advance(all[i] as Steps, place, character)),
      character === '/' ? from.whole : undefined,
    ).id
  const start = all.map(() => 0)
  stateAt(start, prefix === '' ? undefined : [])
  for (let i = 0; i < states.length; i++) {
    const state = states[i] as Draft
    state.other = next(state, filler)
    for (const character of lettersAt(all, state, prefix === '' && i === 0)) {
      state.edges.set(character, next(state, character))
    }
  }
  return { patterns, prefix, states, filler }
}

function commonPrefix(patterns: readonly PathPattern[]): string {
  const starts = patterns.map(literalStart)
  let common = starts[0] ?? ''
  for (const start of starts) {
    let length = 0
    while (length < common.length && common[length] === start[length]) length++
    common = common.slice(0, length)
  }
  return common.slice(0, common.lastIndexOf('/') + 1)
}

/** Characters that lead elsewhere than any other. */
function lettersAt(all: readonly Steps[], { places }: Draft, isEmptyPath: boolean): ReadonlySet<string> {
  const letters = new Set<string>(['/'])
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number
    const step = place === dead ? undefined : (all[i] as Steps).steps[place]
    if (step !== undefined && step !== segment) letters.add(step)
  }
  if (isEmptyPath) letters.delete('/')
  return letters
}

function fillerFor(all: readonly Steps[]): string {
  const used = new Set(all.flatMap(({ steps }) => steps))
  for (const letter of 'xyzabcdefghijklmnopqrstuvw0123456789XYZ') if (!used.has(letter)) return letter
  let code = 0x4e00
  while (used.has(String.fromCodePoint(code))) code++
  return String.fromCodePoint(code)
}
