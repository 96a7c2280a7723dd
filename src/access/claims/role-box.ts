import type { ClaimWord, ClaimWords } from '../../core/access-effect.ts'
import type { Alternative, ClaimName, RoleBounds } from '../login/bounds.ts'
import { type Box, narrowInPlace, pointerParts } from './box.ts'

/** The tokens that a role admits, or why it admits none, or why that cannot be said. */
export type Admitted = { readonly box: Box } | { readonly nobody: string } | { readonly beyond: string }

/** What one bound demands of a claim, by the name under which boxes know it. */
interface Demand {
  readonly claim: string
  readonly words: ClaimWords
}

/** The set of GitLab's tokens that a role's bounds let in; networks and times are not looked at. */
export function admittedBy(bounds: RoleBounds): Admitted {
  if (bounds.impossible !== undefined) return { nobody: bounds.impossible }
  const demands = demandsOf(bounds)
  const beyond = entangled(demands)
  if (beyond !== undefined) return { beyond }
  const box = new Map<string, ClaimWords>()
  for (const { claim, words } of demands)
    if (!narrowInPlace(box, claim, words)) return { nobody: `no token of GitLab has such a claim "${claim}"` }
  return { box }
}

const noWords: readonly ClaimWord[] = []

function oneOf(words: readonly ClaimWord[]): ClaimWords {
  return { allOf: [words], noneOf: noWords }
}

const noAudience: ClaimWords = { allOf: [], noneOf: [{ glob: '*' }] }
const [someText, someTexts] = [oneOf([{ form: 'text' }]), oneOf([{ form: 'strings' }])]
const textOrNone = oneOf([{ form: 'string' }, { form: 'absent' }])

function demandsOf(bounds: RoleBounds): readonly Demand[] {
  const { audiences, subject, issuer } = bounds
  const demands: Demand[] = [{ claim: 'aud', words: audiences.length > 0 ? oneOf(audiences) : noAudience }]
  const demand = (claim: string, words: ClaimWords) => demands.push({ claim, words })
  if (subject !== undefined) demand('sub', oneOf([subject]))
  if (issuer !== undefined) demand('iss', oneOf([issuer]))
  for (const bound of bounds.bounds) demand(claimName(bound), oneOf(bound.alternatives.map(wordOf)))
  for (const name of bounds.present) demand(claimName(name), someText)
  for (const name of bounds.lists) demand(claimName(name), someTexts)
  for (const name of bounds.strings) demand(claimName(name), textOrNone)
  return demands
}

function wordOf(alternative: Alternative): ClaimWord {
  return 'glob' in alternative ? alternative : alternative.equals
}

/** A pointer to a claim of the top level is the claim itself (claims.go getClaim). */
export function claimName({ claim, pointer }: ClaimName): string {
  if (!pointer) return claim
  const parts = pointerParts(claim)
  return parts.length === 1 && parts[0] !== '' && !parts[0]?.startsWith('/') ? (parts[0] as string) : claim
}

/** Boxes take claims for independent, which a claim and a part of it are not. */
function entangled(demands: readonly Demand[]): string | undefined {
  if (!demands.some(({ claim }) => claim.startsWith('/'))) return undefined
  const names = [...new Set(demands.map(({ claim }) => claim))]
  const literal = names.find((name) => name.startsWith('/') && !isDeepPointer(name))
  if (literal !== undefined) return `the claim "${literal}" is looked up in a way that is not described here`
  for (const inner of names.filter(isDeepPointer)) {
    const parts = pointerParts(inner)
    const outer = names.find((name) => name !== inner && contains(name, parts))
    if (outer !== undefined) return `it binds the claim "${outer}" and, by "${inner}", a part of it`
    if (parts.some((part) => /^\d+$/.test(part))) return `it binds an element of a list by its place, "${inner}"`
  }
  return undefined
}

function isDeepPointer(name: string): boolean {
  return name.startsWith('/') && pointerParts(name).length > 1
}

function contains(outer: string, parts: readonly string[]): boolean {
  const around = isDeepPointer(outer) ? pointerParts(outer) : [outer]
  return around.length <= parts.length && around.every((part, i) => part === parts[i])
}
