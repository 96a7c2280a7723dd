import { forJobRoles } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv24: Rule = {
  id: 'GLV24',
  title: 'a role that takes no ID tokens',
  level: 'error',
  why: 'A role without role_type is one for logins by browser: the server falls back to oidc whenever a write leaves the field out, also at an update, and refuses jobs with "role with oidc role_type is not allowed".',
  example: { bad: 'user_claim: project_id', good: 'role_type: jwt\nuser_claim: project_id' },
  check: forJobRoles(function* ({ label, role }) {
    if (role['role_type'] !== 'jwt')
      yield {
        field: ['role_type'],
        message: `role ${label} has role_type ${role['role_type'] ?? 'oidc, which is what leaving it out means'}: no job can log in, and without oidc_client_id nobody else either`,
        help: 'Write role_type: jwt.',
      }
  }),
}
