import type { ClaimWords } from '../../core/access-effect.ts'
import type { Box } from './box.ts'
import type { TextWord } from './texts.ts'
import { counted, enumerate, type Named, namedIn, onlyNamed } from './value-words.ts'

/** What is said of refs, of all claims about them together, and the claims that this says all of. */
export interface Folded {
  readonly noun: string
  readonly claims: readonly string[]
}

type RefKind = 'branch' | 'tag' | 'ref'

interface RefName {
  readonly kind: RefKind
  readonly name: TextWord
}

const plurals: Readonly<Record<RefKind, string>> = { branch: 'branches', tag: 'tags', ref: 'refs' }

/** `protected branch main`, `tags v*`, `unprotected refs`; undefined where nothing is said of refs. */
export function refWords(box: Box): Folded | undefined {
  const guard = guardOf(box.get('ref_protected'))
  const type = onlyNamed(box.get('ref_type'))?.join() as RefKind | undefined
  const claim = ['ref_path', 'ref'].find((name) => box.has(name))
  const named = claim === undefined ? undefined : namedIn(box.get(claim) as ClaimWords)
  const kind = type === 'branch' || type === 'tag' ? type : 'ref'
  const names = named?.oneOf?.map((word) => refName(claim as string, word, kind))
  const saysType = kind !== 'ref' && (names === undefined || names.every((one) => one.kind === kind))
  const claims = [
    ...(guard === '' ? [] : ['ref_protected']),
    ...(saysType ? ['ref_type'] : []),
    ...(named && claim !== undefined ? [claim, ...impliedBy(claim, named, box)] : []),
  ]
  if (claims.length === 0) return undefined
  const noun = names ? namesNoun(names, guard) : `${guard}${plurals[kind]}`
  return { noun: `${noun}${exceptNoun(named, claim, kind)}`, claims }
}

function guardOf(words: ClaimWords | undefined): '' | 'protected ' | 'unprotected ' {
  const values = onlyNamed(words)
  if (values?.length !== 1) return ''
  return values[0] === 'true' ? 'protected ' : 'unprotected '
}

/** A path says what the name and the type say, as long as they say the same. */
function impliedBy(claim: string, { oneOf = [], noneOf }: Named, box: Box): readonly string[] {
  if (claim !== 'ref_path' || noneOf.length > 0) return []
  const names = oneOf.map((word) => JSON.stringify(refName(claim, word, 'ref').name)).sort()
  const refs = onlyNamed(box.get('ref'))?.map((word) => JSON.stringify(word))
  return refs !== undefined && refs.sort().join() === names.join() ? ['ref'] : []
}

/** `refs/heads/main` is the branch main; a glob is a branch's where all that it matches is. */
function refName(claim: string, word: TextWord, kind: RefKind): RefName {
  if (claim === 'ref') return { kind, name: word }
  const text = typeof word === 'string' ? word : word.glob
  const [, folder, rest] = /^refs\/(heads|tags)\/(.+)$/.exec(text) ?? []
  if (rest === undefined) return { kind: 'ref', name: word }
  const name = typeof word === 'string' ? rest : { glob: rest }
  return { kind: folder === 'tags' ? 'tag' : 'branch', name }
}

function namesNoun(names: readonly RefName[], guard: string): string {
  const kinds = (['branch', 'tag', 'ref'] as const).filter((kind) => names.some((one) => one.kind === kind))
  const nouns = kinds.map((kind) => {
    const words = names.filter((one) => one.kind === kind).map(({ name }) => name)
    if (words.length === 1 && isEvery(words[0])) return `${guard}${plurals[kind]}`
    return counted(words, `${guard}${kind}`, `${guard}${plurals[kind]}`)
  })
  return enumerate(nouns, 'and')
}

function isEvery(word: TextWord | undefined): boolean {
  return typeof word === 'object' && word.glob === '*'
}

function exceptNoun(named: Named | undefined, claim: string | undefined, kind: RefKind): string {
  if (named === undefined || named.noneOf.length === 0) return ''
  const names = named.noneOf.map((word) => refName(claim as string, word, 'ref'))
  const told = new Set([kind, ...(named.oneOf ?? []).map((word) => refName(claim as string, word, kind).kind)])
  // Within branches, an exception is a branch.
  const bare = names.every((one) => one.kind === 'ref' || (told.size === 1 && told.has(one.kind)))
  if (!bare) return ` other than ${namesNoun(names, '')}`
  return ` other than ${namesNoun(names, '').replace(/^(branch(es)?|tags?|refs?) /, '')}`
}
