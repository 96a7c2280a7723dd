import { projectBinding } from '../gitlab-identity.ts'
import { enumerated, fieldOf, forJobRoles } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv01: Rule = {
  id: 'GLV01',
  title: 'bound to no project',
  level: 'error',
  why: 'Without an exact project_id or namespace_id, a job of any project on the GitLab logs in. job_project_id alone is no help: code of a fork that runs in its parent carries the ID of the parent.',
  example: {
    bad: 'bound_claims: { job_project_id: "42", ref_protected: "true" }',
    good: 'bound_claims: { project_id: "42", job_project_id: "42", ref_protected: "true" }',
  },
  check: forJobRoles(function* (role) {
    if (projectBinding(role) !== undefined) return
    const bound = [...role.claims.keys()]
    const issuer = role.mount.config?.['bound_issuer']
    const where = typeof issuer === 'string' && issuer !== '' ? `on ${issuer}` : 'of the issuer'
    yield {
      field: fieldOf(role, 'project_id'),
      message: `role ${role.label} names no project by its ID: bound_claims has ${enumerated(bound) || 'nothing'}, so any project ${where} can get in`,
      help: 'Write the project\'s ID as a string, project_id: "42", or that of its group, namespace_id: "9", without "*".',
    }
  }),
}
