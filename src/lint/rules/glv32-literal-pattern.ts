import { forJobRoles, type JobRole, type RoleReport, texts } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

/** Source: vault-plugin-auth-jwt claims.go, and path_login.go for what is never a glob. */
export const glv32: Rule = {
  id: 'GLV32',
  title: 'a pattern that is compared as text',
  level: 'warning',
  why: 'A "*" is any text in bound_claims only, and only with bound_claims_type glob; no other pattern is known at all. Everywhere else the server compares the characters themselves, and no value of a claim has such ones, so nobody gets in.',
  example: {
    bad: 'bound_claims: { project_id: "42", ref: "release/*" }',
    good: 'bound_claims_type: glob\nbound_claims: { project_id: "42", ref: "release/*" }',
  },
  check: forJobRoles(function* (role) {
    for (const [claim, values] of role.claims)
      for (const value of values) if (typeof value === 'string') yield* inClaim(role, claim, value)
    for (const field of ['bound_subject', 'bound_audiences']) yield* inField(role, field)
  }),
}

function* inClaim(role: JobRole, claim: string, value: string): Generator<RoleReport> {
  const field = ['bound_claims', claim]
  const expression = regularSign(value)
  if (expression !== undefined)
    yield {
      field,
      message: `role ${role.label} wants ${claim} to be "${value}", in which ${expression} stands for itself: the server knows no regular expressions`,
      help: 'List the values that are meant; or write bound_claims_type: glob and "*" for any text, as in "release/*".',
    }
  else if (!role.glob && value.includes('*'))
    yield {
      field,
      message: `role ${role.label} wants ${claim} to be "${value}", and bound_claims_type is string: "*" stands for itself, so nobody gets in`,
      help: /^\*+$/.test(value)
        ? `Write the values of ${claim} that are meant, or take the claim out if any will do.`
        : 'List the values that are meant; or write bound_claims_type: glob, which makes "*" any text in all claims of the role.',
    }
}

function* inField({ label, role }: JobRole, field: string): Generator<RoleReport> {
  const value = role[field]
  for (const text of typeof value === 'string' ? [value] : texts(value))
    if (text.includes('*'))
      yield {
        field: [field],
        message: `role ${label} has ${field} "${text}", in which "*" stands for itself whatever bound_claims_type is: no token has it`,
        help:
          field === 'bound_subject'
            ? 'Bind claims instead, such as project_id and ref_path; or "sub" in bound_claims, with bound_claims_type: glob.'
            : 'Write the audience whole, as the jobs ask for it under id_tokens: aud.',
      }
}

/** What names of branches, projects and environments never have; `v1.*` can be a glob for tags, `/.*` cannot. */
const signs: readonly (readonly [RegExp, string])[] = [
  [/^\^/, '"^"'],
  [/\$$/, '"$"'],
  [/(?:^|[/)\]])\.[*+]/, '".*"'],
  [/\[[^\]]+\]/, '"[…]"'],
  [/\([^)]*\|[^)]*\)/, '"(…|…)"'],
  [/\\/, 'a backslash'],
]

function regularSign(value: string): string | undefined {
  if (!/[\^$\\.[(]/.test(value)) return undefined
  return signs.find(([sign]) => sign.test(value))?.[1]
}
