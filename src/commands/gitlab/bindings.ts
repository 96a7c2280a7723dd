import { bindingsRenderers } from '../../render/bindings/index.ts'
import { pageOptions } from '../access/page.ts'
import type { Command } from '../session/command.ts'
import { colorOption, directoryOption, environmentOption, formatOption, text } from '../session/options.ts'
import { openWorkspace } from '../session/workspace.ts'
import { bindingsIn } from './bindings-of.ts'
import { viaOf } from './jobs.ts'

export const bindings: Command = {
  description:
    'One entry a role of each environment: whom it admits, in words and as bound, with which audience, what its token is, which secrets reach which variables, and the job template that does it.',
  options: [directoryOption, environmentOption, formatOption(...Object.keys(bindingsRenderers)), colorOption],
  async run(context, options) {
    const workspace = await openWorkspace(context, options)
    const render = await bindingsRenderers[text(options, 'format') ?? 'text']?.()
    const environments = bindingsIn(workspace, viaOf(options, workspace))
    context.stdout.write(render?.(environments, pageOptions(context, options)) ?? '')
    return 0
  },
}
