import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import manifest from '../../../package.json' with { type: 'json' }
import { modelOf } from '../../access/model.ts'
import { gitlabYaml } from '../../config/gitlab-document.ts'
import { environmentsAre } from '../../config/suggest.ts'
import type { PipelineSettings } from '../../core/configuration.ts'
import { type Diagnostic, UserError } from '../../core/diagnostic.ts'
import { jobRoles } from '../../gitlab/job-role.ts'
import { admissionWarnings } from '../../gitlab/pipeline/admission.ts'
import { isManual } from '../../gitlab/pipeline/deploy.ts'
import { mostParallel, pipelineDocument } from '../../gitlab/pipeline/pipeline.ts'
import {
  loginOf,
  type Place as PipelinePlace,
  pipelinePlaces,
  purposes,
  usualRoles,
} from '../../gitlab/pipeline/roles.ts'
import { quoted } from '../../gitlab/pipeline/shell-text.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { colorOption, directoryOption, text, usage, useColor } from '../session/options.ts'
import { siblingsOf } from '../session/promises.ts'
import { openWorkspace, prefixOf, type Workspace } from '../session/workspace.ts'
import { checkGenerated, type GeneratedFiles, type Place, placeFor, writeGenerated } from './generated-files.ts'

export const pipeline: Command = {
  description: [
    'The pipeline of this repository: check, plan in merge requests, apply on the default branch, drift on schedules.',
    'docs/gitlab-pipeline.md tells more. Exit code 0: written, or with --check, up to date. 1: problems, or with --check, stale.',
  ].join('\n'),
  options: [
    directoryOption,
    colorOption,
    {
      flags: '--shard <n>',
      description: `spread the environments over n jobs instead of one job each; by itself for more than 20 environments`,
    },
    { flags: '-o, --out <file>', description: 'default: gitlab.pipeline.file of vaultwright.yaml, or stdout' },
    { flags: '--check', description: 'write nothing; fail with a diff when the file is not as it would be written' },
  ],
  run: runPipeline,
}

async function runPipeline(context: Context, options: Options): Promise<number> {
  // To the other commands --shard names a part; here it is how many there are, and the pipeline is for all.
  const workspace = await openWorkspace(context, { ...options, shard: undefined })
  const place = placeOf(context, options, workspace)
  const places = pipelineOf(workspace)
  warn(context, options, workspace, places)
  const settings = workspace.configuration.settings.gitlab
  const command = ['vaultwright gitlab pipeline', ...shardFlag(options), ...outFlag(workspace, place)].join(' ')
  const directory = folderInRepository(context, workspace)
  const inside = (line: string) => (directory === '' ? line : `(cd ${quoted(directory)} && ${line})`)
  const main = gitlabYaml(
    pipelineDocument(places, {
      command,
      staleness: [
        ...(settings.jobs?.file === undefined ? [] : [inside('vaultwright gitlab jobs --check')]),
        ...(place === undefined ? [] : [inside(`${command} --check`)]),
      ],
      image: settings.pipeline?.image ?? usualImage,
      beforeScript: settings.pipeline?.before_script ?? usualInstallation,
      directory,
      manual: settings.pipeline?.manual,
      note: settings.pipeline?.note ?? false,
      snapshots: settings.edition !== 'free',
      shards: shardsOf(options, places),
    }),
  )
  if (place === undefined) {
    context.stdout.write(main)
    return 0
  }
  const generated: GeneratedFiles = { place, main, parts: new Map() }
  return options['check'] === true
    ? checkGenerated(context, generated, { command, color: useColor(context, options, context.stdout) })
    : written(context, generated)
}

export const usualImage = 'node:22'
export const usualInstallation = [`npm install --global vaultwright@${manifest.version}`]

/** Throws UserError where an environment has no role for a job. */
function pipelineOf({ configuration: { environments, settings } }: Workspace): readonly PipelinePlace[] {
  const { roles } = settings.gitlab.pipeline ?? ({} as PipelineSettings)
  const { places, problems } = pipelinePlaces(environments, jobRoles(environments), { ...usualRoles, ...roles })
  if (problems.length > 0) throw new UserError(problems)
  return places
}

/** The file is written all the same: roles may change after it, and Vault has the last word. */
function warn(
  context: Context,
  options: Options,
  { configuration, kinds }: Workspace,
  places: readonly PipelinePlace[],
): void {
  const admission = places.flatMap((place): readonly Diagnostic[] => {
    const { server, namespace } = place.environment
    const objects = siblingsOf(configuration, place.environment).flatMap(({ desired }) => desired)
    return admissionWarnings(place, modelOf(objects, { kinds, server, namespace }))
  })
  const warnings = [...admission, ...unusedPatterns(places, configuration.settings.gitlab.pipeline?.manual)]
  if (warnings.length === 0) return
  context.stderr.write(renderDiagnostics(warnings, { color: useColor(context, options, context.stderr) }))
}

/** A slip of the pen there would let an environment be applied without anybody's hand. */
function unusedPatterns(places: readonly PipelinePlace[], manual: readonly string[] = []): readonly Diagnostic[] {
  const unused = manual.filter((pattern) => !places.some((place) => isManual(place, [pattern])))
  return unused.map((pattern) => ({
    code: 'unused-pattern',
    severity: 'warning',
    message: `gitlab.pipeline.manual names ${JSON.stringify(pattern)}, which is no environment: it keeps none from being applied by itself`,
    help: environmentsAre(places.map(({ environment }) => environment.name)),
  }))
}

/** From more environments on than a merge request's page shows well. */
const manyEnvironments = 20

function shardsOf(options: Options, places: readonly PipelinePlace[]): number | undefined {
  const typed = text(options, 'shard')
  const against = againstShards(places)
  if (typed === undefined) {
    if (places.length <= manyEnvironments) return undefined
    if (against === undefined) return Math.min(mostParallel, Math.ceil(places.length / 10))
    if (places.length <= mostParallel) return undefined
    throw usage(
      `GitLab runs ${mostParallel} jobs in parallel at most, there are ${places.length} environments, and ${against}`,
      'Keep them in several repositories.',
    )
  }
  const count = Number(typed)
  const most = Math.min(mostParallel, places.length)
  if (!Number.isInteger(count) || count < 2 || count > most)
    throw usage(`--shard takes ${shardRange(most)}, not ${typed}`, 'No job may be left without environments.')
  if (against !== undefined)
    throw usage(`a job cannot be for several of these environments: ${against}`, 'Leave out --shard.')
  return count
}

function shardRange(most: number): string {
  if (most < 2) return 'at least two environments, and there are fewer'
  return most === 2 ? '2 jobs for two environments' : `a number of jobs from 2 to ${most}`
}

/** A run has one login, which is meant for one server. */
function againstShards(places: readonly PipelinePlace[]): string | undefined {
  if (new Set(places.map(({ environment }) => environment.address ?? '')).size > 1) return 'they have several addresses'
  const differing = purposes.find(
    (purpose) => new Set(places.map((place) => JSON.stringify(loginOf(place[purpose])))).size > 1,
  )
  return differing === undefined ? undefined : `their roles to ${differing} differ in name, mount or audience`
}

function shardFlag(options: Options): string[] {
  const typed = text(options, 'shard')
  return typed === undefined ? [] : [`--shard ${typed}`]
}

function placeOf(context: Context, options: Options, { configuration }: Workspace): Place | undefined {
  const { directory, settings } = configuration
  const [typed, usual] = [text(options, 'out'), settings.gitlab.pipeline?.file]
  if (typed !== undefined) return placeFor(directory, resolve(context.cwd, typed), typed, 'option')
  if (usual !== undefined) return placeFor(directory, resolve(directory, usual), usual, 'settings')
  if (options['check'] !== true) return undefined
  throw usage(
    'which file is --check to look at?',
    'Name it with --out, or in gitlab.pipeline.file of vaultwright.yaml.',
  )
}

/** Jobs start at the root of the repository, wherever this was called; without one, the working folder is taken for it. */
function folderInRepository(context: Context, { configuration }: Workspace): string {
  const { directory } = configuration
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return relative(folder, directory).split(sep).join('/')
    if (folder === dirname(folder)) return prefixOf(configuration, context).replace(/\/$/, '')
  }
}

/** As from the folder of the configuration, wherever this was called. */
function outFlag({ configuration: { directory, settings } }: Workspace, place: Place | undefined): string[] {
  const usual = settings.gitlab.pipeline?.file
  if (place === undefined || (usual !== undefined && resolve(directory, usual) === place.file)) return []
  const path = relative(directory, place.file).split(sep).join('/')
  return [`--out ${/^[\w./@%+,:-]+$/.test(path) ? path : quoted(path)}`]
}

async function written(context: Context, generated: GeneratedFiles): Promise<number> {
  for (const line of await writeGenerated(context, generated)) context.stderr.write(`${line}\n`)
  return 0
}
