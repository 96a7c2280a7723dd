import { isObject } from '../../core/json.ts'
import { domainOf } from '../claims/gitlab.ts'
import type { ModelRole } from '../model.ts'
import type { Entry, Subject } from './subjects.ts'

/** Finds the roles that may admit some of the same tokens without looking closely at all of them. */
export interface RoleIndex {
  /** The role of the same name first. */
  near(subject: Subject): readonly Subject[]
}

/** By the texts that the roles have written, which are enough to see that most have no token in common. */
export function roleIndex(entries: readonly Entry[]): RoleIndex {
  const shelves = new Map<string, Shelf>()
  const shelfOf = (claim: string) => {
    const known = shelves.get(claim)
    if (known !== undefined) return known
    const shelf = shelve(entries, claim)
    shelves.set(claim, shelf)
    return shelf
  }
  return {
    near(subject) {
      if (entries.length === 0) return []
      const trusting = candidates(entries, subject.role, shelfOf)
        .map((entry) => entry.subject())
        .filter(({ trust }) => trust === subject.trust)
      const twin = trusting.findIndex((one) => isNamed(one, subject))
      if (twin <= 0) return trusting
      return [trusting[twin] as Subject, ...trusting.slice(0, twin), ...trusting.slice(twin + 1)]
    },
  }
}

function isNamed({ mount, role }: Subject, other: Subject): boolean {
  return mount.path === other.mount.path && role.name === other.role.name
}

/** By the claim that leaves the fewest. */
function candidates(
  entries: readonly Entry[],
  { role }: ModelRole,
  shelfOf: (claim: string) => Shelf,
): readonly Entry[] {
  let lists: readonly (readonly Entry[])[] = [entries]
  let least = entries.length
  const bound = role['bound_claims']
  for (const claim in isObject(bound) ? bound : {}) {
    const words = boundWords(role, claim)
    if (words === undefined) continue
    const found = onShelf(shelfOf(claim), words)
    let size = 0
    for (const list of found) size += list.length
    if (size >= least) continue
    lists = found
    least = size
    if (least === 0) break
  }
  return lists.length === 1 ? (lists[0] as readonly Entry[]) : [...new Set(lists.flat())]
}

/** What one claim can be, by roles: texts, and the literal beginnings of globs. */
interface Words {
  readonly texts: readonly string[]
  readonly starts: readonly string[]
}

const none: readonly string[] = []

interface Shelf {
  readonly byText: Sorted
  readonly byStart: Sorted
  /** Those that do not say what the claim is. */
  readonly open: readonly Entry[]
}

interface Sorted {
  readonly entries: ReadonlyMap<string, readonly Entry[]>
  readonly keys: readonly string[]
  /** Lengths of the keys, each once. */
  readonly lengths: readonly number[]
}

function shelve(entries: readonly Entry[], claim: string): Shelf {
  const [byText, byStart] = [new Map<string, Entry[]>(), new Map<string, Entry[]>()]
  const open: Entry[] = []
  for (const entry of entries) {
    const words = boundWords(entry.role.role, claim)
    if (words === undefined) open.push(entry)
    for (const text of words?.texts ?? []) put(byText, text, entry)
    for (const start of words?.starts ?? []) put(byStart, start, entry)
  }
  return { byText: sorted(byText), byStart: sorted(byStart), open }
}

function put(lists: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [entry])
  else list.push(entry)
}

function sorted(entries: ReadonlyMap<string, readonly Entry[]>): Sorted {
  const keys = [...entries.keys()].sort()
  return { entries, keys, lengths: [...new Set(keys.map(({ length }) => length))] }
}

function onShelf({ byText, byStart, open }: Shelf, { texts, starts }: Words): readonly (readonly Entry[])[] {
  const found: (readonly Entry[])[] = open.length > 0 ? [open] : []
  for (const text of texts) {
    const exact = byText.entries.get(text)
    if (exact !== undefined) found.push(exact)
    if (byStart.keys.length > 0) found.push(...beginnings(byStart, text))
  }
  for (const start of starts)
    found.push(...continuations(byText, start), ...continuations(byStart, start), ...beginnings(byStart, start))
  return found
}

/** Of the keys that a text begins with. */
function beginnings({ entries, lengths }: Sorted, text: string): readonly (readonly Entry[])[] {
  return lengths.flatMap((length) => {
    const found = length <= text.length ? entries.get(text.slice(0, length)) : undefined
    return found === undefined ? [] : [found]
  })
}

/** Of the keys that begin with a text. */
function continuations({ entries, keys }: Sorted, start: string): readonly (readonly Entry[])[] {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < start) low = middle + 1
    else high = middle
  }
  const found: (readonly Entry[])[] = []
  for (let i = low; keys[i]?.startsWith(start) === true; i++) found.push(entries.get(keys[i] as string) ?? [])
  return found
}

/**
 * The words of a role's bound on a claim that is a text in every token of GitLab that has it: then values that are none
 * match nothing. Undefined where the role has no such bound.
 */
function boundWords(role: ModelRole['role'], claim: string): Words | undefined {
  const bound = isObject(role['bound_claims']) ? role['bound_claims'][claim] : undefined
  if (bound === undefined || domainOf(claim).shape !== 'text') return undefined
  const glob = role['bound_claims_type'] === 'glob'
  if (!glob && typeof bound === 'string') return { texts: [bound], starts: none }
  const texts = (Array.isArray(bound) ? bound : [bound]).filter((value) => typeof value === 'string')
  if (!glob) return { texts, starts: none }
  const [globs, plain] = [texts.filter((text) => text.includes('*')), texts.filter((text) => !text.includes('*'))]
  return { texts: plain, starts: globs.map((glob) => glob.slice(0, glob.indexOf('*'))) }
}
