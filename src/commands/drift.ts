import { renderers } from '../render/plan/index.ts'
import { auditOptions } from './session/audit-request.ts'
import type { Command } from './session/command.ts'
import { connectedOptions, formatOption, reportOption } from './session/options.ts'
import { runPlan } from './session/run-plan.ts'

export const drift: Command = {
  description:
    'For schedules. Exit code 0: the server is as the files say. 2: it is not, or holds owned objects that no file describes (unless `unmanaged: ignore`). 1: an error.',
  options: [
    ...connectedOptions,
    formatOption(...Object.keys(renderers)),
    reportOption,
    { flags: '--live <file>', description: 'look at a snapshot instead of a server' },
    ...auditOptions,
  ],
  run(context, options) {
    return runPlan(context, options, 'drift')
  },
}
