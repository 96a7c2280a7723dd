import { hasErrors } from '../core/diagnostic.ts'
import { diagnosticsJson, renderDiagnostics } from '../render/diagnostics.ts'
import type { Command } from './session/command.ts'
import { colorOption, directoryOption, formatOption, text, useColor } from './session/options.ts'
import { readConfiguration } from './session/workspace.ts'

export const check: Command = {
  description: 'Exit code 0: none. 1: problems.',
  options: [directoryOption, colorOption, formatOption('text', 'json')],
  async run(context, options) {
    const { diagnostics, environments } = await readConfiguration(context, options)
    const color = useColor(context, options, context.stdout)
    if (text(options, 'format') === 'json') context.stdout.write(diagnosticsJson(diagnostics))
    else if (diagnostics.length > 0) context.stdout.write(renderDiagnostics(diagnostics, { color }))
    else
      for (const { name, desired } of environments)
        context.stdout.write(`${name}: ${desired.length} objects, no problems\n`)
    return hasErrors(diagnostics) ? 1 : 0
  },
}
