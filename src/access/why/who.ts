import type { Address } from '../../core/resource.ts'
import type { Box } from '../claims/box.ts'
import { describeBoxes } from '../claims/phrases.ts'
import { admittedBy } from '../claims/role-box.ts'
import type { RoleBounds } from '../login/bounds.ts'
import { orBeyond } from '../proof/beyond.ts'

/** Whom a role admits, in words, or why nobody gets in. */
export interface Who {
  readonly who: string
  /** One sentence without a full stop. */
  readonly nobody?: string
}

/** `project 42 on protected branch main, no forks`. */
export function whoOf(bounds: RoleBounds, role: Address): Who {
  const { value: admitted, beyond } = orBeyond(role, () => ({ value: admittedBy(bounds), beyond: [] }))
  if (admitted === undefined)
    return { who: `not to be said in words: ${beyond.map(({ reason }) => reason).join('; ')}` }
  if ('nobody' in admitted) return { who: 'nobody', nobody: admitted.nobody }
  if ('beyond' in admitted) return { who: `not to be said in words: ${admitted.beyond}` }
  return { who: `${describeBoxes([admitted.box])}${forks(admitted.box)}` }
}

/** `job_…` is the project that runs the job, the other one that whose code it runs: of a fork they are two. */
function forks(box: Box): string {
  if (isBoundTwice(box, 'project_id') || isBoundTwice(box, 'project_path')) return ', no forks'
  return isBoundTwice(box, 'namespace_id') || isBoundTwice(box, 'namespace_path') ? ', no forks outside it' : ''
}

function isBoundTwice(box: Box, claim: string): boolean {
  const words = box.get(claim)
  return words !== undefined && JSON.stringify(words) === JSON.stringify(box.get(`job_${claim}`))
}
