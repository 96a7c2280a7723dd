import type { ClaimWord, ClaimWords } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import type { Box } from './box.ts'

/** Sets of tokens in words, as a reviewer would say them. Whoever prints them escapes them. */

/** What is said of one claim: `projects 1 and 2`, `on protected refs`. */
interface Phrase {
  readonly place: 'subject' | 'ref' | 'environment' | 'pipeline' | 'other'
  /** Before the noun, where it is not the first thing said: `on`, `for environment`. */
  readonly preposition: string
  readonly noun: string
}

const places: readonly Phrase['place'][] = ['subject', 'ref', 'environment', 'pipeline', 'other']

/** Claims that name whose the tokens are: they come first, and several sets of tokens are told apart by them. */
const subjects: Readonly<Record<string, readonly [one: string, many: string]>> = {
  project_id: ['project', 'projects'],
  project_path: ['project', 'projects'],
  namespace_id: ['group', 'groups'],
  namespace_path: ['group', 'groups'],
  user_login: ['user', 'users'],
  user_id: ['user', 'users'],
}

/** The claims of the running project, said only where they are not what the source project's are. */
const twins: Readonly<Record<string, string>> = {
  job_project_id: 'project_id',
  job_project_path: 'project_path',
  job_namespace_id: 'namespace_id',
  job_namespace_path: 'namespace_path',
}

const mostNamed = 10

/** `project 42 on protected refs for environment production`; `any project` where no claim says whose. */
export function describeBoxes(boxes: readonly Box[]): string {
  const groups = new Map<
    string,
    { readonly rest: string; readonly subjects: Map<string, Set<string>>; readonly whole: Set<string> }
  >()
  for (const box of boxes) {
    const rest = restOf(box)
    const group = groups.get(rest) ?? { rest, subjects: new Map(), whole: new Set() }
    groups.set(rest, group)
    const single = singleSubject(box)
    if (single === undefined) group.whole.add(subjectOf(box))
    else {
      const known = group.subjects.get(single.claim) ?? new Set()
      for (const value of single.values) known.add(value)
      group.subjects.set(single.claim, known)
    }
  }
  return [...groups.values()]
    .map(({ rest, subjects: named, whole }) => {
      const nouns = [...named].map(([claim, values]) => subjectNoun(claim, [...values].sort(byNumber)))
      return [enumerate([...nouns, ...[...whole].sort(byText)], 'and'), rest].filter((text) => text !== '').join(' ')
    })
    .sort(byText)
    .join(', and of ')
}

/** What a box says of some claims only: `merge-request pipelines`, `environment staging on protected refs`. */
export function describeClaims(box: Box, claims: readonly string[]): string {
  const phrases = claims.map((claim) => phraseOf(claim, box.get(claim) ?? { allOf: [], noneOf: [] })).sort(byPlace)
  return phrases.map(({ preposition, noun }, i) => (i === 0 ? noun : `${preposition} ${noun}`.trim())).join(' ')
}

/** Claims that a reader need not be told of: every role binds them the same. */
function isSilent(claim: string, words: ClaimWords, box: Box): boolean {
  if ((claim === 'aud' || claim === 'iss') && words.noneOf.length === 0) return true
  const twin = twins[claim]
  if (twin !== undefined && JSON.stringify(box.get(twin)) === JSON.stringify(words)) return true
  return (
    [...words.allOf.flat(), ...words.noneOf].every(
      (word) => typeof word === 'object' && 'form' in word && word.form !== 'absent',
    ) && words.noneOf.length === 0
  )
}

function singleSubject(box: Box): { readonly claim: string; readonly values: readonly string[] } | undefined {
  const named = [...box].filter(([claim]) => claim in subjects)
  const [[claim, { allOf, noneOf }] = ['', { allOf: [], noneOf: [] }]] = named
  const [words, ...more] = allOf
  if (named.length !== 1 || words === undefined || more.length > 0 || noneOf.length > 0) return undefined
  return { claim, values: words.map(valueText) }
}

function subjectOf(box: Box): string {
  const phrases = [...box].filter(([claim]) => claim in subjects).map(([claim, words]) => phraseOf(claim, words))
  return phrases.length === 0 ? 'any project' : phrases.map(({ noun }) => noun).join(' of ')
}

function restOf(box: Box): string {
  return [...box]
    .filter(([claim, words]) => !(claim in subjects) && !isSilent(claim, words, box))
    .map(([claim, words]) => phraseOf(claim, words))
    .sort(byPlace)
    .map(({ preposition, noun }) => `${preposition} ${noun}`.trim())
    .join(' ')
}

function byPlace(a: Phrase, b: Phrase): number {
  return places.indexOf(a.place) - places.indexOf(b.place) || byText(a.noun, b.noun)
}

function phraseOf(claim: string, words: ClaimWords): Phrase {
  const place = placeOf(claim)
  const preposition = { subject: 'of', ref: 'on', environment: 'for', pipeline: 'from', other: 'with' }[place]
  return { place, preposition, noun: nounOf(claim, words) }
}

function placeOf(claim: string): Phrase['place'] {
  if (claim in subjects) return 'subject'
  if (/^ref(_|$)/.test(claim)) return 'ref'
  if (claim === 'environment' || claim === 'environment_protected' || claim === 'deployment_tier') return 'environment'
  return claim === 'pipeline_source' ? 'pipeline' : 'other'
}

function nounOf(claim: string, { allOf, noneOf }: ClaimWords): string {
  if (allOf.length === 0 && noneOf.length === 0) return anyNoun(claim)
  const listed = allOf.map((words) => oneOfNoun(claim, words))
  const excluded = noneOf.length === 0 ? [] : [noneOfNoun(claim, noneOf, allOf.length > 0)]
  return [...listed, ...excluded].join(' and ')
}

function anyNoun(claim: string): string {
  if (claim in subjects) return `any ${subjects[claim]?.[0]}`
  const nouns: Readonly<Record<string, string>> = {
    ref_protected: 'any ref, protected or not',
    ref_type: 'branches and tags',
    environment: 'any environment, or none',
    pipeline_source: 'pipelines of any source',
  }
  return nouns[claim] ?? (placeOf(claim) === 'ref' ? 'any ref' : `any ${claim}`)
}

function oneOfNoun(claim: string, words: readonly ClaimWord[]): string {
  if (words.some((word) => typeof word === 'object' && 'form' in word)) return formNoun(claim, words)
  if (claim in subjects) return subjectNoun(claim, words.map(valueText).sort(byNumber))
  const texts = words.map((word) => (typeof word === 'string' ? word : valueText(word)))
  return special(claim, texts) ?? `${claim} = ${enumerate(words.map(quotedWord), 'or')}`
}

/** The words that people use for the values of a claim. */
function special(claim: string, values: readonly string[]): string | undefined {
  switch (claim) {
    case 'ref_protected':
      return enumerate(
        values.map((value) => (value === 'true' ? 'protected refs' : 'unprotected refs')),
        'or',
      )
    case 'ref_type':
      return enumerate(
        values.map((value) => (value === 'tag' ? 'tags' : 'branches')),
        'or',
      )
    case 'ref_path':
      return enumerate(values.map(refText), 'or')
    case 'ref':
      return `ref ${enumerate(values, 'or')}`
    case 'environment':
      return `environment ${enumerate(values, 'or')}`
    case 'environment_protected':
      return enumerate(
        values.map((value) => (value === 'true' ? 'protected environments' : 'unprotected environments')),
        'or',
      )
    case 'deployment_tier':
      return `environments of tier ${enumerate(values, 'or')}`
    case 'pipeline_source':
      return `${enumerate(values.map(sourceText), 'or')} pipelines`
    default:
      return undefined
  }
}

function refText(path: string): string {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(path) ?? []
  return name === undefined ? `ref ${path}` : `${kind === 'tags' ? 'tag' : 'branch'} ${name}`
}

function sourceText(source: string): string {
  if (source === 'merge_request_event') return 'merge-request'
  return source === 'schedule' ? 'scheduled' : source
}

/** An absent claim is none of them, too, unless something else is said of it. */
function noneOfNoun(claim: string, words: readonly ClaimWord[], present: boolean): string {
  if (words.some((word) => typeof word === 'object' && 'form' in word))
    return `${claim} ${words.map(negatedForm).join(' and ')}`
  const texts = enumerate(words.map(valueText), 'or')
  const or = present || claim in subjects || placeOf(claim) === 'ref' || claim === 'pipeline_source' ? '' : ', or none'
  if (claim in subjects) return `${subjects[claim]?.[1]} other than ${texts}`
  if (claim === 'environment') return `environments other than ${texts}${or}`
  if (claim === 'pipeline_source')
    return `pipelines other than ${enumerate(
      words.map((word) => sourceText(valueText(word))),
      'or',
    )} ones`
  if (claim === 'ref_path')
    return `refs other than ${enumerate(
      words.map((word) => refText(valueText(word))),
      'or',
    )}`
  return `${claim} other than ${enumerate(words.map(quotedWord), 'or')}${or}`
}

function formNoun(claim: string, words: readonly ClaimWord[]): string {
  const texts = words.map((word) => {
    if (typeof word !== 'object' || !('form' in word)) return quotedWord(word)
    return { absent: 'absent', text: 'present', string: 'text', strings: 'text or a list of texts' }[word.form]
  })
  return `${claim} ${enumerate(texts, 'or')}`
}

function negatedForm(word: ClaimWord): string {
  if (typeof word !== 'object' || !('form' in word)) return `other than ${quotedWord(word)}`
  return {
    absent: 'present',
    text: 'absent or no text',
    string: 'absent or no text',
    strings: 'absent or no list of texts',
  }[word.form]
}

function subjectNoun(claim: string, values: readonly string[]): string {
  const [one, many] = subjects[claim] ?? [claim, claim]
  return `${values.length === 1 ? one : many} ${enumerate(values, 'and')}`
}

function valueText(word: ClaimWord): string {
  return typeof word === 'object' && 'glob' in word ? word.glob : String(word)
}

function quotedWord(word: ClaimWord): string {
  if (typeof word === 'object' && 'glob' in word) return JSON.stringify(word.glob)
  return JSON.stringify(word)
}

/** IDs by their number, names by their text. */
function byNumber(a: string, b: string): number {
  return /^\d{1,15}$/.test(a) && /^\d{1,15}$/.test(b) ? Number(a) - Number(b) : byText(a, b)
}

/** `1, 2 and 3`; of many, the first ones and how many more there are. */
export function enumerate(items: readonly string[], conjunction: 'and' | 'or'): string {
  if (items.length > mostNamed) return `${items.slice(0, mostNamed).join(', ')} and ${items.length - mostNamed} more`
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} ${conjunction} ${items.at(-1)}`
}
