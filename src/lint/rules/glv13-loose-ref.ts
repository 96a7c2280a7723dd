import { forJobRoles, globsOf } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv13: Rule = {
  id: 'GLV13',
  title: 'a ref that anybody can name',
  level: 'warning',
  why: 'In a glob, * stands for any text: whoever may push any branch can call it "main-evil". Only what stands before a "/" can be protected as a whole, such as release/*.',
  example: {
    bad: 'bound_claims_type: glob\nbound_claims: { project_id: "42", ref: "main*" }',
    good: 'bound_claims: { project_id: "42", ref: main, ref_type: branch }',
  },
  check: forJobRoles(function* (role) {
    for (const claim of ['ref', 'ref_path'])
      for (const glob of globsOf(role, claim).filter((glob) => /(?:^|[^/])\*/.test(glob)))
        yield {
          field: ['bound_claims', claim],
          message: `role ${role.label} admits ${claim} "${glob}", so also "${glob.replace(/\*+/g, (_, at) => (at === 0 ? 'evil' : '-evil'))}"`,
          help: 'Write the branches that are meant, or let the "*" follow a "/": release/*.',
        }
  }),
}
