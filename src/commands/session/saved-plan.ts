import type { Change } from '../../core/change.ts'
import type { Environment } from '../../core/configuration.ts'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { isObject } from '../../core/json.ts'
import type { Kinds } from '../../core/kind.ts'
import { type GroundedPlan, type Plan, planDigest, planFormat, type SavedPlan } from '../../core/plan.ts'
import { wrongInPlan } from '../../core/plan-shape.ts'
import { type Rollback, rollbackSchema } from '../../core/rollback.ts'
import { compareWithSaved } from '../../engine/verify.ts'
import type { Context, OptionSpec, Options } from './command.ts'
import { usage } from './options.ts'
import { serverPlace } from './server-place.ts'
import { readJson } from './snapshot-file.ts'

/** Reads a file that `plan --out` wrote. Throws UserError when it is none, or not as it was written. */
export async function readSavedPlan(context: Context, file: string): Promise<SavedPlan> {
  return checkSavedPlan(await readJson(context, file), file)
}

/** Throws UserError when a file's value is no saved plan, or not as it was saved. */
export function checkSavedPlan(value: unknown, file: string): SavedPlan {
  const again = `Make it again: vaultwright plan --out ${file}`
  if (!isObject(value) || typeof value['format'] !== 'string' || !Array.isArray(value['environments'])) {
    throw new UserError([problem('not-a-plan', `${file} is not a saved plan`, again)])
  }
  if (value['format'] !== planFormat) {
    throw new UserError([
      problem(
        'other-format',
        `${file} was written by another version of vaultwright (${value['format']}; this one reads ${planFormat})`,
        again,
      ),
    ])
  }
  const wrong = wrongInPlan(value['environments'])
  if (wrong !== undefined)
    throw new UserError([
      problem('not-a-plan', `${file} is not a saved plan: ${wrong} is not as one is written`, again),
    ])
  const plan = value as unknown as SavedPlan
  if (plan.digest !== planDigest(plan)) {
    throw new UserError([
      problem('altered-plan', `${file} is not as it was saved: its digest does not fit its content`, again),
    ])
  }
  const names = plan.environments.map(({ environment }) => environment)
  if (names.length === 0 || new Set(names).size < names.length)
    throw new UserError([
      problem(
        'not-a-plan',
        `${file} is not a saved plan: it does not say of each environment once what is to be done`,
        again,
      ),
    ])
  if (plan.rollback !== undefined && !isRollbackOf(names, plan.rollback))
    throw new UserError([problem('not-a-plan', `${file} is not a saved plan: what it takes back is not there`, again)])
  return plan
}

function isRollbackOf(names: readonly string[], rollback: Rollback): boolean {
  if (!rollbackSchema.safeParse(rollback).success) return false
  const back = rollback.environments.map(({ environment }) => environment)
  return back.length === names.length && back.every((name) => names.includes(name))
}

export const wayBackOption: OptionSpec = {
  flags: '--rollback',
  description:
    'in a CI job: apply a plan that "rollback" saved, whose changes stand in that file and not in the files of this folder',
}

/**
 * An edited plan brings nothing in, because all of it is made again from the files; a way back is made again from itself.
 * Nobody looks at what a job applies, so whoever can only put another plan in the place of one, as in a pipeline's
 * artifacts, must not be able to choose which of the two it is. Throws UserError.
 */
export function checkWayBack({ env }: Context, options: Options, saved: SavedPlan | undefined, file = ''): void {
  const meant = options['rollback'] === true
  if (meant && saved?.rollback === undefined)
    throw usage('--rollback is for a plan that "rollback" saved', 'Leave it out to apply what the files want.')
  if (meant || saved?.rollback === undefined || env['GITLAB_CI'] === undefined) return
  throw new UserError([
    problem(
      'way-back',
      `${file} is a way back: what it would write stands in it alone, and not in the files`,
      'Nothing was written. Where that is meant and it was reviewed, say so with --rollback.',
    ),
  ])
}

/** Updates of a saved plan that only send write-only values; a fresh plan makes them again only when told to. */
export function rewritesOf(kinds: Kinds, environments: Plan['environments']): string[] {
  return environments
    .flatMap(({ changes }) => changes)
    .filter((change) => isRewrite(kinds, change))
    .map(({ address }) => address)
}

function isRewrite(kinds: Kinds, change: Change): boolean {
  if (change.action !== 'update') return false
  const kind = kinds.find(({ name }) => name === change.after.kind)
  const secrets = (kind?.writeOnly ?? []).map((path) => path.join('\0'))
  return change.fields.every(({ field, before }) => before === undefined && secrets.includes(field.join('\0')))
}

/** What is left to do in one environment, and what turned out to be done already. */
export interface Task {
  readonly environment: Environment
  readonly changes: readonly Change[]
  readonly already: readonly Change[]
}

/** What is left of a reviewed plan. Throws one UserError that names everything that has changed since the review. */
export function settle(
  reviewed: readonly GroundedPlan[],
  current: readonly GroundedPlan[],
  environments: readonly Environment[],
): Task[] {
  const problems: Diagnostic[] = []
  const tasks = environments.map((environment): Task => {
    const [then, now] = [reviewed, current].map((plans) =>
      plans.find((plan) => plan.environment === environment.name),
    ) as [GroundedPlan, GroundedPlan]
    const different = differentBase(then, now)
    if (different.length > 0) {
      problems.push(...different)
      return { environment, changes: [], already: [] }
    }
    const { stale, already, altered, changes } = compareWithSaved(then, now)
    problems.push(...stale.map((address) => staleObject(environment.name, address)))
    if (stale.length === 0) problems.push(...altered.map((address) => alteredChange(environment.name, address)))
    const done = new Set(already)
    return { environment, changes, already: then.changes.filter(({ address }) => done.has(address)) }
  })
  if (problems.length > 0) throw new UserError(problems)
  return tasks
}

/** A plan belongs to one server and one text of the files. */
function differentBase({ environment, server: then, configuration }: GroundedPlan, now: GroundedPlan): Diagnostic[] {
  if (serverPlace(then) !== serverPlace(now.server)) {
    return [
      problem(
        'other-server',
        `${environment}: the plan is for ${serverPlace(then)}, and this is ${serverPlace(now.server)}`,
        'Plan again on the server that is meant.',
      ),
    ]
  }
  if (configuration !== now.configuration) {
    return [
      problem(
        'changed-files',
        `${environment}: the files want something else now than when the plan was made`,
        'Plan again, or check out the commit that was planned.',
      ),
    ]
  }
  return []
}

function staleObject(environment: string, address: string): Diagnostic {
  return problem(
    'stale-plan',
    `${environment}: ${address} has changed on the server since the plan was made`,
    'Nothing was written. Plan again and review what it would do now.',
  )
}

function alteredChange(environment: string, address: string): Diagnostic {
  return problem(
    'altered-plan',
    `${environment}: the saved change of ${address} is not what the files and the server give`,
    'The file was edited. Plan again.',
  )
}
