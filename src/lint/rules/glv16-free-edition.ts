import { forJobRoles, requiresTrue } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv16: Rule = {
  id: 'GLV16',
  title: 'protected environments in GitLab Free',
  level: 'error',
  why: 'Protected environments belong to GitLab Premium. In the Free edition environment_protected is always "false", so nobody gets in.',
  example: {
    bad: 'bound_claims: { environment: production, environment_protected: "true" }',
    good: 'bound_claims: { environment: production, ref_protected: "true" }',
  },
  check: forJobRoles(function* (role, { settings }) {
    if (settings.gitlab.edition === 'free' && requiresTrue(role, 'environment_protected'))
      yield {
        field: ['bound_claims', 'environment_protected'],
        message: `role ${role.label} wants environment_protected to be "true", which it never is in GitLab Free: nobody gets in`,
        help: 'Take it out and bind ref_protected: "true" instead, or correct gitlab: edition in vaultwright.yaml.',
      }
  }),
}
