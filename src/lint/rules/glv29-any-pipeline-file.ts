import { gitlabClaim } from '../../access/claims/gitlab.ts'
import { highValueReason } from '../gitlab-power.ts'
import { fieldOf, forJobRoles } from '../gitlab-roles.ts'
import { gitlabHas } from '../gitlab-settings.ts'
import type { Rule } from '../rule.ts'

export const glv29: Rule = {
  id: 'GLV29',
  title: 'much power, and any pipeline file',
  level: 'info',
  why: 'ci_config_ref_uri says which file on which ref defined the pipeline, so a powerful role can be tied to one reviewed file. It does not cover what that file includes.',
  example: {
    bad: 'bound_claims: { project_id: "7", ref_protected: "true" }',
    good: 'bound_claims:\n  project_id: "7"\n  ref_protected: "true"\n  ci_config_ref_uri: gitlab.example.com/platform/vault//.gitlab-ci.yml@refs/heads/main',
  },
  check: forJobRoles(function* (role, subject) {
    if (role.claims.has('ci_config_ref_uri')) return
    if (!gitlabHas(subject.settings, gitlabClaim('ci_config_ref_uri')?.since)) return
    const reason = highValueReason(subject, role)
    if (reason !== undefined)
      yield {
        field: fieldOf(role, 'ci_config_ref_uri'),
        message: `role ${role.label} ${reason} and does not say which pipeline file its jobs come from`,
        help: 'Add ci_config_ref_uri: <host>/<project>//.gitlab-ci.yml@refs/heads/main to bound_claims.',
      }
  }),
}
