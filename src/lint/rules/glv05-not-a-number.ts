import { gitlabClaim, topClaim } from '../../access/claims/gitlab.ts'
import type { JsonValue } from '../../core/json.ts'
import { forJobRoles, worded } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv05: Rule = {
  id: 'GLV05',
  title: 'a string for a claim that is a number',
  level: 'error',
  why: 'runner_id and the times are the only numbers in an ID token, and the server compares types as well: "12" matches no token. A glob never matches a number.',
  example: { bad: 'bound_claims: { runner_id: "12" }', good: 'bound_claims: { runner_id: 12 }' },
  check: forJobRoles(function* ({ label, claims, glob }) {
    for (const [claim, values] of claims) {
      const wrong = glob ? values : values.filter((value) => typeof value !== 'number')
      if (gitlabClaim(topClaim(claim))?.type !== 'number' || wrong.length === 0) continue
      const field = ['bound_claims', claim]
      const numbers = glob ? undefined : asNumbers(values)
      yield {
        field,
        message: `role ${label} wants ${claim} to be ${worded(wrong)}, but the claim is a number: ${glob ? 'with bound_claims_type glob nothing matches it' : 'that never matches'}`,
        help: glob
          ? `Take ${claim} out, or take bound_claims_type: glob out and write the number without quotes.`
          : `Write ${claim} without quotes, as a number.`,
        ...(numbers === undefined ? {} : { fix: { field, value: numbers } }),
      }
    }
  }),
}

function asNumbers(values: readonly JsonValue[]): JsonValue | undefined {
  const numbers = values.map((value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value))
  if (!numbers.every((value) => typeof value === 'number')) return undefined
  return numbers.length === 1 ? (numbers[0] as number) : numbers
}
