import { forJobRoles, isExact, worded } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv26: Rule = {
  id: 'GLV26',
  title: 'a group without its subgroups',
  level: 'info',
  why: 'namespace_id is the group that holds the project directly. Projects of its subgroups have the IDs of those and do not get in.',
  example: {
    bad: 'bound_claims: { namespace_id: "9" }   # meant: all below group 9',
    good: 'bound_claims: { namespace_id: ["9", "12", "15"] }',
  },
  check: forJobRoles(function* (role) {
    const groups = role.claims.get('namespace_id')
    if (groups !== undefined && !isExact(role, 'project_id'))
      yield {
        field: ['bound_claims', 'namespace_id'],
        message: `role ${role.label} wants namespace_id to be ${worded(groups)}, which admits the projects directly in that group and none of its subgroups`,
        help: 'List the IDs of the subgroups that are meant as well, or the IDs of projects.',
      }
  }),
}
