import type { Command } from './session/command.ts'
import { directoryOption, environmentOption } from './session/options.ts'

export const report: Command = {
  description: [
    'Writes into the folder, from one configuration: (a) roles and policies of Vault as API JSON and as scripts, (b) the YAML of',
    'GitLab that reads the secrets, (c) the binding table, (d) a cutover checklist, (e) the failure modes with their exact',
    'errors; and index.md, which explains the trust model.',
  ].join(' '),
  options: [
    directoryOption,
    environmentOption,
    { flags: '-o, --out <folder>', description: 'where to; its files of these names are replaced' },
    {
      flags: '--via <way>',
      description: "how jobs get the secrets; default: gitlab.jobs.via of vaultwright.yaml, or GitLab's own secrets",
      choices: ['secrets', 'exec', 'script'],
    },
  ],
  async run(context, options) {
    return (await import('./report/write.ts')).writeReport(context, options)
  },
}
