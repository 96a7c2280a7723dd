import { createInterface } from 'node:readline/promises'
import type { Change } from '../core/change.ts'
import type { Environment } from '../core/configuration.ts'
import { type Diagnostic, problem, UserError } from '../core/diagnostic.ts'
import { isObject } from '../core/json.ts'
import { type Kinds, kindOf } from '../core/kind.ts'
import type { Outcome } from '../core/outcome.ts'
import { hasChanges, type SavedPlan } from '../core/plan.ts'
import type { VaultWriter, WriteOnly } from '../core/server.ts'
import { applyChanges } from '../engine/apply.ts'
import { writeOnlyFields } from '../engine/compare.ts'
import { kinds } from '../kinds/index.ts'
import { renderDiagnostics } from '../render/diagnostics.ts'
import { outcomeLine, outcomeSummary, outcomesJson } from '../render/outcome.ts'
import { promiseDiagnostics } from '../render/promises-diagnostics.ts'
import type { Command, Context, Options } from './session/command.ts'
import { warnOfFindings } from './session/examination.ts'
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
import { judgePlanned } from './session/planned-promises.ts'
import { interruptible, type Planned, planAll } from './session/planning.ts'
import { type Progress, progress } from './session/progress.ts'
import { confirmations, printPlan } from './session/run-plan.ts'
import { readSavedPlan, rewritesOf, settle } from './session/saved-plan.ts'
import { openServers, reading, type Servers } from './session/servers.ts'
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
    {
      flags: '--allow-broken-promises',
      description: 'apply although promises of test/access would be broken; they are still shown',
    },
  ],
  run: (context, options, [file]) => runApply(context, options, file),
}

/** What is left to do in one environment, and what turned out to be done already. */
interface Task {
  readonly environment: Environment
  readonly changes: readonly Change[]
  readonly already: readonly Change[]
}

async function runApply(context: Context, given: Options, file: string | undefined): Promise<number> {
  const saved = file === undefined ? undefined : await readSavedPlan(context, file)
  const options = saved === undefined ? given : asSaved(kinds, given, saved)
  const workspace = await openWorkspace(context, options)
  warnOfFindings(context, options, workspace)
  const shown = progress(context, options)
  const servers = await openServers(context, options, workspace, shown.tick)
  const session = { context, options, workspace, servers, shown }
  try {
    const tasks = await agreedTasks(session, saved)
    if (tasks === undefined) return 0
    checkSecrets(workspace, tasks)
    return report(session, await carryOut(session, tasks))
  } finally {
    shown.end()
    await servers.close()
  }
}

interface Session {
  readonly context: Context
  readonly options: Options
  readonly workspace: Workspace
  readonly servers: Servers
  readonly shown: Progress
}

/** What is to be done, once it is agreed on; undefined when there is nothing to do. Throws UserError, or the server's refusal. */
async function agreedTasks(session: Session, saved: SavedPlan | undefined): Promise<Task[] | undefined> {
  const { environments } = session.workspace
  const planned = await freshPlan(session)
  if (planned.objections.length > 0) throw new UserError(planned.objections)
  await keepPromises(session, planned)
  if (saved !== undefined) return settle(saved.environments, planned.grounded(), environments)
  if (!(await approve(session, planned))) return undefined
  if (session.options['autoApprove'] === true) return asPlanned(planned, environments)
  // A person may have thought for an hour: what they said yes to must still be what there is.
  const current = await freshPlan(session)
  return settle(planned.grounded(), current.grounded(), environments)
}

/** A saved plan says itself which environments, removals and rewrites it is for, and is applied whole or not at all. */
function asSaved(kinds: Kinds, options: Options, { environments }: SavedPlan): Options {
  const names = environments.map(({ environment }) => environment)
  const narrowed =
    list(options, 'environment').length > 0 && !names.every((name) => list(options, 'environment').includes(name))
  const given =
    ['shard', 'allow', 'rewrite'].find((name) => options[name] !== undefined) ?? (narrowed ? 'environment' : undefined)
  if (given !== undefined) {
    throw usage(`--${given} has no place beside a saved plan, which is applied whole`, 'Say it to "plan --out".')
  }
  return {
    ...options,
    environment: names,
    allow: environments
      .flatMap(({ changes }) => changes)
      .flatMap(({ action, address }) => (action === 'delete' ? [`delete:${address}`] : [])),
    rewrite: rewritesOf(kinds, environments),
  }
}

/** Nothing is written that breaks a promise, unless the run says that it may. Throws UserError. */
async function keepPromises({ context, options, workspace, shown }: Session, { parts }: Planned): Promise<void> {
  const allowed = options['allowBrokenPromises'] === true
  const results = await interruptible(context, judgePlanned(workspace.configuration, parts))
  shown.end()
  const broken = promiseDiagnostics(results, allowed ? 'warning' : 'error')
  if (broken.length === 0) return
  if (!allowed) throw new UserError([...broken, nothingWritten])
  context.stderr.write(renderDiagnostics(broken, { color: useColor(context, options, context.stderr) }))
}

const nothingWritten = problem(
  'broken-promises',
  'nothing was written, because what the server would have then breaks the promises above',
  'Mend the files, or change the promises where they are wrong; --allow-broken-promises applies all the same.',
)

async function freshPlan({ context, options, workspace, servers, shown }: Session): Promise<Planned> {
  const asked = confirmations(workspace, options)
  const planned = await planAll(context, workspace, { ...reading(servers, workspace, shown), ...asked })
  shown.end()
  return planned
}

function asPlanned({ plan }: Planned, environments: readonly Environment[]): Task[] {
  return plan.environments.map(({ changes }, index) => ({
    environment: environments[index] as Environment,
    changes,
    already: [],
  }))
}

/** Shows the plan and asks. False when there is nothing to do; throws when the answer is no or cannot be had. */
async function approve({ context, options }: Session, { plan }: Planned): Promise<boolean> {
  const quiet = text(options, 'format') === 'json'
  if (!quiet) await printPlan(context, options, plan, 'plan')
  if (!hasChanges(plan)) {
    if (quiet) context.stdout.write(outcomesJson([]))
    return false
  }
  if (options['autoApprove'] === true) return true
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
    if (answer.trim() === 'yes') return true
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

/** Server by server; the environments of one server together. */
async function carryOut(session: Session, tasks: readonly Task[]): Promise<Outcome[]> {
  const { context, options, workspace, servers, shown } = session
  const outcomes = tasks.flatMap(({ environment, already }) =>
    already.map(
      ({ address, action }): Outcome => ({ address, action, environment: environment.name, status: 'already' }),
    ),
  )
  const color = useColor(context, options, context.stderr)
  const environments = tasks.filter(({ changes }) => changes.length > 0).length > 1
  for (const target of new Set(tasks.map(({ environment }) => servers.target(environment)))) {
    const mine = tasks.filter(
      ({ environment, changes }) => changes.length > 0 && servers.target(environment) === target,
    )
    const [first] = mine
    if (first === undefined) continue
    const count = mine.reduce((sum, { changes }) => sum + changes.length, 0)
    const names = mine.map(({ environment }) => environment.name).join(', ')
    shown.stage(`${names}: applying ${count} ${count === 1 ? 'change' : 'changes'}`)
    const applied = await applyChanges({
      kinds: workspace.kinds,
      tasks: mine.map(({ environment, changes }) => ({ environment: environment.name, changes })),
      server: servers.connection(first.environment) as VaultWriter,
      parallelism: parallelism(options),
      signal: context.signal,
      onOutcome: (outcome) => shown.line(outcomeLine(outcome, { color, environments })),
    })
    outcomes.push(...applied)
  }
  shown.end()
  return outcomes
}

function report({ context, options }: Session, outcomes: readonly Outcome[]): number {
  context.stdout.write(text(options, 'format') === 'json' ? outcomesJson(outcomes) : outcomeSummary(outcomes))
  return outcomes.every(({ status }) => status === 'done' || status === 'already') ? 0 : 1
}
