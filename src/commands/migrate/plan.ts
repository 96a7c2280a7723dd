import { resolve } from 'node:path'
import { normalAddress } from '../../core/address.ts'
import { hasErrors, UserError } from '../../core/diagnostic.ts'
import type { Surroundings } from '../../gitlab/migrate/configuration.ts'
import {
  type Inventory,
  type InventoryProject,
  inventoryFormat,
  inventorySchema,
} from '../../gitlab/migrate/inventory.ts'
import { type Migration, migrationFormat } from '../../gitlab/migrate/migration.ts'
import { type Proposal, propose } from '../../gitlab/migrate/propose.ts'
import { kinds } from '../../kinds/index.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import { document } from '../../render/plan/json.ts'
import { countOf } from '../../render/words.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { examine } from '../session/examination.ts'
import { colorOption, list, text, usage, useColor, verboseOption } from '../session/options.ts'
import { readConfiguration } from '../session/workspace.ts'
import { readDocument } from './documents.ts'
import { migrationMarkdown } from './migration-markdown.ts'
import { writeConfiguration, writeJobs, writeOwn } from './plan-files.ts'

export const plan: Command = {
  description: [
    'Writes a configuration with one role for each project and environment, the job templates, migration.json for the checklist',
    'and MIGRATION.md for people. Files that somebody wrote or changed are left alone. docs/migrate.md tells more.',
    'Exit code 0: written. 1: problems, such as files that do not fit together.',
  ].join('\n'),
  arguments: [{ name: '<inventory>', description: 'a file that "migrate inventory --out" wrote' }],
  options: [
    { flags: '-o, --out <folder>', description: 'where to write', default: 'migration' },
    { flags: '--vault <url>', description: 'address of Vault; default: VAULT_ADDR' },
    { flags: '--namespace <path>', description: 'namespace of Vault; default: none is written' },
    { flags: '--audience <text>', description: 'the "aud" of ID tokens; default: the address of Vault' },
    {
      flags: '--gitlab-url <url>',
      description: "issuer of the ID tokens; default: the inventory's GitLab, then CI_SERVER_URL",
    },
    { flags: '--edition <name>', description: 'the GitLab there is', choices: ['free', 'premium', 'ultimate'] },
    { flags: '--auth-mount <path>', description: 'where the JWT method is mounted', default: 'jwt' },
    { flags: '--mount <path>', description: 'the kv-v2 engine that the values go to', default: 'ci' },
    {
      flags: '--environment <name>',
      description: 'an environment of GitLab beside those of the variables',
      repeatable: true,
    },
    {
      flags: '--project <id=path>',
      description: 'a project that was not asked for by the API, such as 42=group/app',
      repeatable: true,
    },
    { flags: '--without-environment', description: 'a role for jobs without an environment, too' },
    { flags: '--secret <key>', description: 'this variable is a secret, whatever it looks like', repeatable: true },
    { flags: '--configuration <key>', description: 'this variable is none', repeatable: true },
    colorOption,
    verboseOption,
  ],
  run: runPlan,
}

async function runPlan(context: Context, options: Options, [file = '']: readonly string[]): Promise<number> {
  const from = 'migrate inventory --out FILE'
  const read = await readDocument(context, file, { format: inventoryFormat, schema: inventorySchema, from })
  const inventory = withProjects(read, list(options, 'project').map(projectOf))
  if (inventory.projects.length === 0)
    throw usage('which project are the variables of?', 'Say it with --project, such as --project 42=group/app.')
  const around = surroundings(context, options, inventory)
  const proposal = propose(inventory, {
    mount: mountOf(options),
    environments: list(options, 'environment'),
    withoutEnvironment: options['withoutEnvironment'] === true,
    secrets: new Set(list(options, 'secret')),
    configuration: new Set(list(options, 'configuration')),
  })
  return write(context, options, { inventory, proposal, around })
}

/** It becomes a part of paths in policies, and of commands that people copy. */
function mountOf(options: Options): string {
  const mount = text(options, 'mount') ?? 'ci'
  if (/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(mount)) return mount
  throw usage(`--mount takes the path of a secrets engine, such as ci or kv/ci, not ${JSON.stringify(mount)}`)
}

interface Made {
  readonly inventory: Inventory
  readonly proposal: Proposal
  readonly around: Surroundings
}

async function write(context: Context, options: Options, made: Made): Promise<number> {
  const folder = text(options, 'out') ?? 'migration'
  const migration = migrationOf(made)
  const kept =
    made.proposal.roles.length === 0 ? [] : await writeConfiguration(context, folder, made.proposal, made.around)
  await writeOwn(context, `${folder}/migration.json`, document(migration))
  await writeOwn(context, `${folder}/MIGRATION.md`, migrationMarkdown(made.proposal, made.inventory, { folder, kept }))
  const failed = made.proposal.roles.length > 0 && !(await examined(context, options, folder, made.around))
  context.stdout.write(summary(made.proposal, folder))
  for (const path of kept) context.stderr.write(`${path} is somebody's own and was left as it is.\n`)
  return failed ? 1 : 0
}

/** What was written is read again as every other configuration: it must stand up to "check". */
async function examined(context: Context, options: Options, folder: string, around: Surroundings): Promise<boolean> {
  const configuration = await readConfiguration(context, { directory: resolve(context.cwd, folder) }, {})
  if (hasErrors(configuration.diagnostics)) throw new UserError(configuration.diagnostics)
  await writeJobs(context, folder, configuration, around)
  const { diagnostics } = examine(configuration, kinds)
  if (diagnostics.length > 0)
    context.stderr.write(renderDiagnostics(diagnostics, { color: useColor(context, options, context.stderr) }))
  return !hasErrors(diagnostics)
}

function summary({ items, stays, decide, roles }: Proposal, folder: string): string {
  const moving = `${countOf(items.length, 'variable')} to move, ${stays.length} to stay, ${decide.length} to decide about`
  return `${moving}; ${countOf(roles.length, 'role')}. Read ${folder}/MIGRATION.md.\n`
}

function migrationOf({ inventory, proposal, around }: Made): Migration {
  const { gitlab, hash_key, projects } = inventory
  const { items, stays, decide } = proposal
  return {
    format: migrationFormat,
    gitlab,
    hash_key,
    address: around.address ?? null,
    namespace: around.namespace ?? null,
    projects,
    items: [...items],
    stays: [...stays],
    decide: [...decide],
  }
}

function projectOf(given: string): InventoryProject {
  const [, id, path] = /^(\d+)=([\w.-]+(?:\/[\w.-]+)+)$/.exec(given) ?? []
  if (id === undefined || path === undefined)
    throw usage(`--project takes a number and a path, such as 42=group/app, not ${JSON.stringify(given)}`)
  const parts = path.split('/').slice(0, -1)
  const groups = parts.map((_, at) => parts.slice(0, parts.length - at).join('/'))
  return { id: Number(id), path, default_branch: null, groups, schedules: false }
}

function withProjects(inventory: Inventory, more: readonly InventoryProject[]): Inventory {
  const added = more.filter(({ path }) => inventory.projects.every((project) => project.path !== path))
  return { ...inventory, projects: [...inventory.projects, ...added] }
}

function surroundings({ env }: Context, options: Options, inventory: Inventory): Surroundings {
  const gitlab = text(options, 'gitlabUrl') ?? inventory.gitlab ?? env['CI_SERVER_URL']
  if (!gitlab)
    throw usage('which GitLab issues the ID tokens?', 'Say it with --gitlab-url, such as https://gitlab.example.com.')
  const address = text(options, 'vault')
  const audience = text(options, 'audience') ?? address ?? env['VAULT_ADDR']
  if (!audience) throw usage('which Vault is meant?', 'Say it with --vault, such as https://vault.example.com.')
  return {
    gitlab: gitlab.replace(/\/+$/, ''),
    audience: audience.replace(/\/+$/, ''),
    ...(address === undefined ? {} : { address: normalAddress(address) ?? address }),
    ...(text(options, 'namespace') === undefined ? {} : { namespace: text(options, 'namespace') }),
    authMount: text(options, 'authMount') ?? 'jwt',
    edition: text(options, 'edition') as Surroundings['edition'],
  }
}
