import { requiresSudo } from '../../access/acl/sudo.ts'
import type { LoginDecision } from '../../access/login/login.ts'
import type { AccessModel } from '../../access/model.ts'
import { deviation } from '../../access/promises/grants.ts'
import { type Finding, grantFinding, loginFindings, loginOf, roleOf, withToken } from '../../access/promises/job.ts'
import { judge, outcomeOf } from '../../access/promises/judge.ts'
import { tokenAcl } from '../../access/promises/token-acl.ts'
import { type RoleInPlace, tokenClaims } from '../../access/promises/token-claims.ts'
import type { JsonObject } from '../../core/json.ts'
import { isPattern } from '../../core/policy-line.ts'
import type {
  AccessPromise,
  Counterexample,
  Grant,
  JobPromise,
  PromiseFinding,
  PromiseResult,
} from '../../core/promise.ts'
import { VaultError } from '../../core/server.ts'
import type { ServerVersion } from '../../core/version.ts'
import type { Connection } from '../../vault/client.ts'
import type { Job } from '../../vault/job.ts'
import type { Sign } from './signing-key.ts'

/** A server that can be asked, and what it has. */
export interface Asking {
  readonly model: AccessModel
  readonly connection: Connection
  readonly sign: Sign
  /** Seconds since 1970. */
  readonly now: number
}

/**
 * Asks the server itself: logs in with the promised claims and asks what the token may do. Promises about all tokens or
 * all paths cannot be asked; they are decided from the server's objects, and a counterexample is shown to the server.
 */
export async function askPromise(promise: AccessPromise, asking: Asking): Promise<PromiseResult> {
  const { subject } = promise
  const judged = judge(promise, asking.model, { asked: 'server objects', now: asking.now })
  if (subject.about !== 'job') return confirmed(judged, asking)
  const place = roleOf(asking.model, subject)
  if ('outcome' in place) return judged
  const answer = await answersOf(subject, place, asking)
  if ('distrusted' in answer)
    return {
      ...judged,
      note: `The mount ${subject.mount} does not trust the signing key, so the server was not asked.`,
    }
  const patterns = judged.findings.filter(({ location }) => isAboutPattern(location, subject))
  const findings = [...answer.findings, ...patterns]
  const outcome = outcomeOf(findings)
  const note = noteOf(subject, outcome === judged.outcome || judged.outcome === 'undecided')
  return { promise, outcome, findings, asked: 'login', ...(note === '' ? {} : { note }) }
}

function noteOf({ can, cannot }: JobPromise, agreed: boolean): string {
  const some = [...can, ...cannot].some(({ path }) => isPattern(path))
  return [
    some ? 'Paths with * or + were decided from what the server has.' : '',
    agreed
      ? ''
      : 'By the rules that this program knows it would be otherwise; a policy of an identity may be the reason.',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function isAboutPattern(location: PromiseFinding['location'], { can, cannot }: JobPromise): boolean {
  return [...can, ...cannot].some((grant) => grant.location === location && isPattern(grant.path))
}

type Answers = { readonly findings: readonly PromiseFinding[] } | { readonly distrusted: true }

async function answersOf(subject: JobPromise, place: RoleInPlace, asking: Asking): Promise<Answers> {
  const claims = tokenClaims(subject.claims, place, asking.now)
  const predicted = loginOf(asking.model, subject, place, asking.now)
  const job = await logIn(subject, claims, asking)
  if (job instanceof VaultError) {
    if (isDistrust(job) && !isDistrusted(predicted)) return { distrusted: true }
    return { findings: withToken(loginFindings(refusalOf(job, predicted), subject, asking.model), subject, claims) }
  }
  try {
    const token = grantedOf(job, predicted)
    const findings = [...loginFindings(token, subject, asking.model), ...(await askGrants(job, subject, asking))]
    return { findings: withToken(findings, subject, claims) }
  } finally {
    await job.close()
  }
}

/** The server's refusal is an answer; that it does not answer at all is none. */
async function logIn(
  { mount, role }: Pick<JobPromise, 'mount' | 'role'>,
  claims: JsonObject,
  { connection, sign }: Asking,
): Promise<Job | VaultError> {
  try {
    return await connection.logIn({ jwt: await sign(claims), mount, role })
  } catch (error) {
    if (error instanceof VaultError && error.status >= 400 && error.status !== 429 && error.status !== 503) return error
    throw error
  }
}

const distrust = /failed to verify id token signature|no known key successfully validated the token signature/

/** Such a refusal says nothing about the claims. */
function isDistrust({ errors }: VaultError): boolean {
  return errors.some((text) => distrust.test(text))
}

function isDistrusted(predicted: LoginDecision): boolean {
  return !predicted.ok && predicted.errors.some((text) => distrust.test(text))
}

/** Where the server picks one of several reasons at random, all of them are its answer. */
function refusalOf({ status, errors: [error = ''] }: VaultError, predicted: LoginDecision): LoginDecision {
  const expected = !predicted.ok && predicted.errors.includes(error)
  const { checks } = predicted
  return { ok: false, status, error, errors: expected ? predicted.errors : [error], checks: expected ? checks : [] }
}

function grantedOf({ policies }: Job, predicted: LoginDecision): LoginDecision {
  const nothing = { ttl: 0, type: 'service', metadata: {}, displayName: '', alias: '', groups: [] } as const
  const token = predicted.ok ? predicted : { ...nothing, renewable: false, numUses: 0, checks: [] }
  return { ...token, ok: true, policies }
}

async function askGrants(job: Job, { login, can, cannot }: JobPromise, { model }: Asking): Promise<Finding[]> {
  const concrete = (grants: readonly Grant[]) => grants.filter(({ path }) => !isPattern(path))
  const asked = [...concrete(can), ...concrete(cannot)]
  if (login === 'refused' || asked.length === 0) return []
  const answers = await job.capabilities([...new Set(asked.map(askedPath))])
  const known = tokenAcl(model, job.policies)
  const one = (grant: Grant, wanted: boolean): Finding[] => {
    const path = askedPath(grant)
    if (isAble(answers.get(path) ?? [], grant.capability, path, model.server) === wanted) return []
    const found = 'acl' in known ? deviation(known.acl, grant, wanted) : undefined
    const reason = found === undefined || 'unknown' in found ? { path: grant.path } : found
    return [grantFinding(grant, wanted, { ...reason, policies: job.policies }, model)]
  }
  return [
    ...concrete(can).flatMap((grant) => one(grant, true)),
    ...concrete(cannot).flatMap((grant) => one(grant, false)),
  ]
}

/** The server puts a slash at the end of every list's path (vault http/logical.go). */
function askedPath({ capability, path }: Pick<Grant, 'capability' | 'path'>): string {
  const listing = capability === 'list' || capability === 'scan'
  return listing && !path.endsWith('/') ? `${path}/` : path
}

/** `sys/capabilities` leaves out whether the path asks for sudo. */
function isAble(answer: readonly string[], capability: string, path: string, server: ServerVersion): boolean {
  if (answer.includes('root')) return true
  return answer.includes(capability) && (!requiresSudo(path, server) || answer.includes('sudo'))
}

/** A promise that the server's objects break, with what the server says of the first counterexample. */
async function confirmed(judged: PromiseResult, asking: Asking): Promise<PromiseResult> {
  const example = judged.findings.find(({ counterexample }) => counterexample !== undefined)?.counterexample
  if (example === undefined) return judged
  const shown = await showExample(example, asking)
  return shown === undefined ? judged : { ...judged, note: shown }
}

async function showExample(example: Counterexample, asking: Asking): Promise<string | undefined> {
  const { mount, role, claims, request } = example
  const place = asking.model.mounts.get(mount)
  const found = place?.roles.get(role)
  if (place === undefined || found === undefined) return undefined
  const job = await logIn(example, tokenClaims(claims, { mount: place, role: found }, asking.now), asking)
  if (job instanceof VaultError)
    return isDistrust(job)
      ? `The mount ${mount} does not trust the signing key, so the counterexample was not shown to the server.`
      : `The server does not confirm it: it refuses the login at ${mount}/${role}: ${job.errors.join('; ')}.`
  try {
    if (request === undefined) return `The server confirms it: such a token logs in at ${mount}/${role}.`
    const path = askedPath(request as Pick<Grant, 'capability' | 'path'>)
    const answer = (await job.capabilities([path])).get(path) ?? []
    const able = isAble(answer, request.capability, path, asking.model.server)
    return `The server ${able ? 'confirms' : 'does not confirm'} it: at ${request.path} such a token has ${answer.join(', ')}.`
  } finally {
    await job.close()
  }
}
