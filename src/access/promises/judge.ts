import type { AccessPromise, Asked, PromiseFinding, PromiseResult } from '../../core/promise.ts'
import type { AccessModel } from '../model.ts'
import { judgeAdmitsOnly, judgeNever, judgeOnly } from './invariants.ts'
import { judgeJob } from './job.ts'

/** How and when a promise is looked at. */
export interface Judging {
  /** Where the model comes from. */
  readonly asked: Asked
  /** Seconds since 1970: when the promised tokens log in. */
  readonly now: number
}

/** Whether the model keeps a promise, by the server's rules. Pure; many promises of one model share what they work out. */
export function judge(promise: AccessPromise, model: AccessModel, { asked, now }: Judging): PromiseResult {
  const findings = findingsOf(promise, model, now)
  return { promise, outcome: outcomeOf(findings), findings, asked }
}

export function outcomeOf(findings: readonly PromiseFinding[]): PromiseResult['outcome'] {
  if (findings.some(({ outcome }) => outcome === 'broken')) return 'broken'
  return findings.length === 0 ? 'kept' : 'undecided'
}

function findingsOf({ subject }: AccessPromise, model: AccessModel, now: number): PromiseFinding[] {
  switch (subject.about) {
    case 'job':
      return judgeJob(subject, model, now)
    case 'never':
      return judgeNever(subject, model)
    case 'admits_only':
      return judgeAdmitsOnly(subject, model)
    case 'only':
      return judgeOnly(subject, model)
  }
}
