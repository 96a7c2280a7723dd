import type { Source } from '../../core/diagnostic.ts'
import { byText, type JsonObject } from '../../core/json.ts'
import { decideLogin } from '../login/decide.ts'
import type { LoginCheck, LoginDecision } from '../login/login.ts'
import type { AccessModel } from '../model.ts'
import type { Hint, LoginCase } from './hint.ts'
import { hintsFor } from './hints.ts'
import { type CheckPlace, placeOf } from './places.ts'

/** A check of a login, where in the files stands what it expects, and what may explain its failure. */
export interface JudgedCheck extends LoginCheck {
  readonly source?: Source
  readonly hints: readonly Hint[]
}

/** A login through one role, every check of it. */
export interface JudgedLogin {
  readonly mount: string
  readonly role: string
  readonly decision: LoginDecision
  readonly checks: readonly JudgedCheck[]
  readonly failed: readonly JudgedCheck[]
}

/** Where the files say it; undefined for what no file says. */
export type Locate = (place: CheckPlace, mount: string, role: string) => Source | undefined

/** The token that is to log in. */
export interface Bearer {
  /** Absent where there is no token. */
  readonly claims?: JsonObject | undefined
  readonly alg: string
  /** Seconds since 1970. */
  readonly now: number
  /** Where the login comes from; absent when it is not to be looked at. */
  readonly remoteAddress?: string | undefined
  /** Version of the GitLab that issued the token, where it is known. */
  readonly gitlab?: string | undefined
}

export interface LoginTarget {
  readonly model: AccessModel
  readonly mount: string
  readonly name: string
}

/** What the server would say to this login, check by check. */
export function judgeLogin(target: LoginTarget, bearer: Bearer, locate: Locate = () => undefined): JudgedLogin {
  const { model, mount, name } = target
  const role = model.mounts.get(mount)?.roles.get(name.toLowerCase())?.role
  const decision = decide(target, bearer, role)
  const login: LoginCase = { ...bearer, claims: bearer.claims ?? {}, model, mount, name, role }
  const told = new Set<string>()
  const checks = decision.checks.map((check): JudgedCheck => {
    const source = locate(placeOf(check), mount, name.toLowerCase())
    // One cause may fail several checks, and is told once.
    const hints = hintsFor(check, login).filter(({ text }) => !told.has(text))
    for (const { text } of hints) told.add(text)
    return { ...check, ...(source === undefined ? {} : { source }), hints }
  })
  return { mount, role: name, decision, checks, failed: checks.filter(isFailed) }
}

function isFailed({ ok, skipped }: LoginCheck): boolean {
  return !ok && skipped !== true
}

function decide({ model, mount, name }: LoginTarget, bearer: Bearer, role: JsonObject | undefined): LoginDecision {
  const { tune, config } = model.mounts.get(mount) ?? {}
  const { claims, alg, now, remoteAddress } = bearer
  return decideLogin({
    server: model.server,
    mount,
    name,
    alg,
    now,
    ...(claims === undefined ? {} : { claims }),
    ...(tune === undefined ? {} : { tune }),
    ...(config === undefined ? {} : { config }),
    ...(role === undefined ? {} : { role }),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  })
}

/** A login through every role, at one mount or at all: those that admit the token first, then the nearest. */
export function judgeAll(
  model: AccessModel,
  bearer: Bearer,
  { mount, locate }: { readonly mount?: string | undefined; readonly locate?: Locate } = {},
): readonly JudgedLogin[] {
  const mounts = [...model.mounts.values()].filter(({ path }) => mount === undefined || path === mount)
  const judged = mounts.flatMap(({ path, roles }) =>
    [...roles.keys()].map((name) => judgeLogin({ model, mount: path, name }, bearer, locate)),
  )
  return judged.sort((a, b) => distance(a) - distance(b) || byText(a.mount, b.mount) || byText(a.role, b.role))
}

/** How far a token is from getting in: a role of another project or GitLab is farther than one for another branch. */
function distance({ failed }: JudgedLogin): number {
  return failed.reduce((sum, { check, claim = '' }) => sum + (check === 'iss' || whose.test(claim) ? 3 : 1), 0)
}

const whose = /^(job_|source_)?(project|namespace)_(id|path)$/
