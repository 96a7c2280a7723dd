/** Conditions of `rules: if`. They say the whole, so that the jobs are right in a pipeline of other jobs as well. */

/**
 * Of this project's own code. A fork's merge request can run here, when a member starts its pipeline, or in the fork: both
 * times the source is another project than the target.
 */
export const ownMergeRequest =
  '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID'

export const forkMergeRequest =
  '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID != $CI_MERGE_REQUEST_PROJECT_ID'

export const anyMergeRequest = '$CI_PIPELINE_SOURCE == "merge_request_event"'

const onDefaultBranch = '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'

/** What of a default branch can be applied: nobody pushes by a schedule. */
export const deployingSources = ['push', 'web'] as const

export const defaultBranch = `${onDefaultBranch} && $CI_PIPELINE_SOURCE =~ /^(push|web)$/`

export const schedule = `${onDefaultBranch} && $CI_PIPELINE_SOURCE == "schedule"`

export const defaultBranchOrSchedule = `${onDefaultBranch} && $CI_PIPELINE_SOURCE =~ /^(push|web|schedule)$/`

/** @param sources some of `deployingSources` */
export function protectedDefaultBranch(sources: readonly string[]): string {
  const [only] = sources
  const source = sources.length === 1 ? `== "${only}"` : `=~ /^(${sources.join('|')})$/`
  return `${onDefaultBranch} && $CI_COMMIT_REF_PROTECTED == "true" && $CI_PIPELINE_SOURCE ${source}`
}
