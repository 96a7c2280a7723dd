import { forJobRoles } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv23: Rule = {
  id: 'GLV23',
  title: 'batch tokens with a limit that they cannot have',
  level: 'error',
  why: 'The server keeps no record of a batch token, so it can neither count its uses nor renew it: it refuses a role of token_type batch with token_num_uses or token_period.',
  example: { bad: 'token_type: batch\ntoken_num_uses: 1', good: 'token_type: batch\ntoken_ttl: 5m' },
  check: forJobRoles(function* ({ label, role }) {
    if (role['token_type'] !== 'batch') return
    for (const field of ['token_num_uses', 'token_period'])
      if (role[field] !== undefined)
        yield {
          field: [field],
          message: `role ${label} has token_type batch and ${field} ${role[field]}: the server refuses to write it`,
          help: `Take ${field} out, or take token_type: batch out.`,
        }
  }),
}
