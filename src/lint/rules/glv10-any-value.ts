import { forJobRoles, globsOf } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv10: Rule = {
  id: 'GLV10',
  title: 'a bound that any value fits',
  level: 'error',
  why: 'With bound_claims_type glob, which holds for all claims of the role, "*" fits every value: the claim only has to be there, and whoever reads the role takes it for bound.',
  example: {
    bad: 'bound_claims_type: glob\nbound_claims: { project_id: "*" }',
    good: 'bound_claims: { project_id: "42" }',
  },
  check: forJobRoles(function* (role) {
    for (const claim of role.claims.keys()) {
      const any = globsOf(role, claim).find((glob) => /^\*+$/.test(glob))
      if (any !== undefined)
        yield {
          field: ['bound_claims', claim],
          message: `role ${role.label} admits any ${claim}, because "${any}" is a glob here`,
          help: `Write the values of ${claim} that are meant, or take the claim out if any will do.`,
        }
    }
  }),
}
