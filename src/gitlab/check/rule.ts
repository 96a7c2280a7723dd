import type { GitlabSettings } from '../../core/configuration.ts'
import type { Severity } from '../../core/diagnostic.ts'
import type { JobRole } from '../job-role.ts'
import type { JobCase } from './cases.ts'
import type { CiJob, CiPipeline } from './jobs.ts'
import type { Login } from './login.ts'
import type { Readable } from './readable.ts'
import type { CiSecret, IdToken } from './secrets.ts'
import type { CiPlace } from './value.ts'

/** One way in which a job misses its secrets. A new rule is an entry in a table beside this, and its tests. */
export interface CiRule {
  /** Stable, such as `GLC01`. */
  readonly id: string
  /** What it finds, in a few words. */
  readonly title: string
  readonly level: Severity
  /** What happens otherwise, for people who have never met it. */
  readonly why: string
  /** A few lines of a job, before and after: for the page of rules. */
  readonly example: { readonly bad: string; readonly good: string }
  check(ci: CheckedCi): Iterable<CiFinding>
}

export interface CiFinding {
  readonly place: CiPlace
  readonly message: string
  readonly help: string
  /** Where it differs from the rule's own. */
  readonly level?: Severity
  /** The place holds a secret, which nothing may show. */
  readonly secret?: true
}

/** A pipeline beside the roles of the configuration. */
export interface CheckedCi {
  readonly pipeline: CiPipeline
  readonly jobs: readonly CheckedJob[]
  readonly gitlab: GitlabSettings
  readonly roles: readonly JobRole[]
  readonly readable: Readable
}

export interface CheckedJob {
  readonly job: CiJob
  readonly secrets: readonly CiSecret[]
  readonly idTokens: readonly IdToken[]
  /** One for each set of variables that the job can have; none for a job that does not log in to Vault. */
  readonly logins: readonly JobLogin[]
}

export interface JobLogin {
  readonly login: Login
  readonly one: JobCase
}

/** A check that looks at one job after the other. */
export function eachJob(check: (job: CheckedJob, ci: CheckedCi) => Iterable<CiFinding>): CiRule['check'] {
  return function* (ci) {
    for (const job of ci.jobs) yield* check(job, ci)
  }
}

/** A check that looks at every login whose role is known, or can be one of some. */
export function eachLogin(
  check: (login: JobLogin, job: CheckedJob, ci: CheckedCi) => Iterable<CiFinding>,
): CiRule['check'] {
  return eachJob(function* (job, ci) {
    if (ci.roles.length === 0) return
    for (const login of job.logins) yield* check(login, job, ci)
  })
}

/** `job "deploy"`, or `template ".base"`. */
export function named({ name, hidden }: CiJob): string {
  return `${hidden ? 'template' : 'job'} ${JSON.stringify(name)}`
}

/** `role app-production at auth/jwt of production`; of several, that there is no other. */
export function roleWords(roles: readonly JobRole[]): string {
  const words = [
    ...new Set(roles.map(({ name, mount, environment }) => `${name} at auth/${mount} of ${environment.name}`)),
  ]
  if (words.length === 1) return `role ${words[0]}`
  return words.length <= 3 ? `roles ${words.join(', ')}` : `any of ${words.length} roles`
}

/** Where nothing says which role is meant, the job may be about something else altogether. */
export function soft({ vague, how }: Login): Pick<CiFinding, 'level'> {
  return vague || how === 'script' ? { level: 'warning' } : {}
}
