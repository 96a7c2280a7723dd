import { applyReason } from '../gitlab-power.ts'
import { admits, fieldOf, forJobRoles, type JobRole } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv14: Rule = {
  id: 'GLV14',
  title: 'applies from merge requests',
  level: 'warning',
  why: 'Pipelines of merge requests between protected branches carry ref_protected "true", in new projects by default. They run what nobody has merged yet, so a role that applies something binds pipeline_source.',
  example: {
    bad: 'bound_claims: { project_id: "42", ref_protected: "true", environment: production }',
    good: 'bound_claims: { project_id: "42", ref_protected: "true", environment: production, pipeline_source: [push, web] }',
  },
  check: forJobRoles(function* (role, subject) {
    const reason = applyReason(subject, role)
    if (reason !== undefined && admitsMergeRequests(role))
      yield {
        field: fieldOf(role, 'pipeline_source'),
        message: `role ${role.label} ${reason} and admits pipelines of merge requests`,
        help: 'Add pipeline_source: [push], or the sources that are meant, to bound_claims; merge_request_event is not among them.',
      }
  }),
}

/** They are of the source branch, never of a tag. */
function admitsMergeRequests(role: JobRole): boolean {
  return admits(role, 'pipeline_source', 'merge_request_event') && admits(role, 'ref_type', 'branch') && !isTag(role)
}

function isTag({ claims }: JobRole): boolean {
  return claims.get('ref_path')?.every((path) => String(path).startsWith('refs/tags/')) ?? false
}
