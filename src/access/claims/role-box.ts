import type { ClaimWord, ClaimWords } from '../../core/access-effect.ts'
import type { Alternative, ClaimName, RoleBounds } from '../login/bounds.ts'
import { type Box, narrowInPlace, pointerParts } from './box.ts'

/** The tokens that a role admits, or why it admits none, or why that cannot be said. */
export type Admitted = { readonly box: Box } | { readonly nobody: string } | { readonly beyond: string }

/** The set of GitLab's tokens that a role's bounds let in; networks and times are not looked at. */
export function admittedBy(bounds: RoleBounds): Admitted {
  if (bounds.impossible !== undefined) return { nobody: bounds.impossible }
  const beyond = entangled(bounds)
  if (beyond !== undefined) return { beyond }
  const box = new Map<string, ClaimWords>()
  const impossible = narrowAll(box, bounds)
  return impossible === undefined ? { box } : { nobody: `no token of GitLab has such a claim "${impossible}"` }
}

const noWords: readonly ClaimWord[] = []

function oneOf(words: readonly ClaimWord[]): ClaimWords {
  return { allOf: [words], noneOf: noWords }
}

const noAudience: ClaimWords = { allOf: [], noneOf: [{ glob: '*' }] }
const [someText, someTexts] = [oneOf([{ form: 'text' }]), oneOf([{ form: 'strings' }])]
const textOrNone = oneOf([{ form: 'string' }, { form: 'absent' }])

/** The first claim of which the box leaves nothing, by the name under which boxes know it. */
function narrowAll(box: Map<string, ClaimWords>, bounds: RoleBounds): string | undefined {
  const { audiences, subject, issuer } = bounds
  if (!narrowInPlace(box, 'aud', audiences.length > 0 ? oneOf(audiences) : noAudience)) return 'aud'
  if (subject !== undefined && !narrowInPlace(box, 'sub', oneOf([subject]))) return 'sub'
  if (issuer !== undefined && !narrowInPlace(box, 'iss', oneOf([issuer]))) return 'iss'
  const cannotBe = (name: ClaimName, words: ClaimWords) => !narrowInPlace(box, claimName(name), words)
  const found =
    bounds.bounds.find((bound) => cannotBe(bound, oneOf(bound.alternatives.map(wordOf)))) ??
    bounds.present.find((name) => cannotBe(name, someText)) ??
    bounds.lists.find((name) => cannotBe(name, someTexts)) ??
    bounds.strings.find((name) => cannotBe(name, textOrNone))
  return found && claimName(found)
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
function entangled({ bounds, present, lists, strings, subject, issuer }: RoleBounds): string | undefined {
  const all = [...bounds, ...present, ...lists, ...strings]
  if (!all.some(({ claim }) => claim.startsWith('/'))) return undefined
  const others = [['aud'], subject === undefined ? [] : ['sub'], issuer === undefined ? [] : ['iss']].flat()
  const names = [...new Set([...others, ...all.map(claimName)])]
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
