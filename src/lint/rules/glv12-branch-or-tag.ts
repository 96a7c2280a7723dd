import { forJobRoles, worded } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv12: Rule = {
  id: 'GLV12',
  title: 'a branch that may be a tag',
  level: 'warning',
  why: 'Branches and tags have names of their own: a tag can be called "main" too, and people who may not push the branch may be allowed to push tags.',
  example: {
    bad: 'bound_claims: { project_id: "42", ref: main }',
    good: 'bound_claims: { project_id: "42", ref: main, ref_type: branch }',
  },
  check: forJobRoles(function* ({ label, claims }) {
    const refs = claims.get('ref')
    if (refs !== undefined && !claims.has('ref_type') && !claims.has('ref_path'))
      yield {
        field: ['bound_claims', 'ref'],
        message: `role ${label} wants ref to be ${worded(refs)}, and a tag may be called so as well as a branch`,
        help: 'Add ref_type: branch, or write ref_path: refs/heads/main instead.',
      }
  }),
}
