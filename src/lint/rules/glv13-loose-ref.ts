import { forJobRoles, globsOf, requiresTrue } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv13: Rule = {
  id: 'GLV13',
  title: 'a ref that anybody can name',
  level: 'warning',
  why: 'In a glob, * stands for any text: whoever may push any branch can call it "main-evil". With ref_protected "true" as well only a name passes that GitLab protects, by itself or by a wildcard such as v*.',
  example: {
    bad: 'bound_claims_type: glob\nbound_claims: { project_id: "42", ref: "main*" }',
    good: 'bound_claims: { project_id: "42", ref: main, ref_type: branch }',
  },
  check: forJobRoles(function* (role) {
    // Then GitLab decides which of the names count: it protects branches and tags by wildcards as well.
    if (requiresTrue(role, 'ref_protected')) return
    for (const claim of ['ref', 'ref_path'])
      for (const glob of globsOf(role, claim).filter((glob) => /(?:^|[^/])\*/.test(glob)))
        yield {
          field: ['bound_claims', claim],
          message: `role ${role.label} admits ${claim} "${glob}", so also "${glob.replace(/\*+/g, (_, at) => (at === 0 ? 'evil' : '-evil'))}"`,
          help: 'Write the names that are meant, or protect them in GitLab, where a wildcard will do, and bind ref_protected: "true".',
        }
  }),
}
