import { createInterface } from 'node:readline/promises'
import type { Change } from '../core/change.ts'
import type { Environment } from '../core/configuration.ts'
import { type Diagnostic, problem, UserError } from '../core/diagnostic.ts'
import { isObject } from '../core/json.ts'
import { kindOf } from '../core/kind.ts'
import type { Outcome } from '../core/outcome.ts'
import { type EnvironmentPlan, type GroundedPlan, hasChanges } from '../core/plan.ts'
import type { Address } from '../core/resource.ts'
import type { VaultWriter, WriteOnly } from '../core/server.ts'
import { productNames } from '../core/version.ts'
import { applyChanges } from '../engine/apply.ts'
import { writeOnlyFields } from '../engine/compare.ts'
import { outcomeLine, outcomeSummary, outcomesJson } from '../render/outcome.ts'
import type { Command, Context, Options } from './session/command.ts'
import {
  allowOption,
  connectedOptions,
  formatOption,
  list,
  parallelism,
  rewriteOption,
  text,
  usage,
  useColor,
} from './session/options.ts'
import { type Planned, planAll } from './session/planning.ts'
import { type Progress, progress } from './session/progress.ts'
import { checkRewrites, printPlan } from './session/run-plan.ts'
import { readSavedPlan, rewritesOf, settle } from './session/saved-plan.ts'
import { openServers, remembering, type Servers } from './session/servers.ts'
import { openWorkspace, type Workspace } from './session/workspace.ts'

export const apply: Command = {
  description:
    'Exit code 0: everything is done. 1: something is not, or nothing was begun because the plan no longer fits.',
  arguments: [
    { name: '[plan]', description: 'a file that "plan --out" wrote; without it, a fresh plan is shown and applied' },
  ],
  options: [
    ...connectedOptions,
    formatOption('text', 'json'),
    { flags: '--auto-approve', description: 'apply the fresh plan without asking' },
    allowOption,
    rewriteOption,
  ],
  run: (context, options, [file]) => runApply(context, options, file),
}

/** What is left to do in one environment, and what turned out to be done already. */
interface Task {
  readonly environment: Environment
  readonly changes: readonly Change[]
  readonly already: readonly Change[]
}

async function runApply(context: Context, options: Options, file: string | undefined): Promise<number> {
  const saved = file === undefined ? undefined : await readSavedPlan(context, file)
  const workspace = await openWorkspace(
    context,
    saved === undefined ? options : withEnvironments(options, saved.environments),
  )
  const shown = progress(context, options)
  const servers = await openServers(context, options, workspace, shown.tick)
  try {
    const rewrite = saved === undefined ? list(options, 'rewrite') : rewritesOf(workspace.kinds, saved)
    checkRewrites(workspace, rewrite)
    const planned = await freshPlan(context, options, workspace, servers, shown, rewrite)
    shown.end()
    if (planned.objections.length > 0) throw new UserError(planned.objections)
    const reviewed = saved?.environments ?? (await approve(context, options, planned))
    if (reviewed === undefined) return 0
    // A person may have thought for an hour: what they said yes to must still be what there is.
    const current =
      saved !== undefined || options['autoApprove'] === true
        ? planned
        : await freshPlan(context, options, workspace, servers, shown, rewrite)
    const tasks = settle(reviewed, current.grounded(), workspace.environments)
    checkSecrets(workspace, tasks)
    return report(context, options, await carryOut(context, options, workspace, servers, shown, tasks))
  } finally {
    shown.end()
    await servers.close()
  }
}

/** A saved plan says itself which environments it is for; `--environment` may only narrow it down. */
function withEnvironments(options: Options, plans: readonly EnvironmentPlan[]): Options {
  const [names, wanted] = [plans.map(({ environment }) => environment), list(options, 'environment')]
  const foreign = wanted.find((name) => !names.includes(name))
  if (foreign !== undefined) throw usage(`the saved plan is for ${names.join(', ')}, not for ${foreign}`)
  return { ...options, environment: wanted.length > 0 ? wanted : names }
}

async function freshPlan(
  context: Context,
  options: Options,
  workspace: Workspace,
  servers: Servers,
  shown: Progress,
  rewrite: readonly string[],
): Promise<Planned> {
  const readers = new Map(
    workspace.environments.map((environment) => [
      servers.target(environment),
      remembering(servers.connection(environment)),
    ]),
  )
  return planAll(context, workspace, {
    target: servers.target,
    reader: (environment) => readers.get(servers.target(environment)) as ReturnType<typeof remembering>,
    allowed: list(options, 'allow'),
    rewrite,
    onEnvironment: ({ name }, { server }) =>
      shown.stage(`${name}: reading ${server.address} (${productNames[server.product]} ${server.version})`),
  })
}

/** Shows the plan and asks. Undefined when there is nothing to do; throws when the answer is no or cannot be had. */
async function approve(
  context: Context,
  options: Options,
  { plan, grounded }: Planned,
): Promise<readonly GroundedPlan[] | undefined> {
  const quiet = text(options, 'format') === 'json'
  if (!quiet) await printPlan(context, options, plan, 'plan')
  if (!hasChanges(plan)) {
    if (quiet) context.stdout.write(outcomesJson([]))
    return undefined
  }
  if (options['autoApprove'] === true) return grounded()
  if (context.stdin.isTTY !== true)
    throw usage(
      'there is no terminal to ask on',
      'Apply a saved plan ("plan --out FILE", then "apply FILE"), or say --auto-approve.',
    )
  const questions = createInterface({ input: context.stdin, output: context.stderr as NodeJS.WritableStream })
  try {
    const answer = await questions.question('Apply these changes? Only "yes" is taken as a yes: ', {
      signal: context.signal,
    })
    if (answer.trim() === 'yes') return grounded()
    throw new UserError([problem('declined', 'nothing was changed: the answer was not "yes"')])
  } finally {
    questions.close()
  }
}

/** Every secret that the writes will need, before the first of them: half an apply is worse than none. */
function checkSecrets({ kinds, configuration }: Workspace, tasks: readonly Task[]): void {
  const problems = new Map<string, Diagnostic>()
  for (const change of tasks.flatMap(({ changes }) => changes)) {
    if (change.action === 'delete') continue
    for (const { after } of writeOnlyFields(kindOf(kinds, change.after.kind), change.after.spec)) {
      try {
        configuration.secretOf((isObject(after) ? after : String(after)) as WriteOnly['reference'])
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        for (const diagnostic of error.diagnostics)
          problems.set(diagnostic.message, { ...diagnostic, source: change.after.source })
      }
    }
  }
  if (problems.size > 0) throw new UserError([...problems.values()])
}

async function carryOut(
  context: Context,
  options: Options,
  { kinds }: Workspace,
  servers: Servers,
  shown: Progress,
  tasks: readonly Task[],
): Promise<Outcome[]> {
  const failed = new Map<string, Set<Address>>()
  const outcomes: Outcome[] = []
  const color = useColor(context, options, context.stderr)
  for (const { environment, changes, already } of tasks) {
    const target = servers.target(environment)
    if (!failed.has(target)) failed.set(target, new Set())
    outcomes.push(
      ...already.map(
        ({ address, action }): Outcome => ({ address, action, environment: environment.name, status: 'already' }),
      ),
    )
    if (changes.length === 0) continue
    shown.stage(`${environment.name}: applying ${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`)
    const applied = await applyChanges({
      kinds,
      environment: environment.name,
      changes,
      server: servers.connection(environment) as VaultWriter,
      parallelism: parallelism(options),
      signal: context.signal,
      failed: failed.get(target) as Set<Address>,
      onOutcome: (outcome) => shown.line(outcomeLine(outcome, { color, environments: tasks.length > 1 })),
    })
    outcomes.push(...applied)
  }
  shown.end()
  return outcomes
}

function report(context: Context, options: Options, outcomes: readonly Outcome[]): number {
  context.stdout.write(text(options, 'format') === 'json' ? outcomesJson(outcomes) : outcomeSummary(outcomes))
  return outcomes.every(({ status }) => status === 'done' || status === 'already') ? 0 : 1
}
