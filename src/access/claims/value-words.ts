import type { ClaimWord, ClaimWords } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import type { TextWord } from './texts.ts'
import { isTextWord, onlyText } from './words.ts'

/** Values of claims in words. Whoever prints them escapes them. */

/** More than so many values are counted, and only the first of them named. */
const mostNamed = 4
const namedOfMany = 3

/** `project 42`, `projects 7 and 42`, `5 projects (1, 2, 3, …)`; of a glob the plural. */
export function counted(words: readonly TextWord[], one: string, many: string): string {
  const names = words.map(nameOf).sort(byNumber)
  if (names.length > mostNamed) return `${names.length} ${many} (${names.slice(0, namedOfMany).join(', ')}, …)`
  const plural = names.length > 1 || words.some((word) => typeof word !== 'string')
  return `${plural ? many : one} ${enumerate(names, 'and')}`
}

/** As it is, where nobody could take it for something else: a glob has stars, and text has none, nor gaps. */
export function nameOf(word: TextWord): string {
  if (typeof word === 'string') return /^[^\s,"()*]+$/.test(word) ? word : JSON.stringify(word)
  return /^[^\s,"()]+$/.test(word.glob) ? word.glob : JSON.stringify(word.glob)
}

/** IDs by their number, names by their text. */
function byNumber(a: string, b: string): number {
  return /^\d{1,15}$/.test(a) && /^\d{1,15}$/.test(b) ? Number(a) - Number(b) : byText(a, b)
}

/** `1, 2 and 3`. */
export function enumerate(items: readonly string[], conjunction: 'and' | 'or'): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1)}`
}

/** What is said of a claim, where it is only that it is one of some texts, and none of some others. */
export interface Named {
  readonly oneOf?: readonly TextWord[]
  readonly noneOf: readonly TextWord[]
  /** It has to be there. */
  readonly present: boolean
}

/** Undefined where more is said, or other things. */
export function namedIn(words: ClaimWords): Named | undefined {
  const { allOf, noneOf } = words
  const text = onlyText(words)
  if (text !== undefined) return { oneOf: [text], noneOf: [], present: true }
  const lists = allOf.filter((words) => !isPresence(words))
  const list = lists[0]
  if (lists.length > 1 || !noneOf.every(isTextWord) || (list && !list.every(isTextWord))) return undefined
  if (list === undefined) return { noneOf, present: allOf.length > 0 }
  const oneOf = (list as readonly TextWord[]).filter((word) => !noneOf.includes(word))
  return { oneOf, noneOf: noneOf.filter((word) => oneOf.some((one) => canMeet(one, word))), present: true }
}

/** Where all that is said of a claim is that it is one of some texts. */
export function onlyNamed(words: ClaimWords | undefined): readonly TextWord[] | undefined {
  const named = words && namedIn(words)
  return named?.noneOf.length === 0 ? named.oneOf : undefined
}

/** Whether a text can match both; never a false no. */
function canMeet(a: TextWord, b: TextWord): boolean {
  const [start, end] = [edges(a), edges(b)]
  const starts = start.head.startsWith(end.head) || end.head.startsWith(start.head)
  return starts && (start.tail.endsWith(end.tail) || end.tail.endsWith(start.tail))
}

/** What stands before the first star and after the last. */
function edges(word: TextWord): { readonly head: string; readonly tail: string } {
  if (typeof word === 'string') return { head: word, tail: word }
  return { head: word.glob.slice(0, word.glob.indexOf('*')), tail: word.glob.slice(word.glob.lastIndexOf('*') + 1) }
}

/** That a claim is there, as some text or list: what `user_claim` and `groups_claim` demand. */
export function isPresence(words: readonly ClaimWord[]): boolean {
  return words.every((word) => typeof word === 'object' && 'form' in word && word.form !== 'absent')
}

/** Whatever has no words of its own: `sha = "1a2b"`, `ref like "v*" and other than "v1"`. */
export function literally(claim: string, { allOf, noneOf }: ClaimWords): string {
  const listed = allOf.map((words) => enumerate(words.map(literal), 'or'))
  const excluded = noneOf.map((word) => (isForm(word) ? negatedForm(word) : `other than ${quoted(word)}`))
  return [claim, [...listed, ...excluded].join(' and ')].join(' ')
}

function literal(word: ClaimWord): string {
  if (isForm(word))
    return { absent: 'absent', text: 'present', string: 'text', strings: 'text or a list of texts' }[word.form]
  return typeof word === 'object' ? `like ${quoted(word)}` : `= ${quoted(word)}`
}

function negatedForm({ form }: Form): string {
  return {
    absent: 'present',
    text: 'absent or no text',
    string: 'absent or no text',
    strings: 'absent or no list of texts',
  }[form]
}

type Form = Extract<ClaimWord, { readonly form: string }>

function isForm(word: ClaimWord): word is Form {
  return typeof word === 'object' && 'form' in word
}

function quoted(word: Exclude<ClaimWord, Form>): string {
  return JSON.stringify(typeof word === 'object' ? word.glob : word)
}
