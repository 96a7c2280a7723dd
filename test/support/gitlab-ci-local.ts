import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { type Files, temporaryFolder, writeFiles } from './files.ts'

/**
 * A real client of GitLab's YAML: gitlab-ci-local, which has GitLab's own JSON Schema, resolves `extends`, `!reference`,
 * `include: local` and inputs, evaluates rules, and runs jobs in bash. What it cannot do: issue ID tokens and resolve
 * `secrets` (hand both in as variables); and it does not see a wrong `engine.name`, a short form without `/`, `rules`
 * beside `only`, or a `default: id_tokens` in its preview.
 */

/** What starts a pipeline: GitLab's values of CI_PIPELINE_SOURCE. */
type PipelineSource = 'push' | 'merge_request_event' | 'schedule' | 'web' | 'api' | 'trigger' | 'pipeline'

export interface PipelineOptions {
  /** Default `push`. */
  readonly source?: PipelineSource
  /** The branch that is built, of a merge request its source; default `main`, the default branch. */
  readonly branch?: string
  /** Default: `main` is protected, and no other branch. */
  readonly protected?: boolean
  /** Of a merge request, the project it comes from; another number than 22 is a fork's. Default 22, the project itself. */
  readonly sourceProject?: number
  /** CI/CD variables, over everything else. */
  readonly variables?: Readonly<Record<string, string>>
  /** Default `.gitlab-ci.yml`. */
  readonly file?: string
}

export interface RunJobOptions extends PipelineOptions {
  /** Folders that come first in the PATH of the job's script; `vaultwright` is there without. */
  readonly path?: readonly string[]
  /** Runs the jobs that it needs before it; without this they must have run before, in the same project. */
  readonly needs?: boolean
}

/** A job as `--list-json` tells it; `needs` of a parallel job names its instances. */
export interface ListedJob {
  readonly name: string
  readonly description: string
  readonly stage: string
  readonly when: string
  readonly allow_failure: boolean | { readonly exit_codes: number | readonly number[] }
  readonly needs?: readonly { readonly job: string; readonly artifacts?: boolean; readonly optional?: boolean }[]
  readonly [key: string]: unknown
}

export interface LocalRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Both, in the order of their coming. */
  readonly output: string
}

/** Files by path, which get a repository of their own; or a folder of `gitlabProject`, to go on in. */
type Project = Files | string

const program = fileURLToPath(new URL('../../node_modules/gitlab-ci-local/dist/index.js', import.meta.url))

/**
 * A repository on branch `main` with the files in one commit, as a clone of gitlab.example.com:group/project. It goes away
 * with the process of the test. Nothing is ever fetched from the remote.
 */
export function gitlabProject(files: Files): string {
  const directory = folderOfRun()
  writeFiles(directory, files)
  git(directory, 'init', '--quiet', '--initial-branch=main')
  git(directory, 'remote', 'add', 'origin', 'https://gitlab.example.com/group/project.git')
  commit(directory)
  git(directory, 'update-ref', 'refs/remotes/origin/main', 'HEAD')
  git(directory, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main')
  return directory
}

const folders: string[] = []

/** Also for `beforeAll`: it goes away when the process ends. */
function folderOfRun(): string {
  if (folders.length === 0) {
    process.once('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    })
  }
  const made = temporaryFolder()
  folders.push(made)
  return made
}

/** Writes files into a project and commits everything there is. */
export function commit(directory: string, files: Files = {}): void {
  writeFiles(directory, files)
  git(directory, 'add', '--all')
  git(directory, 'commit', '--quiet', '--allow-empty', '--message=Files')
}

function git(directory: string, ...words: string[]): string {
  const person = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false']
  const env = { PATH: process.env['PATH'], HOME: directory, GIT_CONFIG_NOSYSTEM: '1' }
  return execFileSync('git', [...person, ...words], { cwd: directory, env, encoding: 'utf8' }).trim()
}

/** Whether the files are valid to GitLab's schema and every include, extends and rule can be resolved; if not, why. */
export async function validate(
  project: Project,
  options: PipelineOptions = {},
): Promise<{ readonly valid: boolean; readonly message: string }> {
  const run = await gitlabCiLocal(project, ['--list-json'], options)
  const message = withoutColours(run.stderr)
  return { valid: run.code === 0, message }
}

/** The YAML with every include, extends, default and reference filled in. Throws where the files are not valid. */
export async function preview(project: Project, options: PipelineOptions = {}): Promise<string> {
  return succeeded(await gitlabCiLocal(project, ['--preview'], options)).stdout
}

/**
 * The jobs of the pipeline that the source starts, parallel ones one by one, in the order of their stages, manual ones
 * included; none where `workflow` starts no pipeline. Throws where the files are not valid.
 */
export async function listJobs(project: Project, options: PipelineOptions = {}): Promise<readonly ListedJob[]> {
  const directory = folderOf(project)
  const rules = await workflowRules(directory, options)
  // gitlab-ci-local takes only variables from `workflow: rules`, so they are put to it as the rules of a job as well.
  const file = '.git/listed.yml'
  const local = options.file ?? '.gitlab-ci.yml'
  const starts = { stage: '.pre', script: ['true'], ...(rules === undefined ? {} : { rules }) }
  writeFileSync(join(directory, file), stringify({ include: { local: `/${local}` }, [probe]: starts }))
  const { stdout } = succeeded(await gitlabCiLocal(directory, ['--list-json'], { ...options, file }))
  const jobs = (JSON.parse(stdout) as ListedJob[]).filter(({ when }) => when !== 'never')
  return jobs.some(({ name }) => name === probe) ? jobs.filter(({ name }) => name !== probe) : []
}

const probe = 'a-pipeline-starts'

const workflows = new Map<string, unknown>()

/** They are the same whatever starts the pipeline, so they are read once a commit. Undefined where there are none. */
async function workflowRules(directory: string, options: PipelineOptions): Promise<unknown> {
  const key = `${git(directory, 'rev-parse', 'HEAD')} ${directory} ${options.file}`
  if (!workflows.has(key)) {
    const { workflow } = parse(await preview(directory, options)) as { workflow?: { rules?: unknown } }
    workflows.set(key, workflow?.rules)
  }
  return workflows.get(key)
}

/**
 * Really runs jobs in bash, each in a copy of the committed files and the artifacts it needs, as a runner does. Exit code
 * 0 also where `allow_failure` forgave one, which the output then calls `WARN`. Artifacts stay in the project: `artifact`.
 */
export function runJob(
  project: Project,
  job: string | readonly string[],
  options: RunJobOptions = {},
): Promise<LocalRun> {
  const words = ['--force-shell-executor', '--shell-isolation', '--no-artifacts-to-source', ...[job].flat()]
  return gitlabCiLocal(project, options.needs === true ? ['--needs', ...words] : words, options)
}

/** The content of a file that a job of this project left as an artifact; undefined when there is none. */
export function artifact(directory: string, job: string, path: string): string | undefined {
  const folder = job.replace(/[^\w-]+/g, (sign) => Buffer.from(sign).toString('base64url'))
  const file = join(directory, '.gitlab-ci-local', 'artifacts', folder, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function folderOf(project: Project): string {
  return typeof project === 'string' ? project : gitlabProject(project)
}

function succeeded(run: LocalRun): LocalRun {
  if (run.code !== 0) throw new Error(`gitlab-ci-local ended with ${run.code}: ${withoutColours(run.output)}`)
  return run
}

function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour begins with.
  return text.replace(/\x1b\[[\d;]*[A-Za-z]/g, '')
}

async function gitlabCiLocal(project: Project, words: readonly string[], options: RunJobOptions): Promise<LocalRun> {
  const directory = folderOf(project)
  const { set, unset } = predefined(options)
  const variables = [
    ...Object.entries(set).flatMap(([name, value]) => ['--variable', `${name}=${value}`]),
    ...unset.flatMap((name) => ['--unset-variable', name]),
    '--ignore-predefined-vars',
    Object.keys(set).join(','),
  ]
  const file = options.file === undefined ? [] : ['--file', options.file]
  return await run(directory, [...words, ...file, ...variables], options.path ?? [])
}

/** What GitLab sets for a pipeline of this source, beyond what gitlab-ci-local knows by itself (it only knows pushes). */
function predefined(options: PipelineOptions): { set: Record<string, string>; unset: string[] } {
  const { source = 'push', branch = 'main', variables = {} } = options
  const isProtected = options.protected ?? branch === 'main'
  const set = {
    CI_PIPELINE_SOURCE: source,
    CI_COMMIT_REF_NAME: branch,
    CI_COMMIT_REF_SLUG: branch.toLowerCase().replace(/[^a-z\d]+/g, '-'),
    CI_COMMIT_REF_PROTECTED: String(isProtected),
    CI_PROJECT_ID: '22',
    CI: 'true',
    GITLAB_CI: 'true',
  }
  if (source !== 'merge_request_event') return { set: { ...set, CI_COMMIT_BRANCH: branch, ...variables }, unset: [] }
  const mergeRequest = {
    CI_MERGE_REQUEST_ID: '901',
    CI_MERGE_REQUEST_IID: '7',
    CI_MERGE_REQUEST_EVENT_TYPE: 'detached',
    CI_MERGE_REQUEST_REF_PATH: 'refs/merge-requests/7/head',
    CI_MERGE_REQUEST_PROJECT_ID: '22',
    CI_MERGE_REQUEST_SOURCE_PROJECT_ID: String(options.sourceProject ?? 22),
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: branch,
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
    CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED: 'true',
  }
  // A merge request's pipeline belongs to no branch.
  return { set: { ...set, ...mergeRequest, ...variables }, unset: ['CI_COMMIT_BRANCH'] }
}

function run(directory: string, words: readonly string[], path: readonly string[]): Promise<LocalRun> {
  const home = join(directory, '.git', 'home')
  mkdirSync(home, { recursive: true })
  const env = {
    PATH: [...path, toolsFolder(), process.env['PATH']].join(delimiter),
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    NO_COLOR: '1',
    FORCE_COLOR: '0',
  }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, '--home', home, ...words], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr, output] = ['', '', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      output += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr, output }))
  })
}

let folder: string | undefined

/**
 * What jobs and gitlab-ci-local find first in their PATH: the built program as `vaultwright`, and an `rsync`, which
 * gitlab-ci-local needs and few machines have. The same one everywhere.
 */
function toolsFolder(): string {
  if (folder !== undefined) return folder
  const made = folderOfRun()
  for (const [name, script] of [
    ['rsync', './rsync.mjs'],
    ['vaultwright', '../../dist/cli.js'],
  ] as const) {
    const path = fileURLToPath(new URL(script, import.meta.url))
    writeFileSync(join(made, name), `#!/bin/sh\nexec '${process.execPath}' '${path}' "$@"\n`)
    chmodSync(join(made, name), 0o755)
  }
  folder = made
  return made
}
