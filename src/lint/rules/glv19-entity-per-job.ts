import { forJobRoles, userClaimOf } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

const fleeting: readonly (string | undefined)[] = ['job_id', 'pipeline_id', 'jti', 'sha', 'ci_config_sha']

export const glv19: Rule = {
  id: 'GLV19',
  title: 'an identity for every job',
  level: 'warning',
  why: 'The server keeps an entity for each value of the user claim and counts it as a client. A value that no other job has fills the storage, and the bill, with every pipeline.',
  example: { bad: 'user_claim: job_id', good: 'user_claim: project_id' },
  check: forJobRoles(function* (role) {
    const claim = userClaimOf(role)
    if (fleeting.includes(claim))
      yield {
        field: ['user_claim'],
        message: `role ${role.label} has user_claim ${claim}, so the server makes a new entity at almost every login`,
        help: `Write user_claim: project_id, and map ${claim} to metadata with claim_mappings if the audit log needs it.`,
      }
  }),
}
