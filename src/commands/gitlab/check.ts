import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import manifest from '../../../package.json' with { type: 'json' }
import { modelOf } from '../../access/model.ts'
import { ciDiagnostics } from '../../config/gitlab-ci/diagnostics.ts'
import { isBelow } from '../../config/gitlab-ci/files.ts'
import { ciReader } from '../../config/gitlab-ci/read.ts'
import type { Diagnostic, Severity } from '../../core/diagnostic.ts'
import { ciRules } from '../../gitlab/check/index.ts'
import { expandPipeline } from '../../gitlab/check/jobs.ts'
import { readability } from '../../gitlab/check/readable.ts'
import { type CheckOptions, checkPipeline, type FoundProblem } from '../../gitlab/check/run.ts'
import { jobRoles } from '../../gitlab/job-role.ts'
import { kinds } from '../../kinds/index.ts'
import { checkFormats } from '../../render/check/index.ts'
import { diagnosticsJson, renderDiagnostics } from '../../render/diagnostics.ts'
import { countOf } from '../../render/words.ts'
import type { Command, Context, Options } from '../session/command.ts'
import {
  colorOption,
  directoryOption,
  environmentOption,
  formatOption,
  text,
  usage,
  useColor,
} from '../session/options.ts'
import { openWorkspace, type Workspace } from '../session/workspace.ts'

export const check: Command = {
  description: [
    'Reads pipeline files with their local includes, and looks by the rules of docs/gitlab-check.md for jobs that Vault or',
    'GitLab would refuse, or that would get something else than is meant. It asks neither of them.',
    'Exit code 0: no errors; with --strict, no warnings either. 1: problems.',
  ].join('\n'),
  arguments: [{ name: '[file...]', description: "default: .gitlab-ci.yml of the repository's root" }],
  options: [
    directoryOption,
    environmentOption,
    colorOption,
    formatOption('text', 'json', ...Object.keys(checkFormats)),
    { flags: '--strict', description: 'fail for warnings, too' },
    {
      flags: '--root <path>',
      description: 'where paths of include: local begin; default: the folder of the git repository',
    },
  ],
  run: runCheck,
}

async function runCheck(context: Context, options: Options, args: readonly string[]): Promise<number> {
  const workspace = await openWorkspace(context, options)
  const { root, paths } = placesOf(context, options, args)
  const reader = ciReader(root)
  const checking = checkOptions(workspace)
  const problems: FoundProblem[] = []
  for (const path of paths) problems.push(...(await problemsOf(path, reader, checking)))
  const diagnostics = ciDiagnostics(problems, reader.files)
  const fails = (severity: Severity) => severity === 'error' || (severity === 'warning' && options['strict'] === true)
  context.stdout.write(await rendered(diagnostics, { files: [...reader.files.keys()], fails, context, options }))
  return diagnostics.some(({ severity }) => fails(severity)) ? 1 : 0
}

async function problemsOf(
  path: string,
  reader: ReturnType<typeof ciReader>,
  checking: CheckOptions,
): Promise<readonly FoundProblem[]> {
  const { content, partial, problems } = await reader.read(path)
  const pipeline = expandPipeline(content, partial)
  return [...problems, ...pipeline.problems, ...checkPipeline(pipeline, checking)]
}

/** For all files of a run: policies are read once. */
function checkOptions({ environments, configuration }: Workspace): CheckOptions {
  // What is advised for one environment must not open the secrets of those that were not asked for.
  const all = jobRoles(configuration.environments)
  const roles = all.filter(({ environment }) => environments.includes(environment))
  const readable = readability(all, ({ desired, server, namespace }) => modelOf(desired, { kinds, server, namespace }))
  return { roles, gitlab: configuration.settings.gitlab, readable }
}

interface Places {
  /** Real path. */
  readonly root: string
  /** From there, with `/`. */
  readonly paths: readonly string[]
}

function placesOf({ cwd }: Context, options: Options, args: readonly string[]): Places {
  const given = text(options, 'root')
  const files = args.map((file) => resolve(cwd, file))
  const wanted =
    given === undefined ? repositoryOf(files[0] === undefined ? cwd : dirname(files[0]), cwd) : resolve(cwd, given)
  if (!existsSync(wanted))
    throw usage(`there is no folder ${JSON.stringify(given ?? wanted)}`, 'Name the root with --root.')
  const root = realpathSync(wanted)
  if (files.length === 0) return { root, paths: ['.gitlab-ci.yml'] }
  return { root, paths: files.map((file, index) => pathBelow(root, file, args[index] as string)) }
}

/** The folder that holds `.git`; where there is none, the current one. */
function repositoryOf(start: string, cwd: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder
    if (folder === dirname(folder)) return cwd
  }
}

function pathBelow(root: string, file: string, shown: string): string {
  const folder = existsSync(dirname(file)) ? realpathSync(dirname(file)) : dirname(file)
  const path = join(folder, relative(dirname(file), file))
  if (!isBelow(root, path))
    throw usage(`${shown} lies outside of ${root}, the root of the repository`, 'Name another root with --root.')
  return relative(root, path).split(sep).join('/')
}

interface Rendering {
  readonly files: readonly string[]
  readonly fails: (severity: Severity) => boolean
  readonly context: Context
  readonly options: Options
}

async function rendered(diagnostics: readonly Diagnostic[], rendering: Rendering): Promise<string> {
  const { files, fails, context, options } = rendering
  const format = text(options, 'format') ?? 'text'
  if (format === 'json') return diagnosticsJson(diagnostics)
  const load = checkFormats[format]
  if (load === undefined)
    return diagnostics.length === 0
      ? `${countOf(files.length, 'file')}, no problems\n`
      : renderDiagnostics(diagnostics, { color: useColor(context, options, context.stdout) })
  const render = await load()
  return render({ diagnostics, allowed: [], rules: ciRules, files, prefix: '', version: manifest.version, fails })
}
