import { globsOf, isExact, type JobRole, subjectsOf } from './gitlab-roles.ts'

const ids: readonly string[] = ['project_id', 'namespace_id']
const paths: readonly string[] = ['project_path', 'namespace_path']

/**
 * What ties a role to projects: an ID, which is one project's or group's for ever, or only a path, which is whoever's has
 * it today. Undefined where a project of anybody's gets in; `job_project_id` alone does not count, because a fork's merge
 * request that runs in the parent project has the parent's.
 */
export function projectBinding(role: JobRole): 'id' | 'path' | undefined {
  const subjects = subjectsOf(role)
  if (ids.some((claim) => isExact(role, claim) || begins(subjects, claim))) return 'id'
  return paths.some((claim) => hasPath(role, claim) || begins(subjects, claim)) ? 'path' : undefined
}

/** The components of "sub" can be others than the default ones: `project_id:42:ref_type:branch:ref:main`. */
function begins(subjects: readonly string[], claim: string): boolean {
  return subjects.length > 0 && subjects.every((subject) => subject.startsWith(`${claim}:`) && /:[^*:]/.test(subject))
}

/** A glob counts where it begins with something. */
function hasPath(role: JobRole, claim: string): boolean {
  return role.claims.has(claim) && globsOf(role, claim).every((glob) => !glob.startsWith('*'))
}
