import type { Change } from '../../core/change.ts'
import type { Environment } from '../../core/configuration.ts'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { isObject } from '../../core/json.ts'
import type { Kinds } from '../../core/kind.ts'
import { type GroundedPlan, type Plan, planDigest, planFormat, type SavedPlan } from '../../core/plan.ts'
import { wrongInPlan } from '../../core/plan-shape.ts'
import { rollbackSchema } from '../../core/rollback.ts'
import { compareWithSaved } from '../../engine/verify.ts'
import type { Context } from './command.ts'
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
  if (plan.rollback !== undefined && !rollbackSchema.safeParse(plan.rollback).success)
    throw new UserError([problem('not-a-plan', `${file} is not a saved plan: what it takes back is not there`, again)])
  return plan
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
    return { environment, changes, already: then.changes.filter(({ address }) => already.includes(address)) }
  })
  if (problems.length > 0) throw new UserError(problems)
  return tasks
}

/** A plan belongs to one server and one text of the files. */
function differentBase({ environment, server: then, configuration }: GroundedPlan, now: GroundedPlan): Diagnostic[] {
  const place = ({ address, namespace, clusterId }: GroundedPlan['server']) =>
    [address, namespace && `namespace ${namespace}`, clusterId && `cluster ${clusterId}`].filter(Boolean).join(', ')
  if (place(then) !== place(now.server)) {
    return [
      problem(
        'other-server',
        `${environment}: the plan is for ${place(then)}, and this is ${place(now.server)}`,
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
