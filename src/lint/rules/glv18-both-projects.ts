import { gitlabClaim } from '../../access/claims/gitlab.ts'
import { forJobRoles, type JobRole } from '../gitlab-roles.ts'
import { gitlabHas } from '../gitlab-settings.ts'
import type { Rule } from '../rule.ts'

/** Of the code that runs, and of the project that runs it. */
const pairs = [
  ['project_id', 'job_project_id'],
  ['namespace_id', 'job_namespace_id'],
] as const

export const glv18: Rule = {
  id: 'GLV18',
  title: 'one of the two projects is open',
  level: 'warning',
  why: 'Before GitLab 18.2.2 project_id was the project that runs the job, since then it is the one whose code runs; in a pipeline for the merge request of a fork these are two. Only both together keep forks out in every version that has both.',
  example: {
    bad: 'bound_claims: { project_id: "42" }',
    good: 'bound_claims: { project_id: "42", job_project_id: "42" }',
  },
  check: forJobRoles(function* (role, { settings }) {
    const half = halfBound(role)
    if (half === undefined || !gitlabHas(settings, gitlabClaim('job_project_id')?.since)) return
    const { bound, missing } = half
    const [value] = role.claims.get(bound) ?? []
    const single = role.claims.get(bound)?.length === 1 && typeof value === 'string' && settings.gitlab.version
    yield {
      field: ['bound_claims', bound],
      message: `role ${role.label} binds ${bound} without ${missing}, so merge requests of forks are kept out by one of them only`,
      help: `Add ${missing} with the same values (GitLab 18.4 and later).`,
      ...(single ? { fix: { field: ['bound_claims', missing], value: value as string } } : {}),
    }
  }),
}

/** A role that binds a group may bind one of its projects as well: the first pair that is whole is enough. */
function halfBound({ claims }: JobRole): { readonly bound: string; readonly missing: string } | undefined {
  if (pairs.some((pair) => pair.every((claim) => claims.has(claim)))) return undefined
  const pair = pairs.find((candidate) => candidate.some((claim) => claims.has(claim)))
  const bound = pair?.find((claim) => claims.has(claim))
  const missing = pair?.find((claim) => !claims.has(claim))
  return bound === undefined || missing === undefined ? undefined : { bound, missing }
}
