import type { ClaimWord, ClaimWords } from '../../core/access-effect.ts'
import { matchesGlob } from '../../core/glob.ts'
import type { JsonValue } from '../../core/json.ts'
import type { ClaimDomain } from './gitlab.ts'
import { someText, type TextWord } from './texts.ts'

/** Nothing is demanded of the claim. */
export const anything: ClaimWords = { allOf: [], noneOf: [] }

type Form = Extract<ClaimWord, { readonly form: string }>

export function isForm(word: ClaimWord): word is Form {
  return typeof word === 'object' && 'form' in word
}

export function isTextWord(word: ClaimWord): word is TextWord {
  return typeof word === 'string' || (typeof word === 'object' && 'glob' in word)
}

/**
 * Whether a word holds for a claim; undefined and null stand for an absent one. Any element of a list will do, but a number
 * in a list never does. Source: validateBoundClaims and matchFound in vault-plugin-auth-jwt claims.go.
 */
function holds(word: ClaimWord, value: JsonValue | undefined): boolean {
  const absent = value === undefined || value === null
  if (isForm(word)) return holdsForm(word.form, absent ? undefined : value)
  if (absent) return false
  if (Array.isArray(value)) return value.some((element) => typeof element !== 'number' && holdsScalar(word, element))
  return holdsScalar(word, value)
}

function holdsForm(form: Form['form'], value: JsonValue | undefined): boolean {
  switch (form) {
    case 'absent':
      return value === undefined
    case 'text':
      return typeof value === 'string' && value !== ''
    case 'string':
      return typeof value === 'string'
    case 'strings':
      return (
        typeof value === 'string' || (Array.isArray(value) && value.every((element) => typeof element === 'string'))
      )
  }
}

function holdsScalar(word: Exclude<ClaimWord, Form>, value: JsonValue): boolean {
  if (typeof word === 'object') return typeof value === 'string' && matchesGlob(word.glob, value)
  return typeof word === 'number' && typeof value === 'number' ? Math.trunc(value) === word : word === value
}

export function satisfies({ allOf, noneOf }: ClaimWords, value: JsonValue | undefined): boolean {
  return allOf.every((words) => words.some((word) => holds(word, value))) && !noneOf.some((word) => holds(word, value))
}

/** A claim that satisfies the words; `absent` where leaving it out does. */
export type SomeClaim = { readonly value: JsonValue } | 'absent'

/** Where all that is demanded is one text that is not empty, as most roles do of most claims: that text. */
export function onlyText({ allOf, noneOf }: ClaimWords): string | undefined {
  const words = allOf.length === 1 && noneOf.length === 0 ? allOf[0] : undefined
  const word = words?.length === 1 ? words[0] : undefined
  return typeof word === 'string' && word !== '' ? word : undefined
}

/**
 * A value that a claim of this domain can have and that satisfies the words, or undefined where there is none. Exact but
 * for the throw of `TooManyTexts`.
 */
export function someClaim(domain: ClaimDomain, words: ClaimWords): SomeClaim | undefined {
  const text = domain.shape === 'text' && domain.values === undefined ? onlyText(words) : undefined
  if (text !== undefined) return { value: text }
  const { example } = domain
  if (example !== undefined && satisfies(words, example)) return { value: example }
  const isSingle = words.allOf.length === 1 && words.noneOf.length === 0 && domain.shape === 'text'
  const first = isSingle ? words.allOf[0]?.[0] : undefined
  if (typeof first === 'string' && first !== '') return { value: first }
  if (!domain.always && satisfies(words, undefined)) return 'absent'
  for (const value of candidates(domain, words)) if (satisfies(words, value)) return { value }
  return undefined
}

function* candidates({ shape, values, always }: ClaimDomain, words: ClaimWords): Generator<JsonValue> {
  if (values !== undefined) {
    yield* values
    return
  }
  if (shape === 'any') yield ''
  // No claim that GitLab names is ever empty text, or an empty list where it always is there.
  if (shape === 'text' || shape === 'texts' || shape === 'any') yield* scalarText(words)
  if (shape === 'any') yield* [true, false]
  if (shape === 'number' || shape === 'any') yield* numbers(words)
  if (shape === 'texts') yield* lists(words).filter(({ length }) => length > 0 || !always)
  if (shape === 'any') for (const list of lists(words)) yield* [list, [...list, {}]]
  if (shape === 'opaque') yield* [{}, [], [{}]]
}

/** A text that is not empty, where one of the words has to hold for it; a form leaves it to be any. */
function scalarText({ allOf, noneOf }: ClaimWords): readonly string[] {
  const named = allOf.filter((words) => !words.some((word) => isForm(word) && word.form !== 'absent'))
  const found = someText({
    allOf: named.map((words) => words.filter(isTextWord)),
    noneOf: noneOf.filter(isTextWord),
    nonEmpty: true,
  })
  return found === undefined ? [] : [found]
}

function numbers({ allOf, noneOf }: ClaimWords): readonly number[] {
  const named = [...allOf.flat(), ...noneOf].filter((word) => typeof word === 'number')
  return [...named, 1 + Math.max(0, ...named)]
}

/** Each demand takes an element of its own. In the callers, `{}` is an element that is no text and satisfies nothing. */
function lists({ allOf, noneOf }: ClaimWords): readonly (readonly JsonValue[])[] {
  const elements = new Set<JsonValue>()
  const forbidden = noneOf.filter(isTextWord)
  for (const words of allOf) {
    const text = someText({ allOf: [words.filter(isTextWord)], noneOf: forbidden, nonEmpty: false })
    const flag = words.find((word) => typeof word === 'boolean' && !noneOf.includes(word))
    if (text !== undefined) elements.add(text)
    else if (typeof flag === 'boolean') elements.add(flag)
  }
  return [[...elements]]
}

/** Whether two demands are the same in the same words. */
export function sameWords(a: ClaimWords | undefined, b: ClaimWords | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return a === b
  return (
    a.allOf.length === b.allOf.length &&
    a.allOf.every((words, i) => sameList(words, b.allOf[i] as readonly ClaimWord[])) &&
    sameList(a.noneOf, b.noneOf)
  )
}

function sameList(a: readonly ClaimWord[], b: readonly ClaimWord[]): boolean {
  return a.length === b.length && a.every((word, i) => sameWord(word, b[i] as ClaimWord))
}

function sameWord(a: ClaimWord, b: ClaimWord): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b
  return 'glob' in a ? 'glob' in b && a.glob === b.glob : 'form' in b && a.form === b.form
}

/** Both: each list of words anew, since different elements of a list may satisfy them. */
export function bothWords(a: ClaimWords, b: ClaimWords): ClaimWords {
  return { allOf: [...a.allOf, ...b.allOf], noneOf: [...a.noneOf, ...b.noneOf] }
}

/**
 * The first without the second, as words that exclude each other: what fails the second's first demand, what meets that and
 * fails its next, and so on.
 */
export function withoutWords(a: ClaimWords, b: ClaimWords): readonly ClaimWords[] {
  const parts: ClaimWords[] = []
  let met = a
  for (const words of b.allOf) {
    parts.push({ allOf: met.allOf, noneOf: [...met.noneOf, ...words] })
    met = { allOf: [...met.allOf, words], noneOf: met.noneOf }
  }
  for (const word of b.noneOf) {
    parts.push({ allOf: [...met.allOf, [word]], noneOf: met.noneOf })
    met = { allOf: met.allOf, noneOf: [...met.noneOf, word] }
  }
  return parts
}
