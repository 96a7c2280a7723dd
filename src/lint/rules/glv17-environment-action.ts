import { gitlabClaim } from '../../access/claims/gitlab.ts'
import { admits, enumerated, fieldOf, forJobRoles } from '../gitlab-roles.ts'
import { gitlabHas } from '../gitlab-settings.ts'
import type { Rule } from '../rule.ts'

/** Actions of jobs that deploy nothing. */
const looking = ['prepare', 'verify', 'access']

export const glv17: Rule = {
  id: 'GLV17',
  title: 'jobs that only look at an environment',
  level: 'warning',
  why: 'A job with environment: action: access, verify or prepare deploys nothing, has the claim all the same, and may be allowed to people who must not deploy.',
  example: {
    bad: 'bound_claims: { environment: production }',
    good: 'bound_claims: { environment: production, environment_action: start }',
  },
  check: forJobRoles(function* (role, { settings }) {
    const bound = role.claims.has('environment') && gitlabHas(settings, gitlabClaim('environment_action')?.since)
    const admitted = bound ? looking.filter((action) => admits(role, 'environment_action', action)) : []
    if (admitted.length > 0)
      yield {
        field: role.claims.has('environment_action')
          ? ['bound_claims', 'environment_action']
          : fieldOf(role, 'environment'),
        message: `role ${role.label} binds environment and admits jobs with action ${enumerated(admitted)}, which deploy nothing`,
        help: 'Add environment_action: start to bound_claims.',
      }
  }),
}
