import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { problem, UserError } from '../../core/diagnostic.ts'

const run = promisify(execFile)

/** The files of a commit, in a folder of their own. */
export interface GitTree {
  /** The same folder as the one that was asked for, as it was at the commit. */
  readonly directory: string
  /** Abbreviated. */
  readonly commit: string
  remove(): Promise<void>
}

/**
 * What `directory` held at a commit, branch or tag. Goes through an index of its own, so that neither the work tree nor
 * anything that is staged is touched, and no hook runs. Throws UserError where git does not know the name.
 */
export async function checkOut(directory: string, revision: string): Promise<GitTree> {
  // A revision that begins with "-" would be taken for an option.
  const commit = await git(directory, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`])
  if (commit === undefined) throw unknownRevision(revision, directory)
  const folder = await mkdtemp(join(tmpdir(), 'vaultwright-git-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const prefix = (await git(directory, ['rev-parse', '--show-prefix'])) ?? ''
    const root = (await git(directory, ['rev-parse', '--show-toplevel'])) ?? directory
    const env = { ...process.env, GIT_INDEX_FILE: join(folder, 'index') }
    await run('git', ['-C', root, 'read-tree', commit], { env })
    await run('git', ['-C', root, 'checkout-index', '--all', `--prefix=${join(folder, 'tree')}/`], { env })
    return { directory: join(folder, 'tree', prefix), commit: commit.slice(0, 10), remove }
  } catch (error) {
    await remove()
    throw new UserError([problem('git', `git could not give the files of ${revision}: ${firstLine(error)}`)])
  }
}

/** What git prints; undefined where it says no. */
async function git(directory: string, words: readonly string[]): Promise<string | undefined> {
  try {
    return (await run('git', ['-C', directory, ...words])).stdout.trimEnd()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UserError([problem('git', 'git is not installed, and comparing with a commit needs it')])
    return undefined
  }
}

function unknownRevision(revision: string, directory: string): UserError {
  return new UserError([
    problem(
      'unknown-revision',
      `${JSON.stringify(revision)} is neither a folder nor anything that git knows in ${directory}`,
      'Name a folder, a branch, a tag or a commit, or "live" for the server. In a shallow clone, fetch the commit first.',
    ),
  ])
}

function firstLine(error: unknown): string {
  const { stderr = '', message } = error as Error & { readonly stderr?: string }
  return (stderr || message).split('\n', 1)[0] ?? ''
}
