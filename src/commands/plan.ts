import { renderers } from '../render/plan/index.ts'
import type { Command } from './session/command.ts'
import { allowOption, connectedOptions, formatOption, reportOption, rewriteOption } from './session/options.ts'
import { runPlan } from './session/run-plan.ts'

export const plan: Command = {
  description: 'Exit code 0: nothing would change. 2: something would. 1: an error, or the plan must not be applied.',
  options: [
    ...connectedOptions,
    formatOption(...Object.keys(renderers)),
    reportOption,
    { flags: '-o, --out <file>', description: 'save the plan, for "apply <file>"' },
    { flags: '--live <file>', description: 'plan against a snapshot instead of a server' },
    allowOption,
    rewriteOption,
  ],
  run(context, options) {
    return runPlan(context, options, 'plan')
  },
}
