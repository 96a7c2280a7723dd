import { gitlabClaim, topClaim } from '../../access/claims/gitlab.ts'
import { enumerated, fieldOf, forJobRoles, type JobRole, texts } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

/** Claims that tell projects, groups, runners or pipeline files apart. All others anybody can have, in a project of their own. */
const telling =
  /^(?:(?:job_|source_)?(?:project|namespace)_(?:id|path)|sub|groups_direct|user_identities|runner_id|job_config|ci_config_(?:ref_uri|sha))$/

export const glv02: Rule = {
  id: 'GLV02',
  title: 'bound only by what anybody can choose',
  level: 'error',
  why: 'Whoever has a project on the GitLab names its branches and environments, protects them, starts its pipelines and asks for any audience. A role that looks at nothing else is open to everybody.',
  example: {
    bad: 'bound_claims: { ref: main, environment: production }',
    good: 'bound_claims: { project_id: "42", job_project_id: "42", ref: main, ref_type: branch }',
  },
  check: forJobRoles(function* (role) {
    const claims = [...role.claims.keys()]
    if (role.role['bound_subject'] !== undefined || !claims.every(isChosen)) return
    yield {
      field: fieldOf(role, claims[0] ?? ''),
      message: `role ${role.label} is bound only by ${enumerated([...claims, ...otherBounds(role)]) || 'nothing'}: whoever writes a job chooses that`,
      help: 'Add what nobody else can have: project_id and job_project_id of the project, as strings.',
    }
  }),
}

/** Of a claim that nobody knows, nothing is concluded. */
function isChosen(claim: string): boolean {
  const top = topClaim(claim)
  return gitlabClaim(top) !== undefined && !telling.test(top)
}

function otherBounds({ role }: JobRole): string[] {
  const networks = texts(role['token_bound_cidrs'])
  return [
    ...(texts(role['bound_audiences']).length > 0 ? ['aud'] : []),
    ...(networks.length > 0 ? [`the networks ${networks.join(', ')}`] : []),
  ]
}
