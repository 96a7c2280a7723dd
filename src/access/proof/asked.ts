import type { ClaimWords } from '../../core/access-effect.ts'
import { capabilities } from '../../core/capability.ts'
import { allTokens, type Box, narrow, pointerParts } from '../claims/box.ts'
import { claimName } from '../claims/role-box.ts'
import { type PathPattern, parsePattern } from '../paths/pattern.ts'
import type { Capability } from '../policy/policy.ts'
import type { ClaimConstraint } from './answers.ts'

/** The tokens of which all constraints hold; undefined where GitLab can issue none. */
export function tokensWith(constraints: readonly ClaimConstraint[]): Box | undefined {
  let box: Box | undefined = allTokens
  for (const constraint of constraints) {
    if (box === undefined) return undefined
    box = narrow(box, nameOf(constraint.claim), wordsOf(constraint))
  }
  return box
}

function nameOf(claim: string): string {
  return claimName({ claim, pointer: claim.startsWith('/') })
}

function wordsOf(constraint: ClaimConstraint): ClaimWords {
  if ('oneOf' in constraint) return { allOf: [constraint.oneOf], noneOf: [] }
  return { allOf: [], noneOf: constraint.noneOf }
}

/** Two sets of claims, one of which speaks of a claim and the other of a part of it, are not independent. */
export function entangledClaims(a: Box, b: Box): string | undefined {
  for (const inner of [...a.keys(), ...b.keys()]) {
    if (!inner.startsWith('/') || pointerParts(inner).length < 2) continue
    const around = [pointerParts(inner)[0] as string]
    const other = [...a.keys(), ...b.keys()].find(
      (name) => name === around[0] || (name !== inner && name.startsWith(`${inner}/`)),
    )
    if (other !== undefined) return `"${other}" and "${inner}" speak of one claim and a part of it`
  }
  return undefined
}

/** The pattern of a question. A plain Error for `+*`, which no policy can hold: callers check what people write. */
export function askedPattern(written: string): PathPattern {
  const pattern = parsePattern(written)
  if (pattern === undefined) throw new Error(`"${written}" is no pattern: "+*" is forbidden`)
  return pattern
}

/** A plain Error for what is no capability: a question about it would always be answered "never". */
export function askedCapabilities(names: readonly string[]): readonly Capability[] {
  const unknown = names.find((name) => !(capabilities as readonly string[]).includes(name))
  if (unknown !== undefined) throw new Error(`"${unknown}" is no capability that can be asked about`)
  return capabilities.filter((capability) => names.includes(capability))
}
