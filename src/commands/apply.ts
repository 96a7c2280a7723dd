import type { Outcome } from '../core/outcome.ts'
import { kinds } from '../kinds/index.ts'
import { outcomeSummary, outcomesJson } from '../render/outcome.ts'
import { agreedTasks, asSaved } from './apply/agree.ts'
import { carryOut } from './apply/carry-out.ts'
import { checkSecrets } from './apply/secrets.ts'
import type { Session } from './apply/session.ts'
import type { Command, Context, Options } from './session/command.ts'
import { warnOfFindings } from './session/examination.ts'
import { allowOption, connectedOptions, formatOption, rewriteOption, text } from './session/options.ts'
import { progress } from './session/progress.ts'
import { readSavedPlan } from './session/saved-plan.ts'
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
    {
      flags: '--allow-broken-promises',
      description: 'apply although promises of test/access would be broken; they are still shown',
    },
  ],
  run: (context, options, [file]) => runApply(context, options, file),
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

function report({ context, options }: Session, outcomes: readonly Outcome[]): number {
  context.stdout.write(text(options, 'format') === 'json' ? outcomesJson(outcomes) : outcomeSummary(outcomes))
  return outcomes.every(({ status }) => status === 'done' || status === 'already') ? 0 : 1
}
