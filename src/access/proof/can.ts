import type { AccessBeyond } from '../../core/access-effect.ts'
import { type Box, intersectBoxes } from '../claims/box.ts'
import type { AccessModel } from '../model.ts'
import type { PathPattern } from '../paths/pattern.ts'
import type { Capability } from '../policy/policy.ts'
import type { AccessAnswer, AccessQuestion, Counterexample } from './answers.ts'
import { askedCapabilities, askedPattern, entangledClaims, tokensWith } from './asked.ts'
import { orBeyond } from './beyond.ts'
import { admission, doubts, isDark, reach, witnessOf } from './reached.ts'
import { rolesOf, type Subject } from './subjects.ts'

/**
 * Whether any token of which the claims hold can do any of the capabilities on any path of the pattern, through any role.
 * Over all tokens that GitLab can issue and all paths, not samples. Times, networks and signatures are taken as good, and
 * policies of the token's identity are not known. Throws for a pattern or capability that no policy can hold.
 */
export function canAny(model: AccessModel, question: AccessQuestion): AccessAnswer {
  const box = tokensWith(question.claims)
  if (box === undefined) return { answer: 'never' }
  const pattern = askedPattern(question.paths)
  const capabilities = askedCapabilities(question.capabilities)
  const beyond: AccessBeyond[] = []
  let counterexample: Counterexample | undefined
  for (const subject of rolesOf(model)) {
    const found = orBeyond(subject.address, () => throughRole(subject, box, capabilities, pattern))
    beyond.push(...found.beyond)
    counterexample ??= found.value
  }
  if (counterexample !== undefined) return { answer: 'counterexample', counterexample, beyond }
  return beyond.length > 0 ? { answer: 'beyond', beyond } : { answer: 'never' }
}

interface ThroughRole {
  readonly value?: Counterexample | undefined
  readonly beyond: readonly AccessBeyond[]
}

function throughRole(
  subject: Subject,
  asked: Box,
  capabilities: readonly Capability[],
  pattern: PathPattern,
): ThroughRole {
  const box = subject.box && intersectBoxes(subject.box, asked)
  if (subject.box === undefined) return { beyond: admission(subject) }
  if (box === undefined) return { beyond: [] }
  const entangled = entangledClaims(subject.box, asked)
  if (entangled !== undefined) return { beyond: [{ about: subject.address, reason: entangled }] }
  const beyond = doubts(subject, capabilities, pattern)
  for (const capability of isDark(subject) ? [] : capabilities) {
    const reached = reach(subject.policies, capability, pattern)
    if (reached === undefined || reached.doubtful) continue
    const { address } = subject
    const { path, rule } = reached
    const witness = witnessOf(subject, box, { path, capability, rule })
    return { value: { ...witness, address, path, capability, rule }, beyond }
  }
  return { beyond }
}
