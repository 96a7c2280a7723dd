import type { ClaimWords } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import type { Box } from './box.ts'
import { environmentWords } from './environment-words.ts'
import { domainOf } from './gitlab.ts'
import { refWords } from './ref-words.ts'
import type { TextWord } from './texts.ts'
import { counted, enumerate, isPresence, literally, namedIn, nameOf, onlyNamed } from './value-words.ts'
import { onlyText } from './words.ts'

/** Something that is said of tokens. */
interface Phrase {
  /** After other words: `on protected refs`, `run in project 42`, `with sha = "1a2b"`. */
  readonly said: string
  /** By itself, as what a role admits: `protected refs`, `jobs run in project 42`. */
  readonly alone: string
}

/** A set of tokens in words. */
export interface BoxWords {
  /** Whose they are, where that is one of some values of one claim. */
  readonly subject: { readonly claim: string; readonly words: readonly TextWord[] } | { readonly text: string }
  /** All else. */
  readonly rest: string
  /** Both. */
  readonly text: string
}

const known = new WeakMap<Box, BoxWords>()

export function boxWords(box: Box): BoxWords {
  const words = known.get(box) ?? makeWords(box)
  known.set(box, words)
  return words
}

function makeWords(box: Box): BoxWords {
  const named: string[] = []
  const told: [string, ClaimWords][] = []
  box.forEach((words, claim) => {
    if (claim in subjects) named.push(claim)
    else if (!isSilent(claim, words, box)) told.push([claim, words])
  })
  const subject = subjectOf(box, named.sort(bySubject))
  const rest = told.length === 0 ? '' : restText(told)
  return { subject, rest, text: `${subjectText(subject)} ${rest}`.trim() }
}

type Told = readonly (readonly [string, ClaimWords])[]

/** Of what is said of each claim: a text, JSON that begins with a quote, or more, JSON that does not. */
function keyOf(told: Told): string {
  let key = ''
  for (const [claim, words] of told) key += `${JSON.stringify(claim)}${JSON.stringify(onlyText(words) ?? words)}`
  return key
}

const mostTexts = 1_000

/** Many roles bind the same besides whose tokens they are, and one change of a template changes many roles alike. */
function rememberedBy(make: (told: Told) => string): (told: Told) => string {
  const texts = new Map<string, string>()
  return (told) => {
    const key = keyOf(told)
    const known = texts.get(key)
    if (known !== undefined) return known
    if (texts.size >= mostTexts) texts.clear()
    const text = make(told)
    texts.set(key, text)
    return text
  }
}

const restText = rememberedBy((told) =>
  phrasesOf(new Map(told))
    .map(({ said }) => said)
    .join(' '),
)

/** What claims say by themselves: `merge-request pipelines`, `protected refs for environment staging`. */
export function describeAlone(box: Box): string {
  return textAlone([...box].filter(([, { allOf, noneOf }]) => noneOf.length > 0 || !allOf.every(isPresence)))
}

const textAlone = rememberedBy((claims) => {
  const told = new Map(claims)
  const named = [...told.keys()].filter((claim) => claim in subjects).sort(bySubject)
  const subject = named.length === 0 ? [] : [subjectText(subjectOf(told, named))]
  const rest = phrasesOf(new Map([...told].filter(([claim]) => !(claim in subjects))))
  return [...subject, ...rest.map(({ said, alone }, i) => (subject.length + i === 0 ? alone : said))].join(' ')
})

/** Claims that name whose the tokens are. They come first, and sets of tokens are told apart by them. */
const subjects: Readonly<Record<string, readonly [one: string, many: string]>> = {
  project_id: ['project', 'projects'],
  project_path: ['project', 'projects'],
  namespace_id: ['group', 'groups'],
  namespace_path: ['group', 'groups'],
}

const subjectOrder = Object.keys(subjects)

function bySubject(a: string, b: string): number {
  return subjectOrder.indexOf(a) - subjectOrder.indexOf(b)
}

function subjectOf(box: Box, claims: readonly string[]): BoxWords['subject'] {
  const [claim, second] = claims
  if (claim === undefined) return { text: 'any project' }
  const words = onlyNamed(box.get(claim))
  if (claims.length === 1 && words !== undefined) return { claim, words }
  const path = second === 'project_path' ? onlyNamed(box.get(second)) : undefined
  if (words?.length === 1 && path?.length === 1) {
    const others = claims.slice(2).map((other) => ` of ${subjectNoun(other, box)}`)
    return { text: `${subjectNoun(claim, box)} (${nameOf(path[0] as TextWord)})${others.join('')}` }
  }
  return { text: claims.map((one) => subjectNoun(one, box)).join(' of ') }
}

function subjectNoun(claim: string, box: Box): string {
  const [one, many] = subjects[claim] as readonly [string, string]
  return nounOf(one, many, claim, box.get(claim) as ClaimWords)
}

export function subjectText(subject: BoxWords['subject']): string {
  if ('text' in subject) return subject.text
  const noun = subjects[subject.claim] as readonly [string, string]
  return counted(subject.words, noun[0], noun[1])
}

/** `user jane`, `users other than jane`; in the claim's own words where it is more than that. */
function nounOf(one: string, many: string, claim: string, words: ClaimWords): string {
  const named = namedIn(words)
  if (named === undefined) return `${many} with ${literally(claim, words)}`
  const { oneOf, noneOf } = named
  const except = noneOf.length === 0 ? '' : ` other than ${enumerate(noneOf.map(nameOf), 'and')}`
  if (oneOf === undefined) return `${many}${except}`
  return `${counted(oneOf, except === '' ? one : many, many)}${except}`
}

/** The claims of the project that runs the job, said only where they are not what the source project's are. */
const twins: Readonly<Record<string, string>> = {
  job_project_id: 'project_id',
  job_project_path: 'project_path',
  job_namespace_id: 'namespace_id',
  job_namespace_path: 'namespace_path',
}

/** Claims that a reader need not be told of: every role binds them much the same, or another one says as much. */
function isSilent(claim: string, words: ClaimWords, box: Box): boolean {
  if ((claim === 'aud' || claim === 'iss') && words.noneOf.length === 0) return true
  const twin = twins[claim]
  if (twin !== undefined && isSameValue(words, box.get(twin))) return true
  return words.noneOf.length === 0 && words.allOf.every(isPresence)
}

/** Of two claims that may each be one of several values, one may be this and the other that. */
function isSameValue(a: ClaimWords, b: ClaimWords | undefined): boolean {
  const [one, other] = [onlyNamed(a), onlyNamed(b)]
  return one?.length === 1 && other?.length === 1 && typeof one[0] === 'string' && one[0] === other[0]
}

/** In the order in which a reader asks: which ref, which environment, which pipeline, whose, and the rest. */
function phrasesOf(box: Box): readonly Phrase[] {
  const [ref, environment] = [refWords(box), environmentWords(box)]
  const folded = new Set([...(ref?.claims ?? []), ...(environment?.claims ?? [])])
  const left = [...box]
    .filter(([claim]) => !folded.has(claim))
    .sort(([a], [b]) => rankOf(a) - rankOf(b) || byText(a, b))
  return [
    ...(ref ? [{ said: `on ${ref.noun}`, alone: ref.noun }] : []),
    ...(environment ? [{ said: `for ${environment.noun}`, alone: environmentAlone(environment.noun) }] : []),
    ...left.map(([claim, words]) => phraseOf(claim, words)),
  ]
}

function environmentAlone(noun: string): string {
  return noun === 'no environment' ? 'jobs for no environment' : noun
}

/** Prepositions and nouns of claims that are said alone. */
const nouns: Readonly<Record<string, readonly [preposition: string, one: string, many: string]>> = {
  job_project_id: ['run in', 'project', 'projects'],
  job_project_path: ['run in', 'project', 'projects'],
  job_namespace_id: ['run in', 'group', 'groups'],
  job_namespace_path: ['run in', 'group', 'groups'],
  user_login: ['by', 'user', 'users'],
  user_id: ['by', 'user', 'users'],
  user_email: ['by', 'user', 'users'],
  groups_direct: ['by', 'direct members of group', 'direct members of groups'],
  user_access_level: ['by', 'users of access level', 'users of access levels'],
}

const ranks = ['pipeline_source', 'job_project_id', 'job_project_path', 'job_namespace_id', 'job_namespace_path']

function rankOf(claim: string): number {
  const rank = ranks.indexOf(claim)
  if (rank >= 0) return rank
  if (claim === 'environment_action') return ranks.length + 2
  return claim in nouns ? ranks.length : ranks.length + 1
}

function phraseOf(claim: string, words: ClaimWords): Phrase {
  const special = absence(claim, words) ?? (claim in nouns ? nounPhrase(claim, words) : claimPhrase(claim, words))
  if (special !== undefined) return special
  const text = literally(claim, words)
  const more = words.allOf.length === 0 && !domainOf(claim).always && isAllText(words) ? `${text}, or none` : text
  return { said: `with ${more}`, alone: more }
}

/** Whether no word is about the claim being there at all. */
function isAllText({ noneOf }: ClaimWords): boolean {
  return noneOf.every((word) => typeof word !== 'object' || 'glob' in word)
}

function nounPhrase(claim: string, words: ClaimWords): Phrase | undefined {
  const [preposition, one, many] = nouns[claim] as readonly [string, string, string]
  const named = namedIn(words)
  if (named === undefined || (claim === 'groups_direct' && named.oneOf === undefined)) return undefined
  const noun = nounOf(one, many, claim, words)
  const said = `${preposition} ${noun}`
  return { said, alone: preposition === 'by' ? noun : `jobs ${said}` }
}

function claimPhrase(claim: string, words: ClaimWords): Phrase | undefined {
  const named = namedIn(words)
  if (named === undefined) return undefined
  const { oneOf, noneOf } = named
  if (claim === 'pipeline_source') {
    const noun = oneOf ? pipelines(oneOf) : 'pipelines'
    const except = noneOf.length === 0 ? '' : ` other than ${enumerate(noneOf.map(sourceText).sort(byText), 'and')}`
    return { said: `in ${noun}${except}`, alone: `${noun}${except}` }
  }
  if (oneOf === undefined || noneOf.length > 0) return undefined
  if (claim === 'environment_action') {
    const text = `environment_action ${enumerate(oneOf.map(nameOf), 'or')}`
    return { said: `(${text})`, alone: text }
  }
  if (claim === 'aud' || claim === 'iss') {
    const text = claim === 'aud' ? counted(oneOf, 'audience', 'audiences') : counted(oneOf, 'issuer', 'issuers')
    return { said: `with ${text}`, alone: text }
  }
  if (claim !== 'runner_environment') return undefined
  const noun =
    oneOf.length > 1 ? 'any runners' : oneOf[0] === 'self-hosted' ? 'self-hosted runners' : 'runners of GitLab'
  return { said: `on ${noun}`, alone: noun }
}

/** What a user claim keeps out, once another one is chosen. */
function absence(claim: string, { allOf, noneOf }: ClaimWords): Phrase | undefined {
  const [only, ...more] = noneOf
  const forms = allOf.length === 0 && more.length === 0 && typeof only === 'object' && 'form' in only ? only.form : ''
  return forms === 'text' ? { said: `without ${claim}`, alone: `tokens without ${claim}` } : undefined
}

const sources: Readonly<Record<string, string>> = { merge_request_event: 'merge-request', schedule: 'scheduled' }

function sourceText(word: TextWord): string {
  return (typeof word === 'string' ? sources[word] : undefined) ?? nameOf(word)
}

function pipelines(words: readonly TextWord[]): string {
  const names = words.map(sourceText).sort(byText)
  if (names.length > 4) return `pipelines of ${names.length} sources (${names.slice(0, 3).join(', ')}, …)`
  return `${enumerate(names, 'and')} pipelines`
}
