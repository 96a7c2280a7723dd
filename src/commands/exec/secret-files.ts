import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { Context, Output } from '../session/command.ts'
import type { ReadSecret } from './read.ts'

/** Files with secrets, for as long as the command runs. */
export interface SecretFiles {
  /** By the name of the variable: the path of its file. */
  readonly paths: Readonly<Record<string, string>>
  remove(): void
}

/**
 * One file for each secret, named like its variable: readable by the user only, in a folder that only the user can open.
 * They go away with this process, however it ends, unless by SIGKILL; a folder that cannot be removed is told on stderr.
 * Throws UserError.
 */
export function writeSecretFiles({ env, stderr }: Context, secrets: readonly ReadSecret[]): SecretFiles {
  const inFiles = secrets.filter(({ file }) => file)
  if (inFiles.length === 0) return { paths: {}, remove: () => {} }
  let directory: string | undefined
  const remove = () => {
    if (directory !== undefined) removeFolder(directory, inFiles, stderr)
  }
  process.on('exit', remove)
  try {
    const folder = mkdtempSync(join(env['TMPDIR'] || tmpdir(), 'vaultwright-'))
    directory = folder
    const paths = inFiles.map(({ name, value }) => {
      const path = join(folder, name)
      writeFileSync(path, value, { mode: 0o600, flag: 'wx' })
      return [name, path] as const
    })
    return {
      paths: Object.fromEntries(paths),
      remove() {
        remove()
        process.off('exit', remove)
      },
    }
  } catch (error) {
    remove()
    const { code } = error as NodeJS.ErrnoException
    throw new UserError([
      problem(
        'unwritable',
        `the files for the secrets cannot be written (${code})`,
        'Point TMPDIR to a folder with room, or use --env-only.',
      ),
    ])
  }
}

/** The values first: the command may have put something beside them that cannot be removed. */
function removeFolder(folder: string, secrets: readonly ReadSecret[], stderr: Output): void {
  try {
    for (const { name } of secrets) rmSync(join(folder, name), { force: true })
    rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    stderr.write(`vaultwright: the folder of the secret files, ${folder}, could not be removed (${code}); remove it\n`)
  }
}
