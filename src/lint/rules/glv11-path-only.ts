import { projectBinding } from '../gitlab-identity.ts'
import { forJobRoles } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

const paths = ['project_path', 'namespace_path', 'sub'] as const

export const glv11: Rule = {
  id: 'GLV11',
  title: 'bound by a path, not by an ID',
  level: 'warning',
  why: 'Renaming or moving a project breaks a role that names its path, and whoever gets the path afterwards gets in. An ID stays and is never given again.',
  example: { bad: 'bound_claims: { project_path: shop/app }', good: 'bound_claims: { project_id: "42" }' },
  check: forJobRoles(function* (role) {
    if (projectBinding(role) !== 'path') return
    const claim = paths.find((name) => role.claims.has(name))
    const named =
      claim === undefined
        ? `bound_subject "${role.role['bound_subject']}"`
        : `${claim} ${valuesOf(role.claims.get(claim))}`
    yield {
      field: claim === undefined ? ['bound_subject'] : ['bound_claims', claim],
      message: `role ${role.label} knows its project only by ${named}`,
      help: 'Add project_id (or namespace_id for a group), as a string; it is on the page of the project.',
    }
  }),
}

function valuesOf(values: readonly unknown[] = []): string {
  return values.map((value) => JSON.stringify(value)).join(', ')
}
