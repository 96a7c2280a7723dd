import { gitlabClaim, topClaim } from '../../access/claims/gitlab.ts'
import type { JsonValue } from '../../core/json.ts'
import { forJobRoles, worded } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv04: Rule = {
  id: 'GLV04',
  title: 'a number or boolean for a claim that is a string',
  level: 'error',
  why: 'The server compares types as well. GitLab sends IDs and "true" as strings, so 22 and true match no token; with bound_claims_type glob the server does not even take the role.',
  example: {
    bad: 'bound_claims: { project_id: 42, ref_protected: true }',
    good: 'bound_claims: { project_id: "42", ref_protected: "true" }',
  },
  check: forJobRoles(function* ({ label, claims, glob }) {
    for (const [claim, values] of claims) {
      if (!isText(claim)) continue
      const wrong = values.filter((value) => typeof value !== 'string')
      if (wrong.length === 0) continue
      const field = ['bound_claims', claim]
      const meant = values.map(asString)
      yield {
        field,
        message: `role ${label} wants ${claim} to be ${worded(wrong)} without quotes, but the claim is a string: ${glob ? 'the server refuses the role' : 'that never matches'}`,
        help: `Write ${claim}: ${JSON.stringify(single(wrong.map((value) => asString(value) ?? String(value))))}.`,
        ...(meant.every((value) => value !== undefined) ? { fix: { field, value: single(meant) } } : {}),
      }
    }
  }),
}

function isText(name: string): boolean {
  const claim = gitlabClaim(topClaim(name))
  if (claim === undefined) return false
  return claim.type === 'strings' || (/^string/.test(claim.type) && name.lastIndexOf('/') <= 0)
}

/** Undefined where it is not clear what the claim would look like. */
function asString(value: JsonValue): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : undefined
}

function single(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] as string) : values
}
