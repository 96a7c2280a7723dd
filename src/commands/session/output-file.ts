import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { Context } from './command.ts'

/**
 * Writes a file that the user asked for, readable by its owner only: it holds no secret, but says what every role may do.
 * Throws UserError when it cannot be written.
 */
export async function writePrivate(context: Context, file: string, content: string): Promise<void> {
  const path = resolve(context.cwd, file)
  await orUserError(file, async () => {
    await writeFile(path, content, { mode: 0o600 })
    // The mode counts for a new file only, and a pipe has none to change.
    if ((await stat(path)).isFile()) await chmod(path, 0o600)
  })
}

/** Writes a file that anybody may read, making its folder when there is none. Throws UserError. */
export async function writePublic(context: Context, file: string, content: string): Promise<void> {
  const path = resolve(context.cwd, file)
  await orUserError(file, async () => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  })
}

async function orUserError(file: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UserError([
      problem('unwritable', `${file} could not be written (${code})`, 'Choose another place with --out.'),
    ])
  }
}
