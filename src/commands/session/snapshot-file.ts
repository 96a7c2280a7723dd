import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { normalAddress, normalNamespace } from '../../core/address.ts'
import type { Environment } from '../../core/configuration.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import { parseJsonText } from '../../core/json-text.ts'
import type { VaultReader } from '../../core/server.ts'
import { parseSnapshot, snapshotReader } from '../../core/snapshot.ts'
import type { Context } from './command.ts'

/** A saved state of a server as a reader. Throws UserError when the file is none. */
export async function openSnapshot(context: Context, file: string): Promise<VaultReader> {
  const value = await readJson(context, file)
  try {
    return snapshotReader(parseSnapshot(value))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(error.diagnostics.map((one) => ({ ...one, message: `${file}: ${one.message}` })))
  }
}

/** Throws UserError when an environment names another server than the snapshot's. */
export function checkSnapshot(
  { server: { address, namespace } }: VaultReader,
  environments: readonly Environment[],
): void {
  const others = environments.filter(
    (environment) =>
      (environment.address !== undefined && normalAddress(environment.address) !== normalAddress(address)) ||
      (environment.namespace !== undefined && normalNamespace(environment.namespace) !== namespace),
  )
  if (others.length === 0) return
  const place = namespace === '' ? address : `${address}, namespace ${namespace}`
  throw new UserError(
    others.map(({ name, source }) => ({
      ...problem(
        'other-server',
        `${name} is on another server than the snapshot, which is of ${place}`,
        'Choose the environments of that server with --environment.',
      ),
      source,
    })),
  )
}

/** Throws UserError for a file that cannot be read or is not JSON. */
export async function readJson(context: Context, file: string): Promise<unknown> {
  const content = await readFile(resolve(context.cwd, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError([problem('unreadable', `${file} cannot be read (${error.code})`, 'Check the path.')])
  })
  return parseJson(content, file)
}

/** Throws UserError for what is not JSON. */
export function parseJson(content: string, file: string): unknown {
  try {
    return parseJsonText(content)
  } catch {
    throw new UserError([
      problem(
        'not-json',
        `${file} is not JSON, or nested too deeply`,
        'It may be cut off, or not be what this command takes.',
      ),
    ])
  }
}
