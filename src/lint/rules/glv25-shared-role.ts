import { stableStringify } from '../../core/json.ts'
import { reachesSecrets } from '../gitlab-power.ts'
import { enumerated, forJobRoles, type JobRole, jobRoles, type RoleReport } from '../gitlab-roles.ts'
import type { LintSubject, Rule } from '../rule.ts'

/** More projects than this in one role are taken for unrelated. */
const mostProjects = 10

export const glv25: Rule = {
  id: 'GLV25',
  title: 'one role for many',
  level: 'warning',
  why: "What a role allows is lost to the weakest of those who may use it. A role that admits the same jobs in several environments lets a job of staging read what is production's, and one for many projects gives all of them the secrets of each.",
  example: {
    bad: 'name: app\nenvironments: [staging, production]\nbound_claims: { project_id: "42" }',
    good: 'name: app-${environment}\nenvironments:\n  staging: { bound_claims: { environment: staging } }\n  production: { bound_claims: { environment: production } }\nbound_claims: { project_id: "42" }',
  },
  check: forJobRoles(function* (role, subject) {
    yield* manyProjects(role)
    const twins = admittedAlike(subject).get(role) ?? []
    const environments = [...new Set(twins.map(({ environment }) => environment))]
    if (environments.length > 1)
      yield {
        field: ['bound_claims'],
        message: `${named(twins)} admit${twins.every(({ label }) => label === role.label) ? 's' : ''} the very same jobs in the environments ${enumerated(environments)}`,
        help: 'Give each environment a role of its own, with environment or ref_path in its bound_claims.',
      }
  }),
}

function* manyProjects(role: JobRole): Generator<RoleReport> {
  for (const claim of ['project_id', 'project_path', 'namespace_id', 'namespace_path']) {
    const count = role.claims.get(claim)?.length ?? 0
    if (count > mostProjects)
      yield {
        field: ['bound_claims', claim],
        message: `role ${role.label} admits ${count} values of ${claim}, and each of their jobs gets all that it allows`,
        help: 'Give each project a role with the secrets that it needs; for_each makes many alike from a list.',
      }
  }
}

interface Twin {
  readonly environment: string
  readonly label: string
}

const alike = new WeakMap<object, ReadonlyMap<JobRole, readonly Twin[]>>()

/** For each role that reaches secrets, those of all environments that admit the same jobs, itself among them. */
function admittedAlike(subject: LintSubject): ReadonlyMap<JobRole, readonly Twin[]> {
  const all = subject.all ?? [subject]
  const known = alike.get(all)
  if (known !== undefined) return known
  if (all.length === 1) return new Map()
  const byAdmission = new Map<string, Twin[]>()
  const byRole = new Map<JobRole, readonly Twin[]>()
  for (const each of all)
    for (const role of jobRoles(each).filter((candidate) => reachesSecrets(each, candidate))) {
      const key = admission(role)
      const twins = byAdmission.get(key) ?? []
      byAdmission.set(key, twins)
      twins.push({ environment: each.environment.name, label: role.label })
      byRole.set(role, twins)
    }
  alike.set(all, byRole)
  return byRole
}

/** Whom a role admits: equal for roles that admit the same. */
function admission({ role, mount, glob }: JobRole): string {
  const { bound_claims = {}, bound_audiences = [], bound_subject = '', token_bound_cidrs = [] } = role
  const issuer = mount.config?.['bound_issuer'] ?? ''
  return stableStringify({ bound_claims, bound_audiences, bound_subject, token_bound_cidrs, issuer, glob })
}

/** `role jwt/app`, or `the roles jwt/a and jwt/b`. */
function named(twins: readonly Twin[]): string {
  const labels = [...new Set(twins.map(({ label }) => label))]
  return labels.length === 1 ? `role ${labels[0]}` : `the roles ${enumerated(labels)}`
}
