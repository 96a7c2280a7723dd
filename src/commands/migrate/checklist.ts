import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { isObject } from '../../core/json.ts'
import { type Checklist, checklistFormat, checklistOf, checklistSchema } from '../../gitlab/migrate/checklist.ts'
import { migrationFormat, migrationSchema } from '../../gitlab/migrate/migration.ts'
import { document } from '../../render/plan/json.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { formatOption, text, verboseOption } from '../session/options.ts'
import { writePublic } from '../session/output-file.ts'
import { readJson } from '../session/snapshot-file.ts'
import { checklistMarkdown, checklistText } from './checklist-view.ts'
import { readDocument } from './documents.ts'

export const checklist: Command = {
  description: [
    'Of migration.json: writes the list, and keeps what a former list says of the same variables. Of a list: shows it.',
    'Exit code 0, or 1 for a file that is none of both. docs/migrate.md tells more.',
  ].join('\n'),
  arguments: [{ name: '<file>', description: 'migration.json, or a checklist' }],
  options: [
    { flags: '-o, --out <file>', description: 'where the list is, or is to be' },
    verboseOption,
    formatOption('text', 'json', 'markdown'),
  ],
  run: runChecklist,
}

async function runChecklist(context: Context, options: Options, [file = '']: readonly string[]): Promise<number> {
  const made = await listOf(context, options, file)
  const out = text(options, 'out')
  if (out !== undefined) await writePublic(context, out, document(made))
  context.stdout.write(renderedList(made, text(options, 'format')))
  return 0
}

async function listOf(context: Context, options: Options, file: string): Promise<Checklist> {
  const value = await readJson(context, file)
  if (isObject(value) && value['format'] === checklistFormat) return readChecklist(context, file)
  const from = 'migrate plan'
  const migration = await readDocument(context, file, { format: migrationFormat, schema: migrationSchema, from })
  const out = text(options, 'out')
  const former =
    out !== undefined && existsSync(resolve(context.cwd, out)) ? await readChecklist(context, out) : undefined
  return checklistOf(migration, former)
}

export function readChecklist(context: Context, file: string): Promise<Checklist> {
  const from = 'migrate checklist migration.json --out FILE'
  return readDocument(context, file, { format: checklistFormat, schema: checklistSchema, from })
}

export function renderedList(made: Checklist, format: string | undefined): string {
  if (format === 'json') return document(made)
  return format === 'markdown' ? checklistMarkdown(made) : checklistText(made)
}
