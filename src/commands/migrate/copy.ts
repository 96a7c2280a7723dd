import { isObject, type JsonObject } from '../../core/json.ts'
import { VaultError, type VaultWriter } from '../../core/server.ts'
import type { ChecklistItem } from '../../gitlab/migrate/checklist.ts'
import { compareValues } from '../../gitlab/migrate/hash.ts'
import { isExpanded } from '../../gitlab/migrate/take.ts'
import type { GitlabClient } from '../../gitlab-api/client.ts'
import { GitlabError } from '../../gitlab-api/error.ts'
import { visible } from '../../render/visible.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { gitlabOptions } from '../session/gitlab.ts'
import { list, usage, verboseOption } from '../session/options.ts'
import { readChecklist } from './checklist.ts'
import { namedItems } from './delete.ts'
import { withApi } from './verify.ts'
import { readAgain } from './verify-gitlab.ts'
import { withVault } from './verify-vault.ts'

export const copy: Command = {
  description: [
    'Reads variables from the API of GitLab and writes them to Vault, where nothing is written over: a field that is there',
    'stays, and check-and-set refuses a secret that changed meanwhile. No value is shown or kept.',
    'Exit code 0: all of them are in Vault. 1: some are not, and why.',
  ].join('\n'),
  arguments: [{ name: '<checklist>', description: 'a file that "migrate checklist --out" wrote' }],
  options: [
    { flags: '--only <key[@scope]>', description: 'only these; may be given several times', repeatable: true },
    ...gitlabOptions,
    verboseOption,
  ],
  run: runCopy,
}

async function runCopy(context: Context, options: Options, [file = '']: readonly string[]): Promise<number> {
  const checklist = await readChecklist(context, file)
  const only = list(options, 'only')
  const items = only.length === 0 ? checklist.items : namedItems(checklist, only)
  return await withVault(context, checklist, (vault) =>
    withApi(context, options, checklist, (gitlab) => {
      if (vault === undefined || gitlab === undefined)
        throw usage('a copy needs both sides', 'Set VAULT_ADDR and a token for Vault, and an access token for GitLab.')
      return copyAll(context, items, { vault, gitlab })
    }),
  )
}

interface Sides {
  readonly vault: VaultWriter
  readonly gitlab: GitlabClient
}

/** One after the other: a secret with several fields is read anew for each. */
async function copyAll({ stdout }: Context, items: readonly ChecklistItem[], sides: Sides): Promise<number> {
  let failed = false
  for (const item of items) {
    const { done, words } = await copyOne(item, sides)
    failed ||= !done
    stdout.write(`${done ? 'ok' : 'NO'}  ${visible(item.id)}: ${visible(words)}\n`)
  }
  return failed ? 1 : 0
}

interface Copied {
  readonly done: boolean
  readonly words: string
}

async function copyOne(item: ChecklistItem, { vault, gitlab }: Sides): Promise<Copied> {
  try {
    const variable = await readAgain(gitlab, item)
    if (variable === undefined) return { done: false, words: 'GitLab has no such variable' }
    if (variable.value === null || variable.hidden)
      return { done: false, words: 'it is hidden, so GitLab does not give its value' }
    if (isExpanded({ value: variable.value, raw: variable.raw })) return { done: false, words: expandedWords }
    return await writeField(vault, item.vault, variable.value)
  } catch (error) {
    // One refusal does not keep the others from being copied; a VaultError or GitlabError holds no value.
    if (error instanceof VaultError || error instanceof GitlabError) return { done: false, words: error.message }
    throw error
  }
}

const expandedWords = 'GitLab expands a part of the value: write the text that a job gets by hand'

async function writeField(
  vault: VaultWriter,
  { mount, path, field }: ChecklistItem['vault'],
  value: string,
): Promise<Copied> {
  const at = `${mount}/data/${path}`
  const secret = await vault.read(at)
  const data = isObject(secret?.['data']) ? secret['data'] : {}
  if (Object.hasOwn(data, field)) return present(data[field], value)
  // Numbers might change on their way through here, and a secret is written whole.
  if (Object.values(data).some((other) => typeof other !== 'string'))
    return { done: false, words: `${mount}/${path} holds more than texts: add the field with "vault kv patch"` }
  const body = { data: { ...data, [field]: value }, options: { cas: versionOf(secret) } }
  await vault.write(at, body, { repeatable: false })
  return { done: true, words: `written to ${mount}/${path}, field ${field}` }
}

function present(there: unknown, value: string): Copied {
  if (typeof there === 'string' && compareValues(there, value) === 'equal')
    return { done: true, words: 'was there already' }
  return { done: false, words: 'Vault has another value there, which stays' }
}

/** 0 says: only if there is nothing yet. */
function versionOf(secret: JsonObject | undefined): number {
  const metadata = secret?.['metadata']
  const version = isObject(metadata) ? metadata['version'] : undefined
  return typeof version === 'number' ? version : 0
}
