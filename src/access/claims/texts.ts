import { matchesGlob } from '../../core/glob.ts'

/** A text, or a glob in which `*` is any text, also none (ryanuber/go-glob). */
export type TextWord = string | { readonly glob: string }

/** Text for which every list has a word that matches it, and none of the others does. */
export interface TextDemands {
  readonly allOf: readonly (readonly TextWord[])[]
  readonly noneOf: readonly TextWord[]
  readonly nonEmpty: boolean
}

function matchesWord(word: TextWord, text: string): boolean {
  return typeof word === 'string' ? word === text : matchesGlob(word.glob, text)
}

function meetsDemands({ allOf, noneOf, nonEmpty }: TextDemands, text: string): boolean {
  return (
    !(nonEmpty && text === '') &&
    allOf.every((words) => words.some((word) => matchesWord(word, text))) &&
    !noneOf.some((word) => matchesWord(word, text))
  )
}

/** Raised where globs interlock so much that deciding would fill the memory. */
export class TooManyTexts extends Error {}

/**
 * A text that meets the demands, as ordinary as can be, or undefined where there is none. Exact: where the guesses fail, it
 * walks through all texts by the places that each glob can be at.
 */
export function someText(demands: TextDemands, preferred: readonly string[] = []): string | undefined {
  const finite = demands.allOf.filter((words) => words.every((word) => typeof word === 'string'))
  if (finite.length > 0) return (finite[0] as readonly string[]).find((text) => meetsDemands(demands, text))
  const guessed = [...preferred, ...guesses(demands)].find((text) => meetsDemands(demands, text))
  return guessed ?? (demands.allOf.length === 0 && isFree(demands) ? freshText(demands) : searchText(demands))
}

function guesses({ allOf }: TextDemands): readonly string[] {
  const words = allOf.flat()
  return [
    'x',
    ...words.flatMap((word) =>
      typeof word === 'string' ? [word] : ['x', '', 'x/y'].map((filling) => word.glob.replace(/\*+/g, filling)),
    ),
  ]
}

/** Only single texts are forbidden, so that any new one will do. */
function isFree({ noneOf }: TextDemands): boolean {
  return noneOf.every((word) => typeof word === 'string')
}

function freshText({ noneOf }: TextDemands): string {
  const taken = new Set(noneOf)
  let number = 1
  while (taken.has(`x${number}`)) number++
  return `x${number}`
}

const mostStates = 20_000
const star = '*'

interface Walker {
  readonly characters: readonly string[]
  readonly wild: readonly boolean[]
}

function walkerOf(word: TextWord): Walker {
  const characters = [...(typeof word === 'string' ? word : word.glob)]
  return { characters, wild: characters.map((character) => typeof word !== 'string' && character === star) }
}

/** The places a walker can be at: a `*` can be left at once. */
function closed({ wild }: Walker, places: Iterable<number>): readonly number[] {
  const all = new Set<number>()
  for (let place of places) {
    all.add(place)
    while (wild[place] === true) all.add(++place)
  }
  return [...all].sort((a, b) => a - b)
}

function moved(walker: Walker, places: readonly number[], character: string): readonly number[] {
  const next: number[] = []
  for (const place of places) {
    if (walker.wild[place] === true) next.push(place)
    else if (walker.characters[place] === character) next.push(place + 1)
  }
  return closed(walker, next)
}

function searchText({ allOf, noneOf, nonEmpty }: TextDemands): string | undefined {
  const words = [...allOf.flat(), ...noneOf]
  const walkers = words.map(walkerOf)
  const letters = lettersOf(walkers)
  const ends = (state: readonly (readonly number[])[], i: number) =>
    state[i]?.includes((walkers[i] as Walker).characters.length) === true
  const groups = groupsOf(allOf)
  const done = (state: readonly (readonly number[])[]) =>
    groups.every((group) => group.some((i) => ends(state, i))) &&
    !noneOf.some((_, i) => ends(state, words.length - noneOf.length + i))
  const queue = [{ state: walkers.map((walker) => closed(walker, [0])), text: '' }]
  const seen = new Set<string>()
  for (const { state, text } of queue) {
    if (done(state) && !(nonEmpty && text === '')) return text
    if (seen.size > mostStates) throw new TooManyTexts()
    for (const letter of letters) {
      const next = state.map((places, i) => moved(walkers[i] as Walker, places, letter))
      const key = next.join('|')
      if (seen.has(key)) continue
      seen.add(key)
      queue.push({ state: next, text: text + letter })
    }
  }
  return undefined
}

/** One letter that no word holds stands for all others. */
function lettersOf(walkers: readonly Walker[]): readonly string[] {
  const used = new Set(walkers.flatMap(({ characters, wild }) => characters.filter((_, i) => wild[i] !== true)))
  const other = [...'xyzabcdefghijklmnopqrstuvw0123456789'].find((letter) => !used.has(letter)) ?? '\u4e00'
  return [...used, other]
}

function groupsOf(allOf: TextDemands['allOf']): readonly (readonly number[])[] {
  let next = 0
  return allOf.map((words) => words.map(() => next++))
}
