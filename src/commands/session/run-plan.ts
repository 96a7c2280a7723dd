import { hasChanges, type Plan, savedPlan } from '../../core/plan.ts'
import { productNames } from '../../core/version.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import { renderers } from '../../render/index.ts'
import type { Context, Options } from './command.ts'
import { list, text, usage, useColor } from './options.ts'
import { writePrivate } from './output-file.ts'
import { type Planned, planAll } from './planning.ts'
import { type Progress, progress } from './progress.ts'
import { openServers, remembering } from './servers.ts'
import { openSnapshot } from './snapshot-file.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/** Exit codes of `plan` and `drift`: nothing to say, an error, something differs. */
const [same, failed, different] = [0, 1, 2]

/** The same plan under two questions: what would an apply do, and what did somebody else do. */
export async function runPlan(context: Context, options: Options, question: 'plan' | 'drift'): Promise<number> {
  const workspace = await openWorkspace(context, options)
  const shown = progress(context, options)
  const planned = await makePlan(context, options, workspace, shown).finally(shown.end)
  const { plan, objections } = planned
  await printPlan(context, options, plan, question)
  if (objections.length > 0) {
    context.stderr.write(renderDiagnostics(objections, { color: useColor(context, options, context.stderr) }))
    return failed
  }
  const out = text(options, 'out')
  if (out !== undefined) await save(context, planned, out)
  const unmanaged = question === 'drift' && plan.environments.some((environment) => environment.unmanaged.length > 0)
  return hasChanges(plan) || unmanaged ? different : same
}

async function makePlan(context: Context, options: Options, workspace: Workspace, shown: Progress): Promise<Planned> {
  const answers = { allowed: list(options, 'allow'), rewrite: list(options, 'rewrite') }
  checkRewrites(workspace, answers.rewrite)
  const file = text(options, 'live')
  if (file !== undefined) {
    const reader = await openSnapshot(context, file, workspace.environments)
    return planAll(context, workspace, { ...answers, target: () => 'snapshot', reader: () => reader })
  }
  const servers = await openServers(context, options, workspace, shown.tick)
  const readers = new Map(
    workspace.environments.map((environment) => [
      servers.target(environment),
      remembering(servers.connection(environment)),
    ]),
  )
  return planAll(context, workspace, {
    ...answers,
    target: servers.target,
    reader: (environment) => readers.get(servers.target(environment)) as ReturnType<typeof remembering>,
    onEnvironment: ({ name }, { server }) =>
      shown.stage(`${name}: reading ${server.address} (${productNames[server.product]} ${server.version})`),
  }).finally(servers.close)
}

/** A mistyped address would otherwise quietly rewrite nothing. */
export function checkRewrites({ environments }: Workspace, rewrite: readonly string[]): void {
  const known = new Set<string>(environments.flatMap(({ desired }) => desired.map(({ address }) => address)))
  const unknown = rewrite.find((address) => !known.has(address))
  if (unknown !== undefined)
    throw usage(
      `--rewrite ${unknown}: no file describes such an object`,
      'Addresses are as plans print them, such as jwt-config/jwt.',
    )
}

export async function printPlan(
  context: Context,
  options: Options,
  plan: Plan,
  question: 'plan' | 'drift',
): Promise<void> {
  const renderer = await renderers[text(options, 'format') ?? 'text']?.()
  if (renderer === undefined) throw usage(`there is no format ${text(options, 'format')}`)
  const verbose = options['verbose'] === true
  context.stdout.write(renderer.plan(plan, { color: useColor(context, options, context.stdout), question, verbose }))
}

async function save(context: Context, { grounded }: Planned, out: string): Promise<void> {
  await writePrivate(context, out, `${JSON.stringify(savedPlan(grounded()), null, 2)}\n`)
  context.stderr.write(`The plan is saved. To apply exactly this: vaultwright apply ${out}\n`)
}
