import type { AccessDecision, Beaten, Block, Denial, MergedRule } from '../../access/acl/decision.ts'
import type { LoginCheck } from '../../access/login/login.ts'
import type { TokenPolicies } from '../../access/why/token-policies.ts'
import { byText, type JsonValue } from '../../core/json.ts'
import { formatValue } from '../value.ts'
import { visible } from '../visible.ts'

/** What formats for people have in common: the words for who may do what, and why. */

/** A rule's path as a policy writes it. */
export function patternText({ pattern, match }: Pick<MergedRule, 'pattern' | 'match'>): string {
  return visible(match === 'prefix' ? `${pattern}*` : pattern)
}

/** "read, list"; "deny"; "nothing" for a block without capabilities. */
export function grantText({ capabilities }: Pick<MergedRule, 'capabilities'>): string {
  return capabilities.size === 0 ? 'nothing' : [...capabilities].sort(byText).join(', ')
}

/** Where a rule stands, one text a block. */
export function placesOf({ from }: Pick<MergedRule, 'from'>, token: TokenPolicies): string[] {
  return from.map((block) => placeText(block, token))
}

function placeText({ policy, rule }: Block, { origins }: TokenPolicies): string {
  const origin = origins.get(policy.name)
  switch (origin?.from) {
    case 'file':
      return visible(`${origin.file}:${rule.position.line}`)
    case 'role':
      return visible(`policy ${policy.name}, generated for ${origin.source.file}:${origin.source.line}`)
    case 'server':
      return visible(`policy ${policy.name} of the server itself`)
    default:
      return visible(`policy ${policy.name}, line ${rule.position.line}`)
  }
}

const reasons: Readonly<Record<Beaten, string>> = {
  'exact match first': 'an exact path comes before patterns',
  'longest prefix': 'the longer prefix counts',
  'first wildcard later': 'the pattern whose first wildcard comes later counts',
  'no trailing *': 'a pattern without * at its end counts first',
  'fewer +': 'the pattern with fewer + counts',
  longer: 'the longer pattern counts',
  lexicographic: 'of equal patterns, the last in alphabetical order counts',
  'without trailing slash first': 'the path without the slash at its end is looked up first',
  'with trailing slash first': 'the path with the slash at its end is looked up first',
}

export function beatenText(because: Beaten): string {
  return reasons[because]
}

/** Why a request is denied, in one sentence. */
export function denialText({ denial, rule }: AccessDecision, what: string): string {
  return denial === undefined ? '' : sentenceOf(denial, rule, what)
}

function sentenceOf(denial: Denial, rule: MergedRule | undefined, what: string): string {
  switch (denial.why) {
    case 'no rule':
      return 'No rule of these policies matches the path, so nothing is allowed there.'
    case 'deny':
      return 'The rule denies everything at this path, whatever other rules grant.'
    case 'capability':
      return rule?.capabilities.size === 0
        ? 'The rule is an empty block: it grants nothing, and counts before broader rules.'
        : `The rule does not grant ${denial.missing}.`
    case 'sudo':
      return 'The server demands sudo at this path besides, and the rule does not grant it.'
    case 'required parameter':
      return `The rule demands the parameter ${visible(denial.parameter)}, which the request lacks.`
    case 'denied parameter':
      return `The rule denies the parameter ${visible(denial.parameter)}, or the value that it has.`
    case 'not an allowed parameter':
      return `The parameter ${visible(denial.parameter)} is none of the rule's allowed_parameters.`
    case 'not an allowed value':
      return `The value of ${visible(denial.parameter)} is none that the rule's allowed_parameters have.`
    case 'wrapping':
      return `The rule allows ${what} only with a wrapped response${wrappingText(denial)}.`
    case 'pagination limit':
      return `The rule demands a limit of at most ${denial.limit} entries.`
    case 'broken policies':
      return `The server makes no rules of the policy ${visible(denial.failure.policy)} and refuses everything: ${visible(denial.failure.error)}.`
  }
}

function wrappingText({ min, max }: { readonly min?: number; readonly max?: number }): string {
  const parts = [min === undefined ? '' : `at least ${min} s`, max === undefined ? '' : `at most ${max} s`]
  const shown = parts.filter((part) => part !== '').join(' and ')
  return shown === '' ? '' : `, of a TTL of ${shown}`
}

/** A value as YAML writes it, so that "true" and true differ. */
export function valueText(value: JsonValue): string {
  return formatValue(value, [])
}

/** The name under which a person knows a check. */
export function checkName({ check, claim }: LoginCheck): string {
  return visible(check === 'bound_claims' && claim !== undefined ? claim : check)
}

/** What a check looked at: the value, and what was expected where it is another. */
export function checkText(check: LoginCheck): string {
  if (check.skipped === true) return 'not looked at, because of the failures above'
  if (isTime(check)) return timeText(check)
  const actual = check.actual === undefined ? 'absent' : valueText(check.actual)
  if (check.ok) return okText(check, actual)
  return check.expected === undefined ? actual : `${actual}, expected ${expectedText(check)}`
}

function okText({ check, claim, actual, expected }: LoginCheck, shown: string): string {
  if (actual === undefined) return expected === undefined ? '' : valueText(expected)
  return check === 'user_claim' || check === 'claim_mappings' ? `${visible(claim ?? '')}: ${shown}` : shown
}

function expectedText({ expected, comparison }: LoginCheck): string {
  const values = (Array.isArray(expected) ? expected : [expected]) as readonly JsonValue[]
  const shown = values.map(valueText)
  const list = shown.length > 1 ? `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` : (shown[0] ?? 'nothing at all')
  return comparison === 'glob' ? `text like ${list}` : list
}

function isTime({ check }: LoginCheck): boolean {
  return check === 'nbf' || check === 'exp' || check === 'iat'
}

function timeText({ actual, expected, ok, comparison }: LoginCheck): string {
  const shown = dateText(actual)
  if (ok || typeof expected !== 'number') return shown
  return `${shown}, expected ${comparison === 'not before' ? 'no earlier' : 'no later'} than ${dateText(expected)}`
}

function dateText(value: JsonValue | undefined): string {
  if (typeof value !== 'number' || Math.abs(value) > 8e12) return value === undefined ? 'absent' : valueText(value)
  return new Date(value * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
}
