import type { JsonValue } from '../../core/json.ts'
import type { Denial } from '../acl/decision.ts'
import type { LoginCheck } from '../login/login.ts'

/** "a", "a and b", "a, b and c". */
export function joined(words: readonly string[], last = 'and'): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

/** Why a request does not pass, in half a sentence. */
export function denialWords(denial: Denial, policies: readonly string[]): string {
  switch (denial.why) {
    case 'no rule':
      return policies.length === 0 ? 'the token has no policies' : `no rule of ${policiesWords(policies)} matches`
    case 'deny':
      return 'a rule denies it'
    case 'capability':
      return `the rule that decides does not give ${denial.missing}`
    case 'sudo':
      return 'the path needs sudo, which the rule that decides does not give'
    case 'broken policies':
      return `the server can make no rules of its policies: ${denial.failure.error}`
    default:
      return `the request would have to meet a condition (${denial.why})`
  }
}

function policiesWords(policies: readonly string[]): string {
  return policies.length === 1 ? `its policy ${policies[0]}` : `its policies ${joined(policies)}`
}

/** A check that failed, with what was expected and what there is: `ref_protected: expected "true", the token has "false"`. */
export function checkWords({ check, claim, expected, comparison, actual, error }: LoginCheck): string {
  const name = claim ?? check
  if (expected === undefined) return error ?? `${name} fails`
  const values = Array.isArray(expected)
    ? joined(
        expected.map((value: JsonValue) => valueWords(value)),
        'or',
      )
    : valueWords(expected)
  const wanted = comparison === 'glob' ? `${values} as a glob` : values
  return `${name}: expected ${wanted}, the token has ${actual === undefined ? 'none' : valueWords(actual)}`
}

export function valueWords(value: JsonValue): string {
  return JSON.stringify(value)
}

/** What there is, for whoever named something else. */
export function thereAre(names: readonly string[]): string {
  return names.length === 0 ? 'There are none.' : `There are: ${names.slice(0, 20).join(', ')}.`
}
