import { problem, UserError } from '../../core/diagnostic.ts'
import { type EnvironmentPlan, type Plan, planFormat } from '../../core/plan.ts'
import { type NoteTarget, noteMarker, noteTarget, sameTarget } from '../../gitlab/note.ts'
import type { GitlabClient } from '../../gitlab-api/client.ts'
import {
  createNote,
  currentUser,
  type GitlabNote,
  type MergeRequest,
  mergeRequestNotes,
  updateNote,
} from '../../gitlab-api/endpoints.ts'
import { GitlabError } from '../../gitlab-api/error.ts'
import { code } from '../../render/markdown-escape.ts'
import { commentLimit, renderComment } from '../../render/plan/markdown.ts'
import { planOfReport } from '../../render/plan/read-report.ts'
import { readAll } from '../access/input.ts'
import { allowVariable, releasingValue } from '../session/allowances.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { gitlabOptions, gitlabSettings, tokenSources, withGitlab } from '../session/gitlab.ts'
import { text, usage } from '../session/options.ts'
import { checkSavedPlan } from '../session/saved-plan.ts'
import { parseJson, readJson } from '../session/snapshot-file.ts'

export const note: Command = {
  description: [
    'Each environment of a plan has one note in the merge request, which later runs edit. It needs an access token of the',
    'project with scope api; without one, and outside of merge requests, it says so and ends with 0.',
    'Whoever can run a pipeline on a branch can read that token. The widget of "plan --format terraform-report" needs none.',
  ].join(' '),
  options: [
    { flags: '--plan <file>', description: 'a plan that "plan --out" saved; - for stdin' },
    {
      flags: '--report <file>',
      description: 'in its place what "plan --format json" printed, also of a plan that must not be applied',
    },
    { flags: '--project <id>', description: 'default: CI_MERGE_REQUEST_PROJECT_ID, then CI_PROJECT_ID' },
    { flags: '--merge-request <iid>', description: 'default: CI_MERGE_REQUEST_IID' },
    { flags: '--name <text>', description: 'tells the notes of several configurations in one project apart' },
    { flags: '--always', description: 'post a note also where nothing would change' },
    { flags: '--required', description: 'fail when there is no token' },
    ...gitlabOptions,
  ],
  run: runNote,
}

async function runNote(context: Context, options: Options): Promise<number> {
  const plan = await planFrom(context, options)
  const mergeRequest = mergeRequestOf(context, options)
  if (mergeRequest === undefined)
    return skip(context, 'this is no pipeline of a merge request: CI_MERGE_REQUEST_IID is not set')
  const connection = gitlabSettings(context, options)
  if (connection === undefined) {
    const missing = `there is no token in ${tokenSources(options)}`
    if (options['required'] === true)
      throw new UserError([problem('no-token', `no note is posted: ${missing}`, tokenHelp)])
    return skip(context, missing)
  }
  await withGitlab(context, connection, (client) => postNotes(context, options, { client, plan, mergeRequest }))
  return 0
}

const tokenHelp = 'Make an access token of the project with scope api, and give it to the job in that variable.'

function skip({ stderr }: Context, reason: string): number {
  stderr.write(`No note is posted: ${reason}.\n`)
  return 0
}

async function planFrom(context: Context, options: Options): Promise<Plan> {
  const [plan, report] = [text(options, 'plan'), text(options, 'report')]
  if (plan !== undefined && report === undefined) {
    const { file, value } = await jsonFrom(context, plan)
    return checkSavedPlan(value, file)
  }
  if (report !== undefined && plan === undefined) return reported(await jsonFrom(context, report))
  throw usage(
    'a note needs one plan: --plan <file> or --report <file>',
    'Save one with "vaultwright plan --out <file>", or print a report with "vaultwright plan --report json=<file>".',
  )
}

interface JsonFile {
  /** For messages. */
  readonly file: string
  readonly value: unknown
}

async function jsonFrom(context: Context, file: string): Promise<JsonFile> {
  if (file !== '-') return { file, value: await readJson(context, file) }
  return { file: 'stdin', value: parseJson(await readAll(context, file), 'stdin') }
}

function reported({ file, value }: JsonFile): Plan {
  const read = planOfReport(value)
  if ('plan' in read) return read.plan
  const where = read.wrong === '' ? '' : `: ${read.wrong} is not as one is written`
  throw new UserError([
    problem('not-a-report', `${file} is no report of a plan${where}`, 'Make it: vaultwright plan --report json=<file>'),
  ])
}

/** The merge request is in the project it goes to, also when the pipeline of a fork runs in the fork. */
function mergeRequestOf({ env }: Context, options: Options): MergeRequest | undefined {
  const iid = text(options, 'mergeRequest') ?? (env['CI_MERGE_REQUEST_IID'] || undefined)
  if (iid === undefined) return undefined
  if (!/^[1-9]\d*$/.test(iid)) throw usage(`a merge request has a number, not ${JSON.stringify(iid)}`)
  const project = text(options, 'project') ?? (env['CI_MERGE_REQUEST_PROJECT_ID'] || env['CI_PROJECT_ID'])
  if (!project) throw usage('which project? --project, CI_MERGE_REQUEST_PROJECT_ID and CI_PROJECT_ID are not set')
  return { project, iid }
}

interface Posting {
  readonly client: GitlabClient
  readonly plan: Plan
  readonly mergeRequest: MergeRequest
}

async function postNotes(context: Context, options: Options, { client, plan, mergeRequest }: Posting): Promise<void> {
  const own = await ownNotes(client, mergeRequest)
  const name = text(options, 'name')
  for (const environment of plan.environments) {
    const target = { environment: environment.environment, name }
    const before = own.findLast(({ body }) => isAbout(body, target))
    const body = noteBody(environment, target, origin(context))
    const posted = await post(client, mergeRequest, {
      body,
      before,
      silent: isQuiet(environment) && options['always'] !== true,
    })
    context.stdout.write(`${environment.environment}: ${posted}\n`)
  }
}

function isQuiet({ changes, objections = [] }: EnvironmentPlan): boolean {
  return changes.length === 0 && objections.length === 0
}

/** Written by the token's user, and not by GitLab in its name. Somebody else's note is never taken for ours. */
async function ownNotes(client: GitlabClient, mergeRequest: MergeRequest): Promise<readonly GitlabNote[]> {
  const { id } = await currentUser(client)
  const own: GitlabNote[] = []
  for await (const one of mergeRequestNotes(client, mergeRequest))
    if (!one.system && one.author.id === id) own.push(one)
  return own
}

function isAbout(body: string, target: NoteTarget): boolean {
  const found = noteTarget(body)
  return found !== undefined && sameTarget(found, target)
}

interface Wanted {
  readonly body: string
  readonly before: GitlabNote | undefined
  /** Nothing would change, so a new note is not worth anybody's time. */
  readonly silent: boolean
}

async function post(
  client: GitlabClient,
  mergeRequest: MergeRequest,
  { body, before, silent }: Wanted,
): Promise<string> {
  if (before === undefined && silent) return 'nothing would change, so no note is posted'
  if (before !== undefined) {
    // GitLab keeps a note without the line break at its end.
    if (before.body.trimEnd() === body.trimEnd()) return 'the note is up to date'
    if (await updated(client, mergeRequest, before, body)) return 'the note is updated'
  }
  await createNote(client, mergeRequest, body)
  return before === undefined ? 'a note is posted' : 'a new note is posted, because the old one cannot be edited'
}

/** Some tokens may post notes and not edit them, and a note may be deleted meanwhile. */
async function updated(
  client: GitlabClient,
  mergeRequest: MergeRequest,
  { id }: GitlabNote,
  body: string,
): Promise<boolean> {
  try {
    await updateNote(client, mergeRequest, id, body)
    return true
  } catch (error) {
    if (error instanceof GitlabError && (error.status === 403 || error.status === 404)) return false
    throw error
  }
}

function noteBody(environment: EnvironmentPlan, target: NoteTarget, from: string): string {
  const below = [releaseWords(environment), from].filter((line) => line !== '')
  const [head, foot] = [`${noteMarker(target)}\n\n`, below.map((line) => `\n${line}\n`).join('')]
  const plan: Plan = { format: planFormat, environments: [environment] }
  const limit = commentLimit - head.length - foot.length
  return `${head}${renderComment(plan, { color: false, question: 'plan' }, limit)}${foot}`
}

/** A merge request has no command line to say `--allow` on. */
function releaseWords({ objections = [] }: EnvironmentPlan): string {
  const value = releasingValue(objections)
  if (value === undefined) return ''
  return `Where that is agreed on, a pipeline that is run by hand on the protected default branch may apply it, with the variable ${code(allowVariable)} set to ${code(value)}.`
}

/** Which commit was planned by which job: what tells a reviewer whether the note is of the newest push. */
function origin({ env }: Context): string {
  const [commit, job, url] = [env['CI_COMMIT_SHORT_SHA'], env['CI_JOB_ID'], env['CI_JOB_URL']]
  const linked = url !== undefined && /^https?:\/\/[\w.:/%~+-]+$/.test(url) && job !== undefined && /^\d+$/.test(job)
  const by = linked ? ` by [job ${job}](${url})` : ''
  if (!commit && by === '') return ''
  return `Planned${commit ? ` for ${code(commit)}` : ''}${by}.`
}
