import { forJobRoles, userClaimOf } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

const people: readonly (string | undefined)[] = ['user_email', 'user_login']

export const glv20: Rule = {
  id: 'GLV20',
  title: 'a person as the identity of jobs',
  level: 'warning',
  why: 'user_email and user_login can be null, which refuses the login, and they change. They make one identity of all the projects in which a person starts jobs, and policies of that identity reach all of them.',
  example: { bad: 'user_claim: user_email', good: 'user_claim: project_id' },
  check: forJobRoles(function* (role) {
    const claim = userClaimOf(role)
    if (people.includes(claim))
      yield {
        field: ['user_claim'],
        message: `role ${role.label} has user_claim ${claim}, which can be missing and which a person takes along from project to project`,
        help: `Write user_claim: project_id, and map ${claim} to metadata with claim_mappings if the audit log needs it.`,
      }
  }),
}
