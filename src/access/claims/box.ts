import type { ClaimWord, ClaimWords } from '../../core/access-effect.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { followers, makeConsistent } from './consistent.ts'
import { type ClaimDomain, domainOf, ordinaryClaims, topClaim } from './gitlab.ts'
import { anything, bothWords, isForm, onlyText, sameWords, satisfies, someClaim, withoutWords } from './words.ts'

/**
 * A set of tokens: for each named claim what it may be, independently of the others. Claims that are not named may be
 * anything. Never empty: a claim that can be nothing makes an operation below answer that there is no such box.
 */
export type Box = ReadonlyMap<string, ClaimWords>

export const allTokens: Box = new Map()

/** One claim narrowed; undefined where no token is left. */
export function narrow(box: Box, claim: string, words: ClaimWords): Box | undefined {
  const claims = new Map(box)
  return narrowInPlace(claims, claim, words) ? claims : undefined
}

/** Narrows a box that nobody else has yet; false where no token is left. */
export function narrowInPlace(claims: Map<string, ClaimWords>, claim: string, words: ClaimWords): boolean {
  const domain = domainOf(claim)
  if (isAnyClaim(domain, words)) return true
  const before = claims.get(claim)
  if (before !== undefined && areTwoTexts(domain, before, words)) return false
  const normal = normalWords(domain, before === undefined ? words : bothWords(before, words))
  if (normal === undefined) return false
  if (isAnything(normal)) claims.delete(claim)
  else claims.set(claim, normal)
  return true
}

/** No token meets both, as most roles of one project say of the other's environment: the claim is to be two texts at once. */
function areTwoTexts({ shape }: ClaimDomain, a: ClaimWords, b: ClaimWords): boolean {
  if (shape !== 'text') return false
  const one = onlyText(a)
  const other = onlyText(b)
  return one !== undefined && other !== undefined && one !== other
}

/** Whether no token can meet both. */
export function excludeEachOther(claim: string, a: ClaimWords, b: ClaimWords): boolean {
  return !narrowInPlace(new Map([[claim, a]]), claim, b)
}

export function intersectBoxes(a: Box, b: Box): Box | undefined {
  let both: Map<string, ClaimWords> | undefined
  for (const [claim, words] of b) {
    if (sameWords(a.get(claim), words)) continue
    both ??= new Map(a)
    if (!narrowInPlace(both, claim, words)) return undefined
  }
  return both ?? a
}

/** The tokens of the first that are not in the second, as boxes that have no token in common. */
export function subtractBox(a: Box, b: Box): readonly Box[] {
  const parts: Box[] = []
  let met: Box | undefined = a
  for (const [claim, words] of b) {
    if (met === undefined) break
    if (sameWords(met.get(claim), words)) continue
    const inside: Box = met
    for (const part of withoutWords(anything, words)) {
      const outside = narrow(inside, claim, part)
      if (outside !== undefined) parts.push(outside)
    }
    met = narrow(inside, claim, words)
  }
  return met === undefined ? [a] : parts
}

export function isInside(smaller: Box, larger: Box): boolean {
  return subtractBox(smaller, larger).length === 0
}

const tokens = new WeakMap<Box, JsonObject>()

/** A token of the box, as GitLab could issue it; for a claim inside another one, the claim around it is made. */
export function someToken(box: Box): JsonObject {
  const token = tokens.get(box) ?? makeToken(box)
  tokens.set(box, token)
  return token
}

/**
 * The named claims of such a token, as far as it has them: all that is shown of most tokens. The others are made only where
 * one of these goes by them.
 */
export function someClaims(box: Box, names: readonly string[]): JsonObject {
  const claims: Record<string, JsonValue> = {}
  const whole = goByOthers(box, names) ? someToken(box) : undefined
  names.forEach((name) => {
    const value = whole === undefined ? ownClaim(box, name) : memberOf(whole, name)
    if (value !== undefined) claims[name] = value
  })
  return claims
}

function goByOthers(box: Box, names: readonly string[]): boolean {
  return names.some((name) => followers.has(name) && !box.has(name)) || [...box.keys()].some(isPointer)
}

function isPointer(claim: string): boolean {
  return claim.startsWith('/')
}

function ownClaim(box: Box, name: string): JsonValue | undefined {
  const words = box.get(name)
  if (words === undefined) return memberOf(ordinaryClaims, name)
  const some = someClaim(domainOf(name), words)
  return some === undefined || some === 'absent' ? undefined : some.value
}

function makeToken(box: Box): JsonObject {
  const claims: Record<string, JsonValue> = { ...ordinaryClaims }
  for (const [claim, words] of box) {
    const some = someClaim(domainOf(claim), words)
    if (some === undefined) continue
    if (isPointer(claim)) {
      if (some !== 'absent') setInside(claims, claim, some.value)
    } else if (some === 'absent') delete claims[claim]
    else claims[claim] = some.value
  }
  const bound = new Set([...box.keys()].map(topClaim))
  makeConsistent(claims, (claim) => !bound.has(claim))
  return claims
}

/** Whether a token is in the box; pointers are followed. */
export function contains(box: Box, claims: JsonObject): boolean {
  return [...box].every(([claim, words]) => satisfies(words, valueAt(claims, claim)))
}

export function pointerParts(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(claims: JsonObject, claim: string): JsonValue | undefined {
  if (!isPointer(claim)) return memberOf(claims, claim)
  let value: JsonValue | undefined = claims
  for (const part of pointerParts(claim)) {
    value = isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined
  }
  return value
}

function memberOf(claims: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

function setInside(claims: Record<string, JsonValue>, pointer: string, value: JsonValue): void {
  const parts = pointerParts(pointer)
  let target = claims
  for (const part of parts.slice(0, -1)) {
    const inner = isRecord(target[part]) ? { ...target[part] } : {}
    target[part] = inner
    target = inner
  }
  target[parts.at(-1) as string] = value
}

function isRecord(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAnything({ allOf, noneOf }: ClaimWords): boolean {
  return allOf.length === 0 && noneOf.length === 0
}

/** The same demands in one spelling, so that equal ones are mostly equal; undefined where no claim meets them. */
function normalWords(domain: ClaimDomain, words: ClaimWords): ClaimWords | undefined {
  if (domain.values !== undefined) return fromClosed(domain, domain.values, words)
  if (domain.shape !== 'number' && domain.shape !== 'opaque' && onlyText(words) !== undefined) return words
  const single = domain.shape === 'text' || domain.shape === 'number'
  const finite = single ? words.allOf.find((list) => list.every(isScalar)) : undefined
  if (finite !== undefined) {
    const isAlone = domain.shape === 'text' && words.allOf.length === 1 && words.noneOf.length === 0
    const values = unique(finite).filter(
      (value) => fits(domain, value) && (isAlone || satisfies(words, value as JsonValue)),
    )
    return values.length === 0 ? undefined : { allOf: [values], noneOf: [] }
  }
  if (someClaim(domain, words) === undefined) return undefined
  const demands = words.allOf.filter((list) => !isTrivial(domain, list)).map(unique)
  return { allOf: uniqueLists(demands), noneOf: unique(words.noneOf) }
}

function fromClosed(domain: ClaimDomain, all: readonly string[], words: ClaimWords): ClaimWords | undefined {
  const text = onlyText(words)
  if (text !== undefined && all.length > 1) return all.includes(text) ? words : undefined
  const values = all.filter((value) => satisfies(words, value))
  const absent = !domain.always && satisfies(words, undefined)
  if (absent) {
    const noneOf = all.filter((value) => !values.includes(value))
    return { allOf: [], noneOf }
  }
  if (values.length === 0) return undefined
  return values.length === all.length && domain.always ? anything : { allOf: [values], noneOf: [] }
}

function isScalar(word: ClaimWord): word is string | number | boolean {
  return typeof word !== 'object'
}

function fits({ shape }: ClaimDomain, word: ClaimWord): boolean {
  return shape === 'text' ? typeof word === 'string' && word !== '' : typeof word === 'number'
}

/** Whether every claim of the domain meets all that is demanded. */
function isAnyClaim(domain: ClaimDomain, words: ClaimWords): boolean {
  if (words.noneOf.length > 0 || onlyText(words) !== undefined) return false
  return words.allOf.every((list) => isTrivial(domain, list))
}

/** Every claim of the domain meets it. */
function isTrivial({ shape, always }: ClaimDomain, words: readonly ClaimWord[]): boolean {
  if (shape !== 'text' && shape !== 'texts') return false
  const present = words.some(
    (word) => isForm(word) && word.form !== 'absent' && (shape === 'text' || word.form === 'strings'),
  )
  return present && (always || words.some((word) => isForm(word) && word.form === 'absent'))
}

function unique(words: readonly ClaimWord[]): readonly ClaimWord[] {
  // Most lists are texts that somebody wrote in this order.
  if (words.every((word, i) => typeof word === 'string' && (i === 0 || (words[i - 1] as string) < word))) return words
  const byKey = new Map(words.map((word) => [typeof word === 'string' ? `"${word}` : JSON.stringify(word), word]))
  return [...byKey.keys()].sort().map((key) => byKey.get(key) as ClaimWord)
}

function uniqueLists(lists: readonly (readonly ClaimWord[])[]): readonly (readonly ClaimWord[])[] {
  if (lists.length < 2) return lists
  return [...new Map(lists.map((list) => [JSON.stringify(list), list])).values()]
}

const keys = new WeakMap<Box, string>()

/** Equal for boxes that say the same in the same words. */
export function boxKey(box: Box): string {
  const key = keys.get(box) ?? JSON.stringify([...box].sort(([a], [b]) => (a < b ? -1 : 1)))
  keys.set(box, key)
  return key
}
