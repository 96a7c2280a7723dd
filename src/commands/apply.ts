import { type GroundedPlan, planDigest, planFormat, type SavedPlan } from '../core/plan.ts'
import { kinds } from '../kinds/index.ts'
import { outcomeSummary, outcomesJson } from '../render/plan/outcome.ts'
import { visible } from '../render/visible.ts'
import { agreedPlan, asSaved, tasksOf } from './apply/agree.ts'
import { type About, type CarriedOut, carryOut } from './apply/carry-out.ts'
import { journalOption } from './apply/journal-file.ts'
import { lockOptions, lockTimes, withLocks } from './apply/lock.ts'
import { preflight, preflightOption } from './apply/preflight.ts'
import { checkSecrets } from './apply/secrets.ts'
import type { Session } from './apply/session.ts'
import type { Command, Context, Options } from './session/command.ts'
import { warnOfFindings } from './session/examination.ts'
import { allowOption, connectedOptions, formatOption, rewriteOption, text } from './session/options.ts'
import { progress } from './session/progress.ts'
import { rollbackWorkspace } from './session/rollback-workspace.ts'
import { checkWayBack, readSavedPlan, wayBackOption } from './session/saved-plan.ts'
import { openServers } from './session/servers.ts'
import { openWorkspace } from './session/workspace.ts'

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
    ...lockOptions,
    preflightOption,
    journalOption,
    wayBackOption,
    {
      flags: '--allow-broken-promises',
      description: 'apply although promises of test/access would be broken; they are still shown',
    },
  ],
  run: (context, options, [file]) => runApply(context, options, file),
}

async function runApply(context: Context, given: Options, file: string | undefined): Promise<number> {
  lockTimes(given)
  const saved = file === undefined ? undefined : await readSavedPlan(context, file)
  checkWayBack(context, given, saved, file)
  const options = saved === undefined ? given : asSaved(kinds, given, saved)
  const files = await openWorkspace(context, options)
  warnOfFindings(context, options, files)
  const workspace = saved?.rollback === undefined ? files : rollbackWorkspace(files, saved.rollback)
  const shown = progress(context, options)
  const servers = await openServers(context, options, workspace, shown.tick)
  const session = { context, options, workspace, servers, shown }
  try {
    const agreed = await agreedPlan(session, saved)
    if (agreed === undefined) return 0
    await preflight(session, agreed)
    return await withLocks(session, agreed, async (locks) => {
      const tasks = await tasksOf(session, agreed, saved)
      checkSecrets(workspace, tasks)
      return report(session, await carryOut(session, tasks, locks, aboutOf(agreed, saved)))
    })
  } finally {
    shown.end()
    await servers.close()
  }
}

function aboutOf(agreed: readonly GroundedPlan[], saved: SavedPlan | undefined): About {
  const plan = saved?.digest ?? planDigest({ format: planFormat, environments: agreed })
  return { plan, ...(saved?.rollback === undefined ? {} : { undoes: saved.rollback.digest }) }
}

function report({ context, options }: Session, { outcomes, journal }: CarriedOut): number {
  const json = text(options, 'format') === 'json'
  context.stdout.write(json ? outcomesJson(outcomes, journal?.path) : outcomeSummary(outcomes))
  if (journal !== undefined && !json) context.stderr.write(`To undo this: vaultwright rollback ${journal.path}\n`)
  const failure = journal?.failure()
  if (failure !== undefined) context.stderr.write(`Not all of this is in the journal: ${visible(failure)}.\n`)
  const good = outcomes.every(({ status }) => status === 'done' || status === 'already')
  return good && failure === undefined ? 0 : 1
}
