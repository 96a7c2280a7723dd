import type { Diagnostic } from '../../core/diagnostic.ts'
import { kindOf } from '../../core/kind.ts'
import { hasChanges, type Plan, savedPlan } from '../../core/plan.ts'
import type { VaultReader } from '../../core/server.ts'
import { writeOnlyFields } from '../../engine/compare.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import { renderers } from '../../render/index.ts'
import { promiseDiagnostics } from '../../render/promises-diagnostics.ts'
import type { Renderer } from '../../render/renderer.ts'
import type { Context, Options } from './command.ts'
import { list, text, usage, useColor } from './options.ts'
import { writePrivate, writePublic } from './output-file.ts'
import { judgePlanned } from './planned-promises.ts'
import { interruptible, type Planned, planAll, type Reading } from './planning.ts'
import { type Progress, progress } from './progress.ts'
import { openServers, reading } from './servers.ts'
import { checkSnapshot, openSnapshot } from './snapshot-file.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/** Exit codes of `plan` and `drift`: nothing to say, an error, something differs. */
const [same, failed, different] = [0, 1, 2]

/** The same plan under two questions: what would an apply do, and what did somebody else do. */
export async function runPlan(context: Context, options: Options, question: 'plan' | 'drift'): Promise<number> {
  const file = text(options, 'live')
  const reports = reportsOf(options)
  const snapshot = file === undefined ? undefined : await openSnapshot(context, file)
  const workspace = await openWorkspace(context, options, snapshot?.server)
  const shown = progress(context, options)
  const planned = await makePlan(context, options, workspace, { snapshot, shown, question }).finally(shown.end)
  const { plan, objections, broken } = planned
  await printPlan(context, options, plan, question)
  for (const { out, renderer } of reports) {
    await writePublic(context, out, (await renderer()).plan(plan, { color: false, question }))
  }
  if (broken.length > 0)
    context.stderr.write(renderDiagnostics(broken, { color: useColor(context, options, context.stderr) }))
  if (objections.length > 0) {
    context.stderr.write(renderDiagnostics(objections, { color: useColor(context, options, context.stderr) }))
    return failed
  }
  const out = text(options, 'out')
  if (out !== undefined) await save(context, planned, out)
  const unmanaged = question === 'drift' && plan.environments.some((environment) => environment.unmanaged.length > 0)
  return hasChanges(plan) || unmanaged ? different : same
}

interface Making {
  readonly snapshot: VaultReader | undefined
  readonly shown: Progress
  readonly question: 'plan' | 'drift'
}

/** A plan, and a warning for each promise that an apply of it would break. */
async function makePlan(
  context: Context,
  options: Options,
  workspace: Workspace,
  { snapshot, shown, question }: Making,
): Promise<Planned & { readonly broken: readonly Diagnostic[] }> {
  const asked = confirmations(workspace, options)
  const make = async (from: Reading) => {
    const planned = await planAll(context, workspace, { ...from, ...asked })
    if (question === 'drift') return { ...planned, broken: [] }
    const results = await interruptible(context, judgePlanned(workspace.configuration, planned.parts))
    return { ...planned, broken: promiseDiagnostics(results, 'warning') }
  }
  if (snapshot !== undefined) {
    checkSnapshot(snapshot, workspace.environments)
    return make({ target: () => 'snapshot', reader: () => snapshot })
  }
  const servers = await openServers(context, options, workspace, shown.tick)
  return make(reading(servers, workspace, shown)).finally(servers.close)
}

/** What the command line asks for by name. A mistyped one would otherwise quietly do nothing. Throws UserError. */
export function confirmations({ environments, kinds }: Workspace, options: Options): Confirmations {
  const [allowed, rewrite] = [list(options, 'allow'), list(options, 'rewrite')]
  const objects = environments.flatMap(({ desired }) => desired)
  for (const address of rewrite) {
    const object = objects.find((desired) => desired.address === address)
    if (object === undefined) throw usage(`--rewrite ${address}: no file describes such an object`, addressHelp)
    if (writeOnlyFields(kindOf(kinds, object.kind), object.spec).length === 0)
      throw usage(`--rewrite ${address}: it has no write-only value`, 'Everything else shows in the plan by itself.')
  }
  const odd = allowed.find((text) => !/^delete:[a-z-]+\/./.test(text))
  if (odd !== undefined)
    throw usage(`--allow ${odd}: only deletions need to be allowed`, 'Such as delete:auth-mount/jwt.')
  return { allowed, rewrite }
}

interface Confirmations {
  readonly allowed: readonly string[]
  readonly rewrite: readonly string[]
}

const addressHelp = 'Addresses are as plans print them, such as jwt-config/jwt.'

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

/** What `--report` asks for. Throws UserError before anything is sent anywhere. */
function reportsOf(options: Options): { readonly out: string; readonly renderer: () => Promise<Renderer> }[] {
  return list(options, 'report').map((report) => {
    const [, format = '', out] = /^([a-z-]+)=(.+)$/.exec(report) ?? []
    const renderer = renderers[format]
    if (out !== undefined && renderer !== undefined) return { out, renderer }
    const formats = Object.keys(renderers).join(', ')
    throw usage(`--report ${report}: this is no format=file`, `Such as markdown=plan.md; the formats are ${formats}.`)
  })
}

async function save(context: Context, { grounded }: Planned, out: string): Promise<void> {
  await writePrivate(context, out, `${JSON.stringify(savedPlan(grounded()), null, 2)}\n`)
  context.stderr.write(`The plan is saved. To apply exactly this: vaultwright apply ${out}\n`)
}
