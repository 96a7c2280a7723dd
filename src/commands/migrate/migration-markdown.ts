import { groupBy } from '../../core/group-by.ts'
import { type Inventory, type InventoryVariable, keyAndScope, placeText } from '../../gitlab/migrate/inventory.ts'
import type { Left, MigrationItem } from '../../gitlab/migrate/migration.ts'
import type { Note, Proposal } from '../../gitlab/migrate/propose.ts'
import { code } from '../../render/markdown-escape.ts'

interface About {
  readonly folder: string
  /** Files that were left alone. */
  readonly kept: readonly string[]
}

/** The plan for people: what moves where, by which commands, and what to think about first. */
export function migrationMarkdown(proposal: Proposal, inventory: Inventory, { folder, kept }: About): string {
  const { items, stays, decide, roles, notes } = proposal
  const warned = warnings(inventory.variables, items)
  const parts = [
    '# From CI/CD variables to Vault',
    'Written by `vaultwright migrate plan`, without a value in it. Written anew by the next run.',
    section(
      'Before anything else',
      [...notes.map(noteLine), ...kept.map((path) => `${code(path)} is somebody's own and was left as it is.`)].map(
        bullet,
      ),
    ),
    section('What moves', items.length === 0 ? [] : [movingTable(items)]),
    section(
      'Roles',
      roles.map(({ name, project, scope }) =>
        bullet(
          `${code(name)}: jobs of ${code(project.path)} ${scope === undefined ? 'without an environment' : `in ${code(scope)}`}`,
        ),
      ),
    ),
    section('Write the values', items.length === 0 ? [] : [writing(items)]),
    section('What could be made for each job instead', dynamic(proposal)),
    section('What to decide', decide.map(leftLine)),
    section('What stays a variable', stays.map(leftLine)),
    section('Warnings', warned),
    section('Then', [next(folder)]),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `## ${title}\n\n${lines.join('\n')}`
}

function bullet(words: string): string {
  return `- ${words}`
}

function noteLine({ words, about }: Note): string {
  return about.length === 0 ? words : `${words}: ${about.map(code).join(', ')}`
}

function leftLine({ id, why, by = [] }: Left): string {
  const others = by.length === 0 ? '' : ` (${by.map(code).join(', ')})`
  return bullet(`${code(id)}: ${why}${others}`)
}

function movingTable(items: readonly MigrationItem[]): string {
  const rows = items.map(({ key, environment_scope: scope, place, vault, roles }) => {
    const cells = [
      keyAndScope(key, scope),
      placeText(place),
      `${vault.mount}/${vault.path}`,
      vault.field,
      roles.join(', '),
    ]
    return `| ${cells.map(code).join(' | ')} |`
  })
  return ['| variable | from | secret in Vault | field | read by |', '|---|---|---|---|---|', ...rows].join('\n')
}

/** The values never pass through this program: each command waits for one on stdin, or reads the file that it is in. */
function writing(items: readonly MigrationItem[]): string {
  const mounts = [...new Set(items.map(({ vault }) => vault.mount))]
  const secrets = groupBy(items, ({ vault }) => `${vault.mount}\0${vault.path}`)
  const commands = [...secrets.values()].flatMap((same) => {
    const fields = [...new Map(same.map((one) => [one.vault.field, one])).values()]
    return fields.map((one, at) => writeCommand(one, at === 0))
  })
  const intro = [
    `The engine must be there: ${mounts.map((mount) => `\`vault secrets enable -path=${mount} -version=2 kv\``).join(', ')}.`,
    '`vaultwright migrate copy checklist.json` writes those that GitLab gives and does not expand, and shows none; or by hand:',
    'Each command waits for the value: type or paste it, then Ctrl-D. `-cas=0` refuses to write over a secret that is there.',
    'A line break at the end becomes a part of the value; `vaultwright migrate verify` says so.',
  ]
  return [...intro, '', '```sh', ...commands, '```'].join('\n')
}

function writeCommand({ type, hidden, expands, vault: { mount, path, field } }: MigrationItem, first: boolean): string {
  const verb = first ? 'put -cas=0' : 'patch'
  const source = type === 'file' ? `@${field}.file` : '-'
  const note = hidden
    ? '  # hidden in GitLab: take it from where it was made'
    : expands
      ? '  # GitLab expands a part of it: write the text that a job gets'
      : ''
  return `vault kv ${verb} -mount=${mount} ${path} ${field}=${source}${note}`
}

function dynamic({ dynamic: hints }: Proposal): readonly string[] {
  return hints.flatMap(({ project, keys, why, example, engine }) => [
    `- ${code(project)}, ${keys.map(code).join(' and ')}: the ${engine} engine. ${why} In a role of its own:`,
    '',
    '  ```yaml',
    ...example.map((line) => `  ${line}`),
    '  ```',
  ])
}

function warnings(variables: readonly InventoryVariable[], items: readonly MigrationItem[]): readonly string[] {
  const moving = new Map(items.map((item) => [item.id, item]))
  return variables.flatMap(({ id, warnings: words, duplicates }) => {
    const item = moving.get(id)
    if (item === undefined) return []
    const { key, mentioned_by: by = [] } = item
    const mentioned =
      by.length === 0
        ? []
        : [`mentioned as ${code(`$${key}`)} by ${by.map(code).join(', ')}, which change when it is deleted`]
    const same =
      duplicates.length === 0 ? [] : [`the same value as ${duplicates.map(code).join(', ')}: one place in Vault may do`]
    return [...words, ...mentioned, ...same].map((word) => bullet(`${code(id)}: ${word}`))
  })
}

function next(folder: string): string {
  const yaml = `--gitlab-yaml .gitlab-ci.yml --gitlab-yaml ${folder}/gitlab/vault-jobs.yml`
  return [
    `1. Read the files in \`${folder}/\`, then \`vaultwright check -C ${folder}\`, \`plan\` and \`apply\`.`,
    `2. \`vaultwright migrate checklist ${folder}/migration.json --out checklist.json\``,
    `3. Include \`${folder}/gitlab/vault-jobs.yml\` and let jobs extend its templates. While a variable is still there, the value`,
    '   from Vault is the one that a job gets: the runner puts secrets over variables of the same name.',
    `4. \`vaultwright migrate verify checklist.json ${yaml}\` after each step.`,
    `5. \`vaultwright migrate verify checklist.json ${yaml} --delete --only KEY\` once a job of every role reads`,
    '   it from Vault. Name the files of all projects whose jobs get the variable: no others are seen.',
  ].join('\n')
}
