import { problem, UserError } from '../../core/diagnostic.ts'
import { type Checklist, type ChecklistItem, isDone, steps } from '../../gitlab/migrate/checklist.ts'
import type { GitlabClient } from '../../gitlab-api/client.ts'
import { document } from '../../render/plan/json.ts'
import { visible } from '../../render/visible.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { gitlabOptions, gitlabSettings, tokenSources, withGitlab } from '../session/gitlab.ts'
import { formatOption, list, text, usage, verboseOption } from '../session/options.ts'
import { writePublic } from '../session/output-file.ts'
import { readChecklist, renderedList } from './checklist.ts'
import { chosenForDeletion, confirmDeletion, deleteVariables, sayMentions } from './delete.ts'
import { keptHasher } from './hash-key.ts'
import { lookAt, type Sight } from './look.ts'
import { readDeclared } from './verify-jobs.ts'
import { withVault } from './verify-vault.ts'

export const verify: Command = {
  description: [
    'Looks at everything that a checklist says, in Vault, in GitLab and in the YAML, and writes into it what it saw.',
    'Values are compared in memory by keyed hash and shown nowhere. What it has no credentials for it leaves as it is.',
    'Exit code 0: all variables have moved. 2: something is still open. 1: an error, or something that was said does not hold.',
  ].join('\n'),
  arguments: [{ name: '<checklist>', description: 'a file that "migrate checklist --out" wrote' }],
  options: [
    {
      flags: '--gitlab-yaml <file>',
      description: 'GitLab YAML with the jobs and templates; may be given several times',
      repeatable: true,
    },
    {
      flags: '--hash-key-file <file>',
      description: 'the key that the inventory was made with, to compare what GitLab does not have or has no more',
    },
    {
      flags: '--delete',
      description: 'delete the variables of --only from GitLab, where this run verifies their move',
    },
    {
      flags: '--only <key[@scope]>',
      description: 'what --delete is about; may be given several times',
      repeatable: true,
    },
    { flags: '--auto-approve', description: 'delete without asking' },
    ...gitlabOptions,
    verboseOption,
    formatOption('text', 'json', 'markdown'),
  ],
  run: runVerify,
}

async function runVerify(context: Context, options: Options, [file = '']: readonly string[]): Promise<number> {
  const before = await readChecklist(context, file)
  const only = list(options, 'only')
  if (options['delete'] === true && only.length === 0)
    throw usage('--delete takes a list: which variables?', 'Name each with --only KEY or --only KEY@scope.')
  const sight = await sightOf(context, options, before)
  return await withVault(context, before, (vault) =>
    withApi(context, options, before, async (gitlab) => {
      const look = { ...sight, ...(vault === undefined ? {} : { vault }), ...(gitlab === undefined ? {} : { gitlab }) }
      const seen = await lookAt(before, look)
      // Written down before anything is deleted, so that what was verified is not lost with it.
      await save(context, file, seen)
      if (sight.declared !== undefined) sayUnseen(context, seen)
      const done = options['delete'] === true ? await remove(context, options, seen, look) : seen
      await save(context, file, done)
      context.stdout.write(renderedList(done, text(options, 'format')))
      return exitCode(done)
    }),
  )
}

/** Files of some projects say nothing of the others that a group or the instance has. */
function sayUnseen({ stderr }: Context, { items }: Checklist): void {
  const wide = items.filter(({ place, steps: { switched, deleted } }) => {
    return ownerOfMany(place) && switched.state === 'verified' && deleted.state !== 'verified'
  })
  for (const { id, place } of wide)
    stderr.write(`${visible(id)}: jobs of other projects of the ${place.kind} are not seen, and may need it.\n`)
}

function ownerOfMany({ kind }: ChecklistItem['place']): boolean {
  return kind === 'group' || kind === 'instance'
}

async function save(context: Context, file: string, checklist: Checklist): Promise<void> {
  await writePublic(context, file, document(checklist))
}

function exitCode({ items }: Checklist): number {
  if (items.some(({ steps: done }) => steps.some((step) => done[step].state === 'refuted'))) return 1
  return items.every(isDone) ? 0 : 2
}

async function sightOf(context: Context, options: Options, { hash_key }: Checklist): Promise<Sight> {
  const key = text(options, 'hashKeyFile')
  const kept = key === undefined ? undefined : await keptHasher(context, key)
  const files = list(options, 'gitlabYaml')
  if (kept !== undefined && kept.keyId !== hash_key)
    context.stderr.write('The key of --hash-key-file is not the one of the inventory: its hashes are not compared.\n')
  return {
    now: new Date().toISOString(),
    ...(kept !== undefined && kept.keyId === hash_key ? { hasher: kept } : {}),
    ...(files.length === 0 ? {} : { declared: await readDeclared(context, files) }),
  }
}

export async function withApi<T>(
  context: Context,
  options: Options,
  { gitlab }: Checklist,
  work: (client: GitlabClient | undefined) => Promise<T>,
): Promise<T> {
  // The list says which GitLab it is about, where nobody says it nearer.
  const typed = text(options, 'gitlabUrl')
  const given = typed ?? (context.env['CI_API_V4_URL'] || context.env['CI_SERVER_URL'] || gitlab)
  const connection = gitlabSettings(context, { ...options, ...(given ? { gitlabUrl: given } : {}) })
  if (connection === undefined) {
    context.stderr.write(`GitLab is not asked: there is no token in ${tokenSources(options)}.\n`)
    return await work(undefined)
  }
  // Numbers of projects mean others there: what is missing would be taken for deleted.
  const instance = connection.apiUrl.replace(/\/api\/v4$/, '')
  if (typed === undefined && gitlab !== null && instance !== gitlab) throw otherGitlab(gitlab, instance)
  return await withGitlab(context, connection, work)
}

function otherGitlab(meant: string, instance: string): UserError {
  const words = `the checklist is about ${meant}, and CI_API_V4_URL or CI_SERVER_URL says ${instance}`
  return new UserError([problem('other-gitlab', words, 'Say with --gitlab-url which of them is to be asked.')])
}

async function remove(context: Context, options: Options, checklist: Checklist, sight: Sight): Promise<Checklist> {
  const { gitlab, vault, declared } = sight
  if (vault === undefined) throw usage('nothing is deleted without a look into Vault', 'Set VAULT_ADDR and a token.')
  if (gitlab === undefined) throw usage('nothing can be deleted without an access token', 'It needs scope api.')
  const chosen: readonly ChecklistItem[] = chosenForDeletion(checklist, list(options, 'only'))
  if (declared === undefined)
    throw usage(
      'nothing is deleted without a look at the jobs: an earlier run may have seen others',
      'Name their files with --gitlab-yaml, those of the templates too.',
    )
  sayMentions(context, chosen)
  await confirmDeletion(context, chosen, options['autoApprove'] === true)
  await deleteVariables(context, gitlab, chosen)
  return await lookAt(checklist, sight)
}
