import { enumerated, forJobRoles, type JobRole, requiresTrue, worded } from '../gitlab-roles.ts'
import type { LintSubject, Rule } from '../rule.ts'

export const glv15: Rule = {
  id: 'GLV15',
  title: 'an environment that any job can name',
  level: 'warning',
  why: 'The name of an environment is free text in .gitlab-ci.yml: whoever can edit the pipeline of a branch can write it. It keeps somebody out only together with a protected environment and a bound ref.',
  example: {
    bad: 'bound_claims: { project_id: "42", environment: production }',
    good: 'bound_claims: { project_id: "42", environment: production, environment_protected: "true", ref_protected: "true" }',
  },
  check: forJobRoles(function* (role, subject) {
    const names = role.claims.get('environment')
    const missing = names === undefined ? [] : missingBounds(role, subject)
    if (names !== undefined && missing.length > 0)
      yield {
        field: ['bound_claims', 'environment'],
        message: `role ${role.label} wants environment to be ${worded(names)}, which any job can write, without ${enumerated(missing)}`,
        help: `Add ${enumerated(missing)} to bound_claims.`,
      }
  }),
}

/** In GitLab Free the claim is always "false". */
function missingBounds(role: JobRole, { settings }: LintSubject): string[] {
  const guarded = settings.gitlab.edition === 'free' || requiresTrue(role, 'environment_protected')
  const ref = ['ref', 'ref_path'].some((claim) => role.claims.has(claim)) || requiresTrue(role, 'ref_protected')
  return [...(guarded ? [] : ['environment_protected: "true"']), ...(ref ? [] : ['ref_protected: "true"'])]
}
