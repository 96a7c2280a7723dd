import { relative, resolve, sep } from 'node:path'
import { gitlabYaml } from '../../config/gitlab-document.ts'
import type { Via } from '../../core/configuration.ts'
import { jobRoles } from '../../gitlab/job-role.ts'
import { jobFiles } from '../../gitlab/jobs/files.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { colorOption, directoryOption, environmentOption, list, text, usage, useColor } from '../session/options.ts'
import { openWorkspace, type Workspace } from '../session/workspace.ts'
import { chosenRoles, refuseRoles } from './chosen-roles.ts'
import { checkGenerated, type GeneratedFiles, type Place, placeFor, writeGenerated } from './generated-files.ts'

export const jobs: Command = {
  description: [
    'For every role with secrets, a hidden job that logs in by it and reads them; jobs extend it. docs/gitlab-jobs.md tells more.',
    'Exit code 0: written, or with --check, up to date. 1: problems, or with --check, stale.',
  ].join('\n'),
  options: [
    directoryOption,
    environmentOption,
    colorOption,
    {
      flags: '--role <glob>',
      description: 'only roles of this name, * is any text; may be given several times',
      repeatable: true,
    },
    {
      flags: '--via <way>',
      description: "how jobs get the secrets; default: gitlab.jobs.via of vaultwright.yaml, or GitLab's own secrets",
      choices: ['secrets', 'exec', 'script'],
    },
    { flags: '-o, --out <file>', description: 'default: gitlab.jobs.file of vaultwright.yaml, or stdout' },
    { flags: '--check', description: 'write nothing; fail with a diff when the file is not as it would be written' },
  ],
  run: runJobs,
}

async function runJobs(context: Context, options: Options): Promise<number> {
  const workspace = await openWorkspace(context, options)
  const { settings, environments } = workspace.configuration
  const all = jobRoles(environments).filter(({ secrets }) => Object.keys(secrets).length > 0)
  const [wanted, via] = [chosenRoles(options, workspace, all), viaOf(options, workspace)]
  const place = placeOf(context, options, workspace)
  // What adapts lies in several files, which stdout is not.
  const adapt = place === undefined ? [] : (settings.gitlab.jobs?.adapt ?? [])
  refuseRoles(all, all.filter(wanted), via, adapt)
  const command = ['vaultwright gitlab jobs', ...flags(options), ...outFlag(workspace, place)].join(' ')
  const { main, parts } = jobFiles(all, { via, command, wanted, adapt, parts: place?.parts ?? '' })
  if (place === undefined) {
    context.stdout.write(gitlabYaml(main))
    return 0
  }
  const texts = new Map([...parts].map(([name, document]) => [name, gitlabYaml(document)]))
  const generated: GeneratedFiles = { place, main: gitlabYaml(main), parts: texts }
  return options['check'] === true
    ? checkGenerated(context, generated, { command, color: useColor(context, options, context.stdout) })
    : written(context, generated, main.entries.length)
}

/** The usual file is for the whole: a choice of roles goes to stdout unless `--out` says where. */
function placeOf(context: Context, options: Options, { configuration }: Workspace): Place | undefined {
  const { directory, settings } = configuration
  const [typed, usual] = [text(options, 'out'), settings.gitlab.jobs?.file]
  if (typed !== undefined) return placeFor(directory, resolve(context.cwd, typed), typed, 'option')
  if (usual !== undefined && flags(options).length === 0)
    return placeFor(directory, resolve(directory, usual), usual, 'settings')
  if (options['check'] !== true) return undefined
  throw usage('which file is --check to look at?', 'Name it with --out, or in gitlab.jobs.file of vaultwright.yaml.')
}

async function written(context: Context, generated: GeneratedFiles, entries: number): Promise<number> {
  const paths = await writeGenerated(context, generated)
  context.stderr.write(paths.map((line) => `${line}\n`).join(''))
  if (entries === 0) context.stderr.write('No role has secrets, so there is no template.\n')
  return 0
}

/** What of the options stands in the file, so that the command in its head writes the same again. */
function flags(options: Options): string[] {
  return [
    ...list(options, 'environment').flatMap((name) => ['--environment', name]),
    ...list(options, 'role').flatMap((glob) => ['--role', `'${glob}'`]),
    ...(text(options, 'via') === undefined ? [] : ['--via', text(options, 'via') as string]),
  ]
}

/** As from the folder of the configuration, wherever this was called. */
function outFlag({ configuration: { directory, settings } }: Workspace, place: Place | undefined): string[] {
  const usual = settings.gitlab.jobs?.file
  if (place === undefined || (usual !== undefined && resolve(directory, usual) === place.file)) return []
  return ['--out', relative(directory, place.file).split(sep).join('/')]
}

export function viaOf(options: Options, { configuration }: Workspace): Via {
  const { edition, jobs: given } = configuration.settings.gitlab
  const way = (text(options, 'via') as Via | undefined) ?? given?.via ?? (edition === 'free' ? 'script' : 'secrets')
  if (way === 'secrets' && edition === 'free')
    throw usage('gitlab.edition is free, and that has no "secrets:"', 'Choose --via script or --via exec.')
  return way
}
