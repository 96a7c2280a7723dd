import { problem, UserError } from '../../core/diagnostic.ts'
import { byText } from '../../core/json.ts'
import type { Inventory } from '../../gitlab/migrate/inventory.ts'
import { inventoryFormat } from '../../gitlab/migrate/inventory.ts'
import { relate } from '../../gitlab/migrate/relate.ts'
import { document } from '../../render/plan/json.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { gitlabOptions, gitlabSettings, tokenSources, withGitlab } from '../session/gitlab.ts'
import { formatOption, list, text, usage, verboseOption } from '../session/options.ts'
import { writePrivate } from '../session/output-file.ts'
import { type Asked, collectFromApi } from './api-sources.ts'
import { collectEnvFile, collectExport, collectYaml } from './file-sources.ts'
import { hashKeyOption, runHasher } from './hash-key.ts'
import { inventoryCsv, inventoryMarkdown, inventoryText } from './inventory-table.ts'
import { type Collection, emptyCollection } from './sources.ts'

export const inventory: Command = {
  description: [
    'Reads CI/CD variables and keeps of each value nothing but a keyed hash and words about it. docs/migrate.md tells more.',
    'Exit code 0: read, also where a group was closed to the token, which is said. 1: nothing could be read.',
  ].join('\n'),
  options: [
    {
      flags: '--project <id>',
      description: 'number or path of a project; may be given several times',
      repeatable: true,
    },
    { flags: '--group <id>', description: 'a group and those above it; may be given several times', repeatable: true },
    { flags: '--instance', description: "the instance's variables too, which takes an administrator's token" },
    {
      flags: '--export <path=file>',
      description: 'variables of a project as "glab variable export -F json" gives them, such as company/app=file.json',
      repeatable: true,
    },
    { flags: '--group-export <path=file>', description: 'the same of a group', repeatable: true },
    {
      flags: '--of <path>',
      description: 'the project that the files belong to, such as company/app; default: the only --project',
    },
    { flags: '--env-file <file>', description: 'a .env file; may be given several times', repeatable: true },
    {
      flags: '--yaml <file>',
      description: 'a GitLab YAML with variables of its own; may be given several times',
      repeatable: true,
    },
    hashKeyOption,
    ...gitlabOptions,
    verboseOption,
    { flags: '-o, --out <file>', description: 'write the inventory there as JSON, and show the table' },
    formatOption('text', 'json', 'markdown', 'csv'),
  ],
  run: runInventory,
}

async function runInventory(context: Context, options: Options): Promise<number> {
  const into = emptyCollection(await runHasher(context, options))
  const asked = {
    projects: list(options, 'project'),
    groups: list(options, 'group'),
    instance: options['instance'] === true,
  }
  const gitlab = await collectAll(context, options, asked, into)
  const made: Inventory = {
    format: inventoryFormat,
    gitlab,
    hash_key: into.hasher.keyId,
    projects: into.projects.toSorted((a, b) => byText(a.path, b.path)),
    variables: [...relate([...into.taken.values()], into.projects, into.hasher)],
    missing: into.missing.toSorted(byText),
  }
  const out = text(options, 'out')
  if (out !== undefined) await writePrivate(context, out, document(made))
  context.stdout.write(rendered(made, text(options, 'format') ?? 'text'))
  return made.variables.length === 0 && made.missing.length > 0 ? 1 : 0
}

function rendered(made: Inventory, format: string): string {
  if (format === 'json') return document(made)
  if (format === 'markdown') return inventoryMarkdown(made)
  return format === 'csv' ? inventoryCsv(made) : inventoryText(made)
}

/** Gives the address of GitLab where it was asked. */
async function collectAll(context: Context, options: Options, asked: Asked, into: Collection): Promise<string | null> {
  const api = asked.projects.length > 0 || asked.groups.length > 0 || asked.instance
  const files = ['export', 'groupExport', 'envFile', 'yaml'].flatMap((name) => list(options, name))
  if (!api && files.length === 0)
    throw usage('there is nothing to read', 'Name --project, --group, --instance, --export, --env-file or --yaml.')
  const gitlab = api ? await fromApi(context, options, asked, into) : null
  await fromFiles(context, options, into)
  return gitlab
}

async function fromApi(context: Context, options: Options, asked: Asked, into: Collection): Promise<string> {
  const connection = gitlabSettings(context, options)
  if (connection === undefined) {
    const help =
      'Make an access token with scope read_api of a user who may read the variables: a maintainer of the project.'
    throw new UserError([problem('no-token', `there is no token in ${tokenSources(options)}`, help)])
  }
  await withGitlab(context, connection, (client) => collectFromApi(client, asked, into))
  return connection.apiUrl.replace(/\/api\/v4$/, '')
}

async function fromFiles(context: Context, options: Options, into: Collection): Promise<void> {
  const only = into.projects.length === 1 ? into.projects[0]?.path : undefined
  const owner = text(options, 'of') ?? only
  const project = owner === undefined ? {} : { project: owner }
  for (const given of list(options, 'export')) {
    const { file, owner: name } = ownedFile(given, owner, '--export')
    await collectExport(context, file, { kind: 'project', name }, into)
  }
  for (const given of list(options, 'groupExport')) {
    const { file, owner: name } = ownedFile(given, undefined, '--group-export')
    await collectExport(context, file, { kind: 'group', name }, into)
  }
  for (const file of list(options, 'envFile')) await collectEnvFile(context, file, project, into)
  for (const file of list(options, 'yaml')) await collectYaml(context, file, project, into)
}

/** `company/app=variables.json`, or the file alone where its owner is known. */
function ownedFile(
  given: string,
  owner: string | undefined,
  flag: string,
): { readonly file: string; readonly owner: string } {
  const [, said, file] = /^([^=]+)=(.+)$/.exec(given) ?? []
  if (said !== undefined && file !== undefined) return { file, owner: said }
  if (owner !== undefined) return { file: given, owner }
  throw usage(
    `whose variables does ${flag} ${given} hold?`,
    `Say it before the file, such as ${flag} company/app=${given}.`,
  )
}
