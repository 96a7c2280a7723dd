import type { Change } from '../../core/change.ts'
import type { EnvironmentPlan } from '../../core/plan.ts'
import type { PlanInput } from '../plan.ts'
import type { Objection } from './objection.ts'

/** What a brake judges: what was planned for one environment, and what it was planned from. */
export interface Judged {
  readonly input: PlanInput
  readonly plan: Pick<EnvironmentPlan, 'environment' | 'changes'>
  /** Whom the plans of this server would lock out, shown with this one. */
  readonly lockouts?: readonly Refusal[]
}

/** An objection that somebody can overrule by naming it. */
export interface Refusal extends Objection {
  readonly environment: string
  /** What `--allow` takes: the brake's name, a colon and what it is about, such as `delete:auth-mount/jwt`. */
  readonly allow: string
}

/**
 * A reason to stop before a plan that is possible and still may be a disaster. Pure: what it has to know about the
 * server stands in `PlanInput`. It sees all environments of one server and namespace at once, because what is too much
 * for one of them is too much for both.
 */
export interface Brake {
  /** What stands before the colon in `--allow`. */
  readonly name: string
  /** What stands behind it. */
  readonly about: 'address' | 'kind'
  /** Whether `*` may stand for any text in the last part of an address. Only where a change of many is ordinary work. */
  readonly many?: true
  judge(environments: readonly Judged[]): readonly Refusal[]
}

/** A brake that looks at one change at a time. */
export function eachChange(
  judge: (change: Change, environment: Judged) => readonly Omit<Refusal, 'environment'>[],
): Brake['judge'] {
  return (environments) =>
    environments.flatMap((environment) =>
      environment.plan.changes.flatMap((change) =>
        judge(change, environment).map((refusal) => ({ ...refusal, environment: environment.plan.environment })),
      ),
    )
}
