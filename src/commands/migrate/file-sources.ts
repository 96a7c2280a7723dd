import { readFile } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { readGitlabVariables } from '../../config/gitlab-variables.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import { parseEnvFile } from '../../gitlab/migrate/env-file.ts'
import { parseExport } from '../../gitlab/migrate/exports.ts'
import type { Place } from '../../gitlab/migrate/inventory.ts'
import type { Context } from '../session/command.ts'
import { type Collection, collect } from './sources.ts'

/** @param owner whose variables were exported: a project's or a group's path */
export async function collectExport(
  context: Context,
  file: string,
  owner: Pick<Place, 'kind' | 'name'>,
  into: Collection,
): Promise<void> {
  const variables = parseExport(await readText(context, file))
  if (variables === undefined)
    throw unread(file, 'is no list of variables', 'Make it with "glab variable export -F json", or with the API.')
  for (const variable of variables) collect(into, { ...owner, exported: true }, variable)
}

/** Of a file, where it is known. */
type Owner = Pick<Place, 'project'>

export async function collectEnvFile(context: Context, file: string, owner: Owner, into: Collection): Promise<void> {
  const { variables, unread: lines } = parseEnvFile(await readText(context, file))
  const name = nameOf(context, file)
  for (const variable of variables) collect(into, { kind: 'env-file', name, ...owner }, variable)
  if (lines.length > 0) into.missing.push(`env-file ${name}: lines that are no variable: ${lines.join(', ')}`)
}

export async function collectYaml(context: Context, file: string, owner: Owner, into: Collection): Promise<void> {
  const found = readGitlabVariables(await readText(context, file))
  if (found === undefined) throw unread(file, 'is not YAML that GitLab could read', "GitLab's CI Lint says where.")
  const name = nameOf(context, file)
  for (const { key, value, job } of found.variables) {
    const place: Place = { kind: 'yaml', name, ...owner, ...(job === undefined ? {} : { part: job }) }
    collect(into, place, { key, value })
  }
}

/** Throws UserError, without a word of what the file holds. */
export async function readText(context: Context, file: string): Promise<string> {
  try {
    return await readFile(resolve(context.cwd, file), 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UserError([problem('unreadable', `${file} cannot be read (${code})`, 'Check the path.')])
  }
}

/** The same whoever runs it from wherever: a path as seen from the working folder. */
function nameOf({ cwd }: Context, file: string): string {
  return relative(cwd, resolve(cwd, file)).split(sep).join('/')
}

function unread(file: string, what: string, help: string): UserError {
  return new UserError([problem('unreadable', `${file} ${what}`, help)])
}
