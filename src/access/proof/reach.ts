import type { AccessBeyond } from '../../core/access-effect.ts'
import { describeBoxes } from '../claims/phrases.ts'
import type { AccessModel } from '../model.ts'
import type { PathPattern } from '../paths/pattern.ts'
import type { Capability } from '../policy/policy.ts'
import type { ReachAnswer, Reacher } from './answers.ts'
import { askedCapabilities, askedPattern } from './asked.ts'
import { orBeyond } from './beyond.ts'
import { admission, doubts, isDark, reach, witnessOf } from './reached.ts'
import { rolesOf, type Subject } from './subjects.ts'

/**
 * The roles whose tokens can do a capability on any path of the pattern, and on which ones. Roles that admit nobody are
 * none of them. Throws for a pattern that no policy can hold.
 */
export function whoCan(model: AccessModel, capability: string, pattern: string): ReachAnswer {
  const asked = askedPattern(pattern)
  const [wanted] = askedCapabilities([capability])
  const roles: Reacher[] = []
  const beyond: AccessBeyond[] = []
  for (const subject of wanted === undefined ? [] : rolesOf(model)) {
    const found = orBeyond(subject.address, () => reacher(subject, wanted as Capability, asked))
    beyond.push(...found.beyond)
    if (found.value !== undefined) roles.push(found.value)
  }
  return { roles, beyond }
}

function reacher(
  subject: Subject,
  capability: Capability,
  pattern: PathPattern,
): { readonly value?: Reacher; readonly beyond: readonly AccessBeyond[] } {
  const { box, address, policies } = subject
  if (box === undefined) return { beyond: admission(subject) }
  const beyond = doubts(subject, [capability], pattern)
  const reached = isDark(subject) ? undefined : reach(policies, capability, pattern)
  if (reached === undefined || reached.doubtful) return { beyond }
  const { path, rule, paths } = reached
  const witness = witnessOf(subject, box, { path, capability, rule })
  return { value: { address, who: describeBoxes([box]), paths, witness }, beyond }
}
