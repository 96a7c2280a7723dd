import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import { type Journal, parseJournal } from '../../core/journal.ts'
import type { Plan } from '../../core/plan.ts'
import type { Rollback } from '../../core/rollback.ts'
import { rollbackEnvironments } from '../../engine/rollback.ts'
import type { Context } from './command.ts'
import { serverPlace } from './server-place.ts'
import type { Workspace } from './workspace.ts'

/** Far above the journal of 100,000 changes, in bytes. */
const largestJournal = 512 * 1024 * 1024

/** Throws UserError for what cannot be read, or is not as an apply wrote it. */
export async function readJournal(context: Context, file: string): Promise<Journal> {
  const path = resolve(context.cwd, file)
  try {
    const found = await stat(path)
    if (!found.isFile() || found.size > largestJournal)
      throw new UserError([problem('not-a-journal', `${file} is not the journal of an apply`, 'Check the path.')])
    return parseJournal(await readFile(path, 'utf8'), file)
  } catch (error) {
    if (error instanceof UserError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new UserError([problem('unreadable', `${file} cannot be read (${code})`, 'Check the path.')])
  }
}

/**
 * The same folder, wanting what was there before an apply. Promises are judged on that, and no place in the files is named
 * for what the files do not say. Throws UserError where the journal does not fit the files.
 */
export function rollbackWorkspace(workspace: Workspace, rollback: Rollback): Workspace {
  const { kinds, configuration } = workspace
  const unknown = rollback.keep.filter((address) => !isIn(rollback, address))
  if (unknown.length > 0) throw new UserError(unknown.map(notInJournal))
  const environments = rollbackEnvironments(kinds, configuration.environments, rollback)
  const back = new Map(environments.map((environment) => [environment.name, environment]))
  const all = configuration.environments.map((environment) => back.get(environment.name) ?? environment)
  return { kinds, configuration: { ...configuration, environments: all, locate: () => undefined }, environments }
}

function isIn({ environments }: Rollback, address: string): boolean {
  return environments.some(({ undo }) => undo.some(({ object }) => object.address === address))
}

function notInJournal(address: string) {
  return problem(
    'usage',
    `--keep ${address}: the apply did not change such an object`,
    'Addresses are as plans print them, such as jwt-role/jwt/ci.',
  )
}

/** What was done to one server is never taken back on another. Throws UserError. */
export function checkPlaces({ environments }: Plan, rollback: Rollback): void {
  const problems = environments.flatMap(({ environment, server }) => {
    const then = rollback.environments.find((one) => one.environment === environment)?.server
    if (then !== undefined && serverPlace(then) === serverPlace(server)) return []
    return [
      problem(
        'other-server',
        `${environment}: the journal is of ${then === undefined ? 'another environment' : serverPlace(then)}, and this is ${serverPlace(server)}`,
        'Roll back where it was applied.',
      ),
    ]
  })
  if (problems.length > 0) throw new UserError(problems)
}
