import { type Inventory, type InventoryVariable, keyAndScope, placeText } from '../../gitlab/migrate/inventory.ts'
import { csv } from '../../render/csv.ts'
import { code } from '../../render/markdown-escape.ts'
import { displayWidth, padEnd, visible } from '../../render/visible.ts'
import { countOf } from '../../render/words.ts'

const columns = ['variable', 'where', 'class', 'flags', 'why', 'overridden', 'same value'] as const

function cells(one: InventoryVariable): readonly string[] {
  return [
    keyAndScope(one.key, one.environment_scope),
    placeText(one.place),
    one.class,
    flagsOf(one),
    one.signs.join(', '),
    one.overridden === 'never' ? '' : `${one.overridden} by ${one.overridden_by.join(', ')}`,
    one.duplicates.join(', '),
  ]
}

function flagsOf(one: InventoryVariable): string {
  const flags = ['protected', 'masked', 'hidden', 'raw', 'expands'] as const
  return [...flags.filter((flag) => one[flag]), ...(one.type === 'file' ? ['file'] : [])].join(', ')
}

export function inventoryText(inventory: Inventory): string {
  const rows = [columns, ...inventory.variables.map((one) => cells(one).map(visible))].map((row) => row.slice(0, 5))
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => displayWidth(row[at] ?? '')))) ?? []
  const lines = rows.map((row) =>
    row
      .map((cell, at) => padEnd(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return sections([lines.join('\n'), ...details(inventory, visible), summary(inventory)])
}

/** What has no place in a narrow table, each variable's under its name. */
function details({ variables, missing }: Inventory, show: (text: string) => string): string[] {
  const about = variables.flatMap((one) => {
    const notes = notesOf(one).map((note) => `  ${show(note)}`)
    return notes.length === 0 ? [] : [[show(one.id), ...notes].join('\n')]
  })
  const closed = missing.map((words) => `  ${show(words)}`)
  return [...about, ...(closed.length === 0 ? [] : [['Not read:', ...closed].join('\n')])]
}

function notesOf(one: InventoryVariable): readonly string[] {
  const { overridden, overridden_by: by, duplicates, warnings, mentions } = one
  return [
    ...warnings,
    ...(overridden === 'never' ? [] : [`${overridden} overridden by ${by.join(', ')}`]),
    ...(duplicates.length === 0 ? [] : [`the same value as ${duplicates.join(', ')}`]),
    ...(mentions.length === 0 ? [] : [`mentions ${mentions.join(', ')}`]),
  ]
}

function summary({ variables }: Inventory): string {
  const classes = ['secret', 'file', 'configuration', 'unknown'] as const
  const counts = classes.map((name) => `${variables.filter((one) => one.class === name).length} ${name}`)
  return `${countOf(variables.length, 'variable')}: ${counts.join(', ')}. Values are not kept.`
}

export function inventoryMarkdown(inventory: Inventory): string {
  const row = (texts: readonly string[]) => `| ${texts.map((text) => (text === '' ? '' : code(text))).join(' | ')} |`
  const table = [
    `| ${columns.join(' | ')} |`,
    `|${columns.map(() => '---').join('|')}|`,
    ...inventory.variables.map((one) => row(cells(one))),
  ]
  const warned = inventory.variables.flatMap(({ id, warnings }) => warnings.map((words) => `- ${code(id)}: ${words}`))
  const closed = inventory.missing.map((words) => `- not read: ${code(words)}`)
  return sections(['# CI/CD variables', summary(inventory), table.join('\n'), [...warned, ...closed].join('\n')])
}

export function inventoryCsv({ variables }: Inventory): string {
  return csv([[...columns, 'warnings'], ...variables.map((one) => [...cells(one), one.warnings.join('; ')])])
}

function sections(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}
