import type { Rollback } from '../core/rollback.ts'
import { undoOf } from '../engine/journal.ts'
import { renderers } from '../render/plan/index.ts'
import type { Command, Context, Options } from './session/command.ts'
import {
  allowOption,
  colorOption,
  directoryOption,
  environmentOption,
  formatOption,
  list,
  parallelismOption,
  reportOption,
  usage,
  verboseOption,
} from './session/options.ts'
import { readJournal } from './session/rollback-workspace.ts'
import { runPlan } from './session/run-plan.ts'

export const rollback: Command = {
  description:
    'Shows the way back; nothing is changed before it is applied: vaultwright rollback JOURNAL --out FILE, then vaultwright apply --rollback FILE. Exit code 0: there is nothing to take back. 2: there is. 1: an error, or the plan must not be applied.',
  arguments: [{ name: '<journal>', description: 'the file that an apply named at its end' }],
  options: [
    directoryOption,
    environmentOption,
    parallelismOption,
    colorOption,
    verboseOption,
    formatOption(...Object.keys(renderers)),
    reportOption,
    { flags: '-o, --out <file>', description: 'save the plan, for "apply <file>"' },
    allowOption,
    {
      flags: '--keep <address>',
      description: 'leave this object as it is; may be given several times',
      repeatable: true,
    },
  ],
  run: (context, options, [file = '']) => runRollback(context, options, file),
}

async function runRollback(context: Context, options: Options, file: string): Promise<number> {
  const journal = await readJournal(context, file)
  const chosen = list(options, 'environment')
  const environments = undoOf(journal).filter(
    ({ environment, undo }) => undo.length > 0 && (chosen.length === 0 || chosen.includes(environment)),
  )
  const known = environments.map(({ environment }) => environment)
  const unknown = chosen.filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw usage(
      `--environment ${unknown[0]}: the apply changed nothing there`,
      known.length === 0 ? 'It changed nothing at all.' : `It changed ${known.join(', ')}.`,
    )
  const rollback: Rollback = {
    journal: file,
    digest: journal.digest,
    complete: journal.close !== undefined,
    environments,
    keep: list(options, 'keep'),
  }
  if (known.length === 0) {
    context.stderr.write('That apply changed nothing, so there is nothing to take back.\n')
    return 0
  }
  return runPlan(context, { ...options, environment: known }, 'rollback', rollback)
}
