import type { PathRule, Policy } from '../access/policy/policy.ts'
import { ruleFor } from './gitlab-power.ts'
import { type JobRole, jobRoles } from './gitlab-roles.ts'
import type { LintSubject } from './rule.ts'

/** A kv-v2 secret that jobs of a role read, and that their policies allow only at a path without `data/`. */
export interface MissedSecret {
  readonly role: JobRole
  /** Of the job's variable. */
  readonly name: string
  readonly mount: string
  /** Where the job reads it. */
  readonly read: string
  readonly policy: Policy
  readonly rule: PathRule
}

const missedBySubject = new WeakMap<LintSubject, readonly MissedSecret[]>()

export function missedSecrets(subject: LintSubject): readonly MissedSecret[] {
  const known = missedBySubject.get(subject) ?? jobRoles(subject).flatMap((role) => missedBy(role, subject))
  missedBySubject.set(subject, known)
  return known
}

/** `the secret PASSWORD at "ops/data/app"`, with the role that reads it. */
export function whoReads({ role, name, read }: MissedSecret): string {
  return `jobs of role ${role.label} read the secret ${name} at "${read}"`
}

/** Only where a policy of the role allows the path without data/: then it is clear what was meant. */
function missedBy(role: JobRole, subject: LintSubject): MissedSecret[] {
  return Object.entries(role.secrets).flatMap(([name, { engine, mount, path }]) => {
    const read = `${mount}/data/${path}`
    if (engine !== 'kv-v2' || ruleFor(subject, role, read)?.capabilities.has('read')) return []
    const meant = ruleFor(subject, role, `${mount}/${path}`)
    const [from] = meant?.capabilities.has('read') ? meant.from : []
    return from === undefined ? [] : [{ role, name, mount, read, policy: from.policy, rule: from.rule }]
  })
}
