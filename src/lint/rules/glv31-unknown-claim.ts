import { type GitlabClaim, gitlabClaim, gitlabClaims, topClaim } from '../../access/claims/gitlab.ts'
import { isObject, type JsonValue } from '../../core/json.ts'
import type { FieldPath } from '../../core/kind.ts'
import { nearest } from '../../core/nearest.ts'
import { fits, forJobRoles, type JobRole, type RoleReport } from '../gitlab-roles.ts'
import { gitlabHas } from '../gitlab-settings.ts'
import type { Rule } from '../rule.ts'

export const glv31: Rule = {
  id: 'GLV31',
  title: 'a claim or a value that no ID token has',
  level: 'warning',
  why: 'A role that asks for a claim that GitLab does not send, or for a value that it never has, admits nobody. The server takes any name, so a typing mistake shows at the first login only.',
  example: { bad: 'bound_claims: { project: "42" }', good: 'bound_claims: { project_id: "42" }' },
  check: forJobRoles(function* (role, { settings }) {
    for (const { name, field, pointer } of namesIn(role)) {
      const top = pointer ? topClaim(name) : name
      const claim = gitlabClaim(top)
      if (claim === undefined) yield unknown(role, name, top, field)
      else if (!gitlabHas(settings, claim.since)) yield newer(role, claim, field, settings.gitlab.version)
    }
    for (const [claim, wanted] of role.claims) yield* impossible(role, claim, wanted)
  }),
}

interface Named {
  readonly name: string
  readonly field: FieldPath
  readonly pointer: boolean
}

/** A user claim is a JSON pointer only where the role says so, all others are wherever they begin with a slash. */
function namesIn({ role, claims }: JobRole): Named[] {
  const mappings = role['claim_mappings']
  const one = (field: string, pointer: boolean): Named[] => {
    const name = role[field]
    return typeof name === 'string' ? [{ name, field: [field], pointer }] : []
  }
  return [
    ...[...claims.keys()].map((name) => ({ name, field: ['bound_claims', name], pointer: true })),
    ...one('user_claim', role['user_claim_json_pointer'] === true),
    ...one('groups_claim', true),
    ...Object.keys(isObject(mappings) ? mappings : {}).map((name) => ({
      name,
      field: ['claim_mappings', name],
      pointer: true,
    })),
  ]
}

function unknown({ label }: JobRole, name: string, top: string, field: FieldPath): RoleReport {
  const meant = (Object.hasOwn(otherNames, top) ? otherNames[top] : undefined) ?? nearest(top, names)
  return {
    field,
    message: `role ${label} uses the claim ${name}, which ID tokens of GitLab do not have`,
    help:
      meant === undefined
        ? 'Use a claim that the documentation of GitLab lists, such as project_id or ref_path.'
        : `Did you mean ${meant}?`,
  }
}

/** What people call them who have it from GitLab's own words, or from another CI. */
const otherNames: Readonly<Record<string, string | undefined>> = {
  project: 'project_id',
  group_id: 'namespace_id',
  group_path: 'namespace_path',
  branch: 'ref',
  repository: 'project_path',
  deployment_action: 'environment_action',
}

const names = gitlabClaims.map(({ name }) => name)

function newer({ label }: JobRole, { name, since }: GitlabClaim, field: FieldPath, version = ''): RoleReport {
  return {
    field,
    message: `role ${label} uses the claim ${name}, which GitLab has since ${since}; this one is ${version}`,
    help: 'Leave it out until that GitLab is updated, or correct gitlab: version in vaultwright.yaml.',
  }
}

/** Values of another type are another rule's finding, and so is a pattern that is none. */
function* impossible(role: JobRole, name: string, wanted: readonly JsonValue[]): Generator<RoleReport> {
  const domain = gitlabClaim(name)?.values
  if (domain === undefined) return
  for (const value of wanted.filter((value) => typeof value === 'string'))
    if ((role.glob || !value.includes('*')) && !domain.some((possible) => fits(role, value, possible)))
      yield {
        field: ['bound_claims', name],
        message: `role ${role.label} wants ${name} to be "${value}", which it never is`,
        help: `${meant(value, domain)}It is one of ${domain.map((possible) => `"${possible}"`).join(', ')}.`,
      }
}

function meant(value: string, domain: readonly string[]): string {
  const near = nearest(value, domain)
  return near === undefined ? '' : `Did you mean "${near}"? `
}
