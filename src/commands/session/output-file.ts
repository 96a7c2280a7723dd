import { chmod, lstat, mkdir, realpath, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isBelow } from '../../config/gitlab-ci/files.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { Context } from './command.ts'

/**
 * Writes a file that the user asked for, readable by its owner only: it holds no secret, but says what every role may do.
 * Throws UserError when it cannot be written.
 */
export async function writePrivate(context: Context, file: string, content: string): Promise<void> {
  const path = resolve(context.cwd, file)
  await refuseLeadingOut(context.cwd, path, file)
  await orUserError(file, async () => {
    await writeFile(path, content, { mode: 0o600 })
    // The mode counts for a new file only, and a pipe has none to change.
    if ((await stat(path)).isFile()) await chmod(path, 0o600)
  })
}

/** Writes a file that anybody may read, making its folder when there is none. Throws UserError. */
export async function writePublic(context: Context, file: string, content: string): Promise<void> {
  const path = resolve(context.cwd, file)
  await refuseLeadingOut(context.cwd, path, file)
  await orUserError(file, async () => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  })
}

/**
 * The working folder may be the checkout of somebody's merge request: a path that stays in it by its words must not leave
 * it by a link. Whatever lies elsewhere by its words, such as /dev/stdout, is what the user named.
 */
async function refuseLeadingOut(cwd: string, path: string, shown: string): Promise<void> {
  if (!isBelow(cwd, path)) return
  const root = await realpath(cwd)
  for (let part = path; isBelow(cwd, part) && part !== cwd; part = dirname(part)) {
    const real = await realpath(part).catch(() => undefined)
    // Nothing is there, or a link to nothing, which writing would make.
    if (real === undefined && (await lstat(part).catch(() => undefined)) === undefined) continue
    if (real !== undefined && isBelow(root, real)) return
    throw new UserError([
      problem(
        'unwritable',
        `${shown} is a link that leads out of the working folder`,
        'Remove the link, or name another file.',
      ),
    ])
  }
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
