import { productionReason, writtenPath } from '../gitlab-power.ts'
import { fieldOf, forJobRoles, requiresTrue } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv09: Rule = {
  id: 'GLV09',
  title: 'open to unprotected branches',
  level: 'error',
  why: 'Every developer of a project can push a branch and change its pipeline. Only ref_protected: "true" keeps what they push there away from roles that change something or that belong to production.',
  example: {
    bad: 'bound_claims: { project_id: "42", environment: production }',
    good: 'bound_claims: { project_id: "42", environment: production, ref_protected: "true" }',
  },
  check: forJobRoles(function* (role, subject) {
    if (requiresTrue(role, 'ref_protected')) return
    const path = writtenPath(subject, role)
    const reason = path === undefined ? productionReason(subject, role) : `may change "${path}"`
    if (reason !== undefined)
      yield {
        field: fieldOf(role, 'ref_protected'),
        message: `role ${role.label} ${reason} and admits jobs of unprotected branches`,
        help: 'Add ref_protected: "true" to bound_claims, and protect the branch in GitLab.',
      }
  }),
}
