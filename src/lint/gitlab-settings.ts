import type { Settings } from '../core/configuration.ts'
import { compareVersions } from '../core/version.ts'

/** Whether the GitLab is at least of this version; one whose version nobody says is taken for the newest. */
export function gitlabHas({ gitlab }: Settings, since: string | undefined): boolean {
  return since === undefined || gitlab.version === undefined || compareVersions(gitlab.version, since) >= 0
}
