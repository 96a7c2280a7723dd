import type { GitlabSettings } from '../../core/configuration.ts'
import { secretPath } from '../../core/secret.ts'
import type { JobRole } from '../job-role.ts'
import { casesOf } from './cases.ts'
import { ciRules } from './index.ts'
import type { CiJob, CiPipeline } from './jobs.ts'
import { isRead, located } from './located.ts'
import { loginOf } from './login.ts'
import type { Readable } from './readable.ts'
import type { CheckedJob, CiFinding, CiRule } from './rule.ts'
import { loginOfScript } from './scripts.ts'
import { idTokensOf, secretsOf } from './secrets.ts'
import type { CiProblem } from './value.ts'

export interface CheckOptions {
  readonly roles: readonly JobRole[]
  readonly gitlab: GitlabSettings
  readonly readable: Readable
}

export interface FoundProblem extends CiProblem {
  readonly secret?: true
}

/** What is wrong with a pipeline's way to its secrets, each mistake once, however many jobs share its place. */
export function checkPipeline(
  pipeline: CiPipeline,
  { roles, gitlab, readable }: CheckOptions,
): readonly FoundProblem[] {
  const jobs = pipeline.jobs.map((job) => checkedJob(job, roles, readable))
  const ci = { pipeline, jobs, gitlab, roles, readable }
  return ciRules.flatMap((rule) => distinct(rule.check(ci)).map((finding) => problemOf(rule, finding)))
}

function checkedJob(job: CiJob, roles: readonly JobRole[], readable: Readable): CheckedJob {
  const [secrets, idTokens] = [secretsOf(job), idTokensOf(job)]
  const script = secrets.length > 0 ? undefined : loginOfScript(job)
  if (secrets.length === 0 && (script === undefined || idTokens.length === 0))
    return { job, secrets, idTokens, logins: [] }
  const logins = casesOf(job).map((one) => {
    const paths = located(secrets, one).filter(isRead).map(secretPath)
    const canRead = (role: JobRole) => paths.every((path) => readable.may(role, path))
    const input = { job, secrets, idTokens, roles, canRead, ...(script === undefined ? {} : { script }) }
    return { one, login: loginOf(input, one) }
  })
  return { job, secrets, idTokens, logins }
}

/** A place in a template is the same in all jobs that it makes: the first of them speaks for all. */
function distinct(findings: Iterable<CiFinding>): readonly CiFinding[] {
  const seen = new Map<string, CiFinding>()
  for (const finding of findings) {
    const { place, message } = finding
    const key = `${place.file.path}\0${place.start}\0${message.replace(/\b(?:job|template) "(?:[^"\\]|\\.)*"/, '')}`
    if (!seen.has(key)) seen.set(key, finding)
  }
  return [...seen.values()]
}

function problemOf({ id, level, why }: CiRule, { level: own, ...finding }: CiFinding): FoundProblem {
  return { code: id, severity: own ?? level, why, ...finding }
}
