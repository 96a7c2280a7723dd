import { normalAddress, normalNamespace } from '../../core/address.ts'
import type { JobRole } from '../job-role.ts'
import type { Bound } from '../jobs/compare.ts'
import { boundClaims } from '../jobs/conditions.ts'
import type { JobCase } from './cases.ts'
import { variablePlace } from './cases.ts'
import type { CiJob } from './jobs.ts'
import { couldBe, couldFit, expand, known, type Pattern, saysSomething } from './pattern.ts'
import type { ScriptLogin } from './scripts.ts'
import type { CiSecret, IdToken } from './secrets.ts'
import type { CiPlace } from './value.ts'

/** What a job says about its login, as far as the files say it. */
export interface Said {
  readonly pattern: Pattern
  readonly at: CiPlace
  /** `VAULT_AUTH_ROLE`, or "its script". */
  readonly by: string
}

export type LoginPart = 'role' | 'mount' | 'server' | 'namespace'

/** A login of a job, with one set of variables, and the roles that can be meant. */
export interface Login {
  readonly how: 'secrets' | 'script'
  readonly said: Readonly<Partial<Record<LoginPart, Said>>>
  /** Nothing says which role is meant: any can be. */
  readonly vague: boolean
  /** Where the roles came to an end; `roles` are then those that were left before it. */
  readonly refused?: LoginPart
  /** Only the default of what is not said stands against the roles: GitLab's mount `jwt`, or the root namespace. */
  readonly unsaid?: 'mount' | 'namespace'
  /** The token that is handed in; absent where there is none. */
  readonly idToken?: IdToken
  readonly audiences: readonly Pattern[]
  readonly audienceFits: boolean
  readonly environmentFits: boolean
  /** The roles that can be meant, those whose audience and environment fit if there are any. */
  readonly roles: readonly JobRole[]
  /** The roles of that name, mount, server and namespace, whatever else they ask for. */
  readonly eligible: readonly JobRole[]
}

export interface LoginInput {
  readonly job: CiJob
  readonly secrets: readonly CiSecret[]
  readonly idTokens: readonly IdToken[]
  /** Absent for a job that logs in by its `secrets`. */
  readonly script?: ScriptLogin
  readonly roles: readonly JobRole[]
  /** Whether a role may read what the job reads: it tells which one is meant where nothing else does. */
  readonly canRead: (role: JobRole) => boolean
}

/** Of more roles, any of which can be meant, nobody learns anything; and each would be asked about each secret. */
export const mostVague = 200

export function loginOf(input: LoginInput, one: JobCase): Login {
  const { script, secrets, idTokens } = input
  const said = saidOf(input, one)
  const { roles: eligible, refused, unsaid } = eligibleRoles(input.roles, said, script?.configured === true)
  const idToken = tokenFor(secrets[0], idTokens)
  const handed = script === undefined ? (idToken === undefined ? [] : [idToken]) : idTokens
  const audiences = handed.flatMap((token) => token.audiences.map(({ text }) => expand(text, one.variables)))
  const fitting = eligible.filter((role) => takes(role, audiences))
  const vague = !Object.values(said).some(({ pattern }) => saysSomething(pattern))
  const taking = fitting.length > 0 ? fitting : eligible
  const reading = vague && taking.length <= mostVague ? taking.filter(input.canRead) : []
  const heard = reading.length > 0 ? reading : taking
  const inPlace = heard.filter(({ role }) => environmentFits(role, one))
  return {
    how: script === undefined ? 'secrets' : 'script',
    said,
    vague,
    ...(refused === undefined ? {} : { refused }),
    ...(unsaid === undefined ? {} : { unsaid }),
    ...(idToken === undefined ? {} : { idToken }),
    audiences,
    audienceFits: audiences.length === 0 || fitting.length > 0,
    environmentFits: inPlace.length > 0,
    roles: inPlace.length > 0 ? inPlace : heard,
    eligible,
  }
}

/** The token that a secret names, or else the first. One memoised server serves a job (EE build_runner_presenter.rb). */
export function tokenFor(secret: CiSecret | undefined, idTokens: readonly IdToken[]): IdToken | undefined {
  const named = secret?.token?.name
  return secret?.token === undefined ? idTokens[0] : idTokens.find(({ name }) => name === named)
}

function takes({ audiences }: JobRole, given: readonly Pattern[]): boolean {
  return given.some((pattern) => audiences.some((audience) => couldBe(pattern, audience)))
}

const environmentBounds = new WeakMap<JobRole['role'], { readonly bound: Bound | undefined }>()

/** Asked of every role for every job. */
function environmentBound(role: JobRole['role']): Bound | undefined {
  const known = environmentBounds.get(role) ?? { bound: boundClaims(role).get('environment') }
  environmentBounds.set(role, known)
  return known.bound
}

function environmentFits(role: JobRole['role'], { environment }: JobCase): boolean {
  const bound = environmentBound(role)
  return bound === undefined || (environment !== undefined && couldFit(environment, bound))
}

const serverVariables = { secrets: ['VAULT_SERVER_URL'], script: ['VAULT_ADDR', 'BAO_ADDR', 'VAULT_SERVER_URL'] }

function saidOf({ job, script }: LoginInput, { variables }: JobCase): Login['said'] {
  const byVariable = (...names: readonly string[]): Said | undefined => {
    const by = names.find((name) => variables.has(name))
    if (by === undefined) return undefined
    const entry = job.variables.get(by)
    return { pattern: expand(`\${${by}}`, variables), at: entry === undefined ? job.at : variablePlace(entry), by }
  }
  const byScript = (text: string | undefined): Said | undefined =>
    text === undefined || script === undefined ? undefined : { pattern: [text], at: script.at, by: 'its script' }
  const said = {
    role: byScript(script?.role) ?? byVariable('VAULT_AUTH_ROLE'),
    mount: byScript(script?.mount) ?? byVariable('VAULT_AUTH_PATH'),
    server: byVariable(...serverVariables[script === undefined ? 'secrets' : 'script']),
    namespace: byVariable('VAULT_NAMESPACE'),
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}

interface Eligible {
  readonly roles: readonly JobRole[]
  readonly refused?: LoginPart
  readonly unsaid?: 'mount' | 'namespace'
}

/**
 * What is said narrows the roles down, one thing after the other, until none is left or all is said.
 * @param configured files say the namespace where no variable does
 */
function eligibleRoles(all: readonly JobRole[], said: Login['said'], configured: boolean): Eligible {
  let roles = all
  for (const part of ['role', 'server', 'mount', 'namespace'] as const) {
    const one = said[part]
    if (one === undefined) continue
    const left = roles.filter((role) => agrees[part](one.pattern, role))
    if (left.length === 0) return { roles, refused: part }
    roles = left
  }
  // What names no role comes from GitLab's settings, and the rest may, too.
  if (said.role === undefined) return { roles }
  const usual = said.mount === undefined ? roles.filter(({ mount }) => mount === 'jwt') : roles
  if (usual.length === 0) return { roles, unsaid: 'mount' }
  if (said.namespace !== undefined || configured) return { roles: usual }
  const rooted = usual.filter(({ environment: { namespace } }) => normalNamespace(namespace) === '')
  return rooted.length > 0 ? { roles: rooted } : { roles: usual, unsaid: 'namespace' }
}

const agrees: Readonly<Record<LoginPart, (pattern: Pattern, role: JobRole) => boolean>> = {
  // The server keeps names of roles in lower case.
  role: (pattern, { name }) => couldBe(lower(pattern), name.toLowerCase()),
  mount: (pattern, { mount }) => couldBe(trimmed(pattern), mount),
  server: (pattern, { environment: { address } }) => address === undefined || sameServer(pattern, address),
  namespace: (pattern, { environment: { namespace } }) =>
    namespace === undefined || couldBe(trimmed(pattern), normalNamespace(namespace)),
}

function sameServer(pattern: Pattern, address: string): boolean {
  const text = known(pattern)
  return text === undefined ? couldBe(pattern, address) : normalAddress(text) === normalAddress(address)
}

function lower(pattern: Pattern): Pattern {
  return pattern.map((part) => part?.toLowerCase() ?? null)
}

/** The server takes slashes around a path or none. */
function trimmed(pattern: Pattern): Pattern {
  const text = known(pattern)
  return text === undefined ? pattern : [text.replace(/^\/+|\/+$/g, '')]
}
