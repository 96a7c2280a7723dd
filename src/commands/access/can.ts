import type { Command } from '../session/command.ts'
import { colorOption, formatOption, text } from '../session/options.ts'
import { configurationOptions, loginOptions } from './options.ts'

export const can: Command = {
  description:
    'Asks about a login through a role (--role with --claims or --token), or about policies (--policy). Exit code 0: yes, in every environment that was asked. 1: no, or an error.',
  arguments: [
    { name: '[capability]', description: 'read, list, create, update, delete, patch, sudo or scan' },
    { name: '[path]', description: 'API path such as ops/data/production/db' },
  ],
  options: [
    ...configurationOptions,
    ...loginOptions,
    {
      flags: '--policy <name>',
      description:
        'instead of a login: a policy of the configuration, or a file that ends in .hcl; may be given several times',
      repeatable: true,
    },
    {
      flags: '--parameter <key=value>',
      description: "a parameter of the request's body; key:=json for what is no text; may be given several times",
      repeatable: true,
    },
    { flags: '--wrap-ttl <duration>', description: 'ask for a wrapped response of this TTL' },
    { flags: '--batch <file>', description: 'answer questions of a file, one JSON a line; - for stdin' },
    formatOption('text', 'json'),
    colorOption,
  ],
  async run(context, options, args) {
    const batch = text(options, 'batch')
    // Ten thousand questions are answered in the time that loading the configuration's machinery would take.
    if (batch !== undefined) return (await import('./batch.ts')).runBatch(context, batch)
    return (await import('./ask.ts')).ask(context, options, args)
  },
}
