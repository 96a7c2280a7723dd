import type { AccessBeyond, ClaimWord } from '../../core/access-effect.ts'
import { intersectBoxes } from '../claims/box.ts'
import { describeBoxes } from '../claims/phrases.ts'
import type { AccessModel } from '../model.ts'
import type { OutsideAnswer, Outsider } from './answers.ts'
import { entangledClaims, tokensWith } from './asked.ts'
import { orBeyond } from './beyond.ts'
import { admission, witnessOf } from './reached.ts'
import { rolesOf } from './subjects.ts'

/**
 * The roles that admit a token whose claim is none of the allowed values, an absent claim included, each with such a
 * token. Over all tokens that GitLab can issue.
 */
export function admitsOutside(model: AccessModel, claim: string, allowed: readonly ClaimWord[]): OutsideAnswer {
  const asked = tokensWith([{ claim, noneOf: allowed }])
  const outsiders: Outsider[] = []
  const beyond: AccessBeyond[] = []
  if (asked === undefined) return { outsiders, beyond }
  for (const subject of rolesOf(model)) {
    const { address } = subject
    const found = orBeyond(address, () => {
      if (subject.box === undefined) return { beyond: admission(subject) }
      const entangled = entangledClaims(subject.box, asked)
      if (entangled !== undefined) return { beyond: [{ about: address, reason: entangled }] }
      return { value: intersectBoxes(subject.box, asked), beyond: [] }
    })
    beyond.push(...found.beyond)
    if (found.value === undefined) continue
    const text = `role ${subject.mount.path}/${subject.role.name} admits tokens of ${describeBoxes([found.value])}`
    outsiders.push({ address, witness: witnessOf(subject, found.value), text })
  }
  return { outsiders, beyond }
}
