import { createInterface } from 'node:readline/promises'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { Kinds } from '../../core/kind.ts'
import { type GroundedPlan, hasChanges, type SavedPlan } from '../../core/plan.ts'
import { kindNameOf } from '../../engine/order.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import { outcomesJson } from '../../render/plan/outcome.ts'
import { promiseDiagnostics } from '../../render/promises/diagnostics.ts'
import { allowancesOf, needlessAllowances } from '../session/allowances.ts'
import type { Options } from '../session/command.ts'
import { list, text, usage, useColor } from '../session/options.ts'
import { judgePlanned } from '../session/planned-promises.ts'
import { interruptible, type Planned, planAll } from '../session/planning.ts'
import { confirmations, printPlan } from '../session/run-plan.ts'
import { rewritesOf, settle, type Task } from '../session/saved-plan.ts'
import { reading } from '../session/servers.ts'
import type { Session } from './session.ts'

/**
 * The plan that is to be carried out, once it is agreed on; undefined when there is nothing to do. A saved plan was agreed
 * on when it was reviewed. Throws UserError, or the server's refusal.
 */
export async function agreedPlan(
  session: Session,
  saved: SavedPlan | undefined,
): Promise<readonly GroundedPlan[] | undefined> {
  if (saved !== undefined) return saved.environments
  const planned = await freshPlan(session)
  if (planned.objections.length > 0) throw new UserError(planned.objections)
  await keepPromises(session, planned)
  return (await approve(session, planned)) ? planned.grounded() : undefined
}

/**
 * What is left to do of it now. Asked when no other apply can come between any more: a person may have thought for an
 * hour, and what was agreed on must still be what there is. Throws UserError.
 */
export async function tasksOf(
  session: Session,
  agreed: readonly GroundedPlan[],
  saved: SavedPlan | undefined,
): Promise<Task[]> {
  const current = await freshPlan(session, saved, true)
  // That the plan is stale explains everything else.
  const tasks = settle(agreed, current.grounded(), session.workspace.environments)
  if (current.objections.length > 0) throw new UserError(current.objections)
  if (saved !== undefined) await keepPromises(session, current)
  return tasks
}

/** A saved plan says itself which environments, removals and rewrites it is for, and is applied whole or not at all. */
export function asSaved(kinds: Kinds, options: Options, { environments }: SavedPlan): Options {
  const names = environments.map(({ environment }) => environment)
  const changes = environments.flatMap((environment) => environment.changes)
  const odd = changes.find((change) => !kinds.some(({ name }) => name === kindNameOf(change)))
  if (odd !== undefined)
    throw new UserError([
      problem(
        'altered-plan',
        `the plan changes ${odd.address}, of a kind that there is none of: ${kindNameOf(odd)}`,
        'The file was edited, or saved by another version. Plan again.',
      ),
    ])
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
    rewrite: rewritesOf(kinds, environments),
  }
}

/** Nothing is written by which a promise breaks, unless the run says that it may. Throws UserError. */
async function keepPromises({ context, options, workspace, shown }: Session, { parts }: Planned): Promise<void> {
  const allowed = options['allowBrokenPromises'] === true
  const results = await interruptible(context, judgePlanned(workspace.configuration, parts))
  shown.end()
  const broken = promiseDiagnostics(results, allowed ? 'warning' : 'error')
  if (broken.length === 0) return
  if (broken.some(({ severity }) => severity === 'error')) throw new UserError([...broken, nothingWritten])
  context.stderr.write(renderDiagnostics(broken, { color: useColor(context, options, context.stderr) }))
}

const nothingWritten = problem(
  'broken-promises',
  'nothing was written, because what the server would have then breaks the promises above',
  'Mend the files, or change the promises where they are wrong; --allow-broken-promises applies all the same.',
)

async function freshPlan(
  { context, options, workspace, servers, shown }: Session,
  saved?: SavedPlan,
  again = false,
): Promise<Planned> {
  // What the variable says is for plans: a saved one was reviewed with what it was allowed.
  const given = saved === undefined ? allowancesOf(context, options) : []
  const asked = confirmations(workspace, options, given, saved)
  const planned = await planAll(context, workspace, {
    ...reading(servers, workspace, shown),
    ...asked,
    applying: (environment) => servers.connection(environment).identity(),
    again,
  })
  shown.end()
  return planned
}

/** Shows the plan and asks. False when there is nothing to do; throws when the answer is no or cannot be had. */
async function approve({ context, options }: Session, { plan }: Planned): Promise<boolean> {
  const quiet = text(options, 'format') === 'json'
  if (!quiet) await printPlan(context, options, plan, 'plan')
  context.stderr.write(
    renderDiagnostics(needlessAllowances(plan, allowancesOf(context, options)), {
      color: useColor(context, options, context.stderr),
    }),
  )
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
