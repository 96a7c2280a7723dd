import { type Diagnostic, hasErrors } from '../../core/diagnostic.ts'
import { kindOf } from '../../core/kind.ts'
import { hasChanges, type Plan, type SavedPlan, savedPlan } from '../../core/plan.ts'
import type { Rollback } from '../../core/rollback.ts'
import type { VaultReader } from '../../core/server.ts'
import { writeOnlyFields } from '../../engine/compare.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import { renderers } from '../../render/plan/index.ts'
import type { Question, Renderer } from '../../render/plan/renderer.ts'
import { promiseDiagnostics } from '../../render/promises/diagnostics.ts'
import { visible } from '../../render/visible.ts'
import type { AuditHashes } from '../../vault/client.ts'
import {
  type Allowance,
  allowancesOf,
  allowVariable,
  checkAllowances,
  needlessAllowances,
  releasingValue,
} from './allowances.ts'
import { auditRequest } from './audit-request.ts'
import type { Context, Options } from './command.ts'
import { list, text, usage, useColor } from './options.ts'
import { writePrivate, writePublic } from './output-file.ts'
import { judgePlanned } from './planned-promises.ts'
import {
  interruptible,
  type Planned,
  type PlannedDiagnostic,
  type PlanningOptions,
  planAll,
  type Reading,
} from './planning.ts'
import { type Progress, progress } from './progress.ts'
import { checkPlaces, rollbackWorkspace } from './rollback-workspace.ts'
import { openServers, reading } from './servers.ts'
import { checkSnapshot, openSnapshot } from './snapshot-file.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

/** Exit codes of `plan` and `drift`: nothing to say, an error, something differs. */
const [same, failed, different] = [0, 1, 2]

/**
 * The same plan under three questions: what would an apply do, what did somebody else do, and what would take an apply
 * back.
 *
 * @param rollback what a way back is made from, in place of the files
 */
export async function runPlan(
  context: Context,
  options: Options,
  question: Question,
  rollback?: Rollback,
): Promise<number> {
  const file = text(options, 'live')
  const reports = reportsOf(options)
  const snapshot = file === undefined ? undefined : await openSnapshot(context, file)
  const files = await openWorkspace(context, options, snapshot?.server)
  const workspace = rollback === undefined ? files : rollbackWorkspace(files, rollback)
  const shown = progress(context, options)
  const planned = await makePlan(context, options, workspace, { snapshot, shown, question }).finally(shown.end)
  const { plan, objections, broken } = planned
  if (rollback !== undefined) checkPlaces(plan, rollback)
  await printPlan(context, options, plan, question)
  for (const { out, renderer } of reports) {
    await writePublic(context, out, (await renderer()).plan(plan, { color: false, question }))
  }
  if (broken.length > 0)
    context.stderr.write(renderDiagnostics(broken, { color: useColor(context, options, context.stderr) }))
  const said = [...objections, ...needlessAllowances(plan, planned.given)]
  if (said.length > 0)
    context.stderr.write(renderDiagnostics(said, { color: useColor(context, options, context.stderr) }))
  if (hasErrors(said)) {
    if (context.env['GITLAB_CI']) context.stderr.write(releaseHint(objections))
    return failed
  }
  const out = text(options, 'out')
  if (out !== undefined) await save(context, planned, out, rollback)
  const unmanaged = question === 'drift' && plan.environments.some((environment) => environment.unmanaged.length > 0)
  return hasChanges(plan) || unmanaged ? different : same
}

/** A job's command line is in no reviewer's hands. */
function releaseHint(objections: readonly PlannedDiagnostic[]): string {
  const value = releasingValue(objections)
  if (value === undefined) return ''
  return `Where that is agreed on, run a pipeline by hand on the protected default branch, with the variable ${allowVariable} set to: ${visible(value)}\n`
}

interface Making {
  readonly snapshot: VaultReader | undefined
  readonly shown: Progress
  readonly question: Question
}

/** A plan, and a warning for each promise that an apply of it would break. */
async function makePlan(
  context: Context,
  options: Options,
  workspace: Workspace,
  { snapshot, shown, question }: Making,
): Promise<Planned & { readonly broken: readonly Diagnostic[]; readonly given: readonly Allowance[] }> {
  // Drift is only looked at: what stands against putting it back is told, whatever is allowed.
  const given = question === 'drift' ? [] : allowancesOf(context, options)
  const asked = confirmations(workspace, options, given)
  const logs = await auditRequest(context, options)
  const attributed = async (planned: Planned, server: AuditHashes | undefined) => {
    if (logs === undefined) return planned
    const { withAttribution } = await import('./attribution.ts')
    return interruptible(context, withAttribution(context, workspace.kinds, planned, logs, server))
  }
  const make = async (from: Reading, server?: AuditHashes) => {
    const planned = await attributed(await planAll(context, workspace, { ...from, ...asked }), server)
    if (question === 'drift') return { ...planned, objections: planned.objections.map(asWarning), broken: [], given }
    const results = await interruptible(context, judgePlanned(workspace.configuration, planned.parts))
    return { ...planned, broken: promiseDiagnostics(results, 'warning'), given }
  }
  if (snapshot !== undefined) {
    checkSnapshot(snapshot, workspace.environments)
    return make({ target: () => 'snapshot', reader: () => snapshot })
  }
  const servers = await openServers(context, options, workspace, shown.tick)
  // All environments of a run are on one server.
  const [first] = workspace.environments
  const hashes = first === undefined ? undefined : servers.connection(first).audit
  return make(reading(servers, workspace, shown), hashes).finally(servers.close)
}

/** Drift is told whatever stands against putting it back; what the server cannot do at all is a mistake in the files. */
function asWarning(objection: PlannedDiagnostic): PlannedDiagnostic {
  return objection.allow === undefined ? objection : { ...objection, severity: 'warning' }
}

/**
 * What the run asks for by name, or what the saved plan was allowed. A mistyped one would otherwise quietly do nothing.
 * Throws UserError.
 */
export function confirmations(
  { environments, kinds }: Workspace,
  options: Options,
  given: readonly Allowance[],
  saved?: SavedPlan,
): Confirmations {
  const rewrite = list(options, 'rewrite')
  const objects = environments.flatMap(({ desired }) => desired)
  for (const address of rewrite) {
    const object = objects.find((desired) => desired.address === address)
    if (object === undefined) throw usage(`--rewrite ${address}: no file describes such an object`, addressHelp)
    if (writeOnlyFields(kindOf(kinds, object.kind), object.spec).length === 0)
      throw usage(`--rewrite ${address}: it has no write-only value`, 'Everything else shows in the plan by itself.')
  }
  checkAllowances(kinds, given)
  if (saved === undefined) {
    const names = given.map(({ name }) => name)
    return { allowed: () => names, rewrite }
  }
  const allowed = new Map(saved.environments.map((plan) => [plan.environment, plan.allowed ?? []]))
  return { allowed: (environment) => allowed.get(environment) ?? [], rewrite }
}

type Confirmations = Pick<PlanningOptions, 'allowed' | 'rewrite'>

const addressHelp = 'Addresses are as plans print them, such as jwt-config/jwt.'

export async function printPlan(context: Context, options: Options, plan: Plan, question: Question): Promise<void> {
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

async function save(
  context: Context,
  { grounded }: Planned,
  out: string,
  rollback: Rollback | undefined,
): Promise<void> {
  await writePrivate(context, out, `${JSON.stringify(savedPlan(grounded(), rollback), null, 2)}\n`)
  context.stderr.write(
    `The plan is saved. To apply exactly this: vaultwright apply ${rollback === undefined ? '' : '--rollback '}${out}\n`,
  )
}
