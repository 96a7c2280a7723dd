import type { Command } from '../session/command.ts'
import { colorOption, formatOption } from '../session/options.ts'
import { configurationOptions, loginOptions } from './options.ts'

export const why: Command = {
  description: [
    'Shows every check of a login in the order of the server, with what is expected and where the files say it. Without',
    '--role, says which roles admit the token. With --path, goes on to what its tokens may do there. With --error, explains',
    "a line of a job's log, with or without a token beside it.",
    '',
    'Exit code 0: admitted, and allowed where a path was asked about; or the error is a known one. 1: not, or a mistake.',
  ].join('\n'),
  options: [
    ...configurationOptions,
    ...loginOptions,
    { flags: '--path <path>', description: 'go on to this API path' },
    { flags: '--capability <name>', description: 'what is to be done there', default: 'read' },
    { flags: '--error <text>', description: "what the job's log says; - for stdin" },
    formatOption('text', 'json'),
    colorOption,
  ],
  async run(context, options) {
    return (await import('./explain.ts')).explain(context, options)
  },
}
