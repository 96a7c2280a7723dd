import type { JsonObject } from '../../core/json.ts'
import { nearest } from '../../core/nearest.ts'
import type { Counterexample, Grant, JobPromise, PromiseFinding } from '../../core/promise.ts'
import { decideLogin } from '../login/decide.ts'
import type { GrantedToken, LoginDecision, RefusedLogin } from '../login/login.ts'
import type { AccessModel } from '../model.ts'
import { roleEvidence, ruleEvidence } from './evidence.ts'
import { type Deviation, deviation } from './grants.ts'
import { tokenAcl } from './token-acl.ts'
import { type RoleInPlace, tokenClaims } from './token-claims.ts'
import { checkWords, denialWords, joined, thereAre } from './words.ts'

/** GitLab's only one. */
const alg = 'RS256'

/** What the promise is about, as the model has it; a finding where it has no such role. */
export function roleOf(model: AccessModel, { mount, role, at }: JobPromise): RoleInPlace | PromiseFinding {
  const found = model.mounts.get(mount)
  const place = found?.roles.get(role.toLowerCase())
  if (found !== undefined && place !== undefined) return { mount: found, role: place }
  const missing = found === undefined ? `there is no mount "${mount}"` : `the mount "${mount}" has no role "${role}"`
  const near = found === undefined ? nearest(mount, model.mounts.keys()) : nearest(role, found.roles.keys())
  const all = [...(found?.roles ?? model.mounts).keys()]
  const help = near === undefined ? thereAre(all) : `Did you mean "${near}"?`
  return { outcome: 'broken', message: missing, help, location: at.role, related: [] }
}

/** What becomes of the promised token by the server's rules. */
export function loginOf(model: AccessModel, subject: JobPromise, place: RoleInPlace, now: number): LoginDecision {
  const { mount, role } = place
  return decideLogin({
    server: model.server,
    mount: mount.path,
    tune: mount.tune,
    ...(mount.config === undefined ? {} : { config: mount.config }),
    name: role.name,
    role: role.role,
    claims: tokenClaims(subject.claims, place, now),
    alg,
    now,
  })
}

/** Everything that is otherwise than promised. */
export function judgeJob(subject: JobPromise, model: AccessModel, now: number): PromiseFinding[] {
  const place = roleOf(model, subject)
  if ('outcome' in place) return [place]
  const login = loginOf(model, subject, place, now)
  const findings = [...loginFindings(login, subject, model), ...(login.ok ? grantFindings(login, subject, model) : [])]
  return withToken(findings, subject, tokenClaims(subject.claims, place, now))
}

/** @param claims of the token as it logs in, defaults included */
export function withToken(
  findings: readonly Finding[],
  { mount, role }: JobPromise,
  claims: JsonObject,
): PromiseFinding[] {
  const token = { mount, role, claims }
  return findings.map(({ request, ...finding }) => ({
    ...finding,
    counterexample: { ...token, ...(request && { request }) },
  }))
}

/** A finding about the promised token, whose claims are not in it yet. */
export type Finding = PromiseFinding & { readonly request?: Counterexample['request'] }

/** What of the login itself is otherwise than promised. */
export function loginFindings(login: LoginDecision, subject: JobPromise, model: AccessModel): Finding[] {
  if (subject.login === 'refused') return refused(login, subject, model)
  if (login.ok) return []
  const { mount, role, at } = subject
  const message = `the login is refused: ${login.error}`
  const related = roleEvidence(model, mount, role)
  return [{ outcome: 'broken', message, ...failedChecks(login), location: at.login, related }]
}

/** All that would have to be otherwise, as the server names one of them only. */
function failedChecks({ checks }: RefusedLogin): { readonly help?: string } {
  const failed = checks.filter(({ ok, skipped }) => !ok && skipped !== true)
  return failed.length === 0 ? {} : { help: `What does not fit: ${failed.map(checkWords).join('; ')}.` }
}

function refused(login: LoginDecision, subject: JobPromise, model: AccessModel): Finding[] {
  const { mount, role, refusal, at } = subject
  const broken = (message: string, help?: string): PromiseFinding[] => [
    {
      outcome: 'broken',
      message,
      ...(help && { help }),
      location: at.login,
      related: roleEvidence(model, mount, role),
    },
  ]
  if (login.ok) return broken(`the login is granted, with ${policiesOf(login)}`)
  if (refusal === undefined || login.errors.some((text) => text.includes(refusal))) return []
  return broken(
    `the login is refused, but for another reason than "${refusal}": ${joined(login.errors, 'or')}`,
    'The text must be a part of what the server says.',
  )
}

function policiesOf({ policies }: GrantedToken): string {
  if (policies.length === 0) return 'no policies'
  return `the ${policies.length === 1 ? 'policy' : 'policies'} ${joined(policies)}`
}

function grantFindings(token: GrantedToken, { login, can, cannot }: JobPromise, model: AccessModel): Finding[] {
  if (login === 'refused' || can.length + cannot.length === 0) return []
  const known = token.beyond === undefined ? tokenAcl(model, token.policies) : { unknown: token.beyond }
  if ('unknown' in known) return [undecided(known.unknown)]
  const one = (grant: Grant, wanted: boolean): Finding[] => {
    const found = deviation(known.acl, grant, wanted)
    if (found === undefined) return []
    if ('unknown' in found) return [{ ...undecided(found.unknown), location: grant.location }]
    return [grantFinding(grant, wanted, { ...found, policies: token.policies }, model)]
  }
  return [...can.flatMap((grant) => one(grant, true)), ...cannot.flatMap((grant) => one(grant, false))]
}

/** A path at which the token is not as the grant says. */
export function grantFinding(
  { capability, location }: Grant,
  wanted: boolean,
  { path, denial, rule, policies }: Deviation & { readonly policies: readonly string[] },
  model: AccessModel,
): Finding {
  const why = denial === undefined || !wanted ? '' : `: ${denialWords(denial, policies)}`
  const message = `the token ${wanted ? 'cannot' : 'can'} ${capability} ${path}${why}`
  const related = ruleEvidence(rule, model)
  return { outcome: 'broken', message, location, related, request: { capability, path } }
}

function undecided(message: string): Finding {
  return { outcome: 'undecided', message, help: undecidedHelp, related: [] }
}

export const undecidedHelp =
  'Describe it in these files, ask the server with --live, or write "allow_undecided: true" into the promise.'
