import { constants, existsSync } from 'node:fs'
import { copyFile, link, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'

/** What lies in the way of the files: those that are there already, links and what is no folder. */
export async function obstacles(
  folder: string,
  paths: readonly string[],
  force: boolean,
): Promise<readonly Diagnostic[]> {
  const found = new Map<string, Diagnostic>()
  const folders = new Set(paths.flatMap(foldersOf))
  for (const path of folders) {
    const reason = await folderObstacle(join(folder, path))
    if (reason !== undefined)
      found.set(path, problem('not-a-folder', `${path} is ${reason}`, 'Import into another folder with --out.'))
  }
  for (const path of paths) {
    if (foldersOf(path).some((above) => found.has(above))) continue
    const what = await kindOfFile(join(folder, path))
    if (what === undefined || (what === 'file' && force)) continue
    const message =
      what === 'file'
        ? `${path} is there already`
        : `${path} is there already, and it is ${what === 'link' ? 'a link' : 'no file'}`
    found.set(path, problem('file-exists', message))
  }
  return [...found.values()]
}

/** What a configuration reads in the folders of these files, and is none of them. */
export async function filesBeside(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const known = new Set(paths)
  const tops = [...new Set(paths.flatMap((path) => foldersOf(path).slice(0, 1)))]
  const there = tops.map((top) => join(folder, top)).filter(existsSync)
  const found = await Promise.all(there.map((top) => readdir(top, { recursive: true, withFileTypes: true })))
  return found
    .flat()
    .filter((entry) => entry.isFile() && /\.(ya?ml|hcl)$/.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => !known.has(path))
    .sort()
}

/** `a/b/c.yaml` → `a`, `a/b`. */
function foldersOf(path: string): string[] {
  const segments = path.split('/').slice(0, -1)
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'))
}

async function folderObstacle(path: string): Promise<string | undefined> {
  const what = await kindOfFile(path)
  if (what === 'link') return 'a link, and nothing is written through links'
  return what === undefined || what === 'folder' ? undefined : 'no folder'
}

async function kindOfFile(path: string): Promise<'file' | 'folder' | 'link' | 'other' | undefined> {
  try {
    const status = await lstat(path)
    if (status.isSymbolicLink()) return 'link'
    return status.isDirectory() ? 'folder' : status.isFile() ? 'file' : 'other'
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** Files that are in place, and the way back. */
export interface Placed {
  undo(): Promise<void>
}

/** In the stage, where no configuration looks for files. */
const replaced = '.replaced'

/**
 * Moves files from the stage to their places, each at once: nobody ever sees half a file. Without `force` nothing is
 * replaced, also not what appeared a moment ago. If one cannot be placed, those before it are taken back.
 */
export async function placeFiles(
  stage: string,
  folder: string,
  paths: readonly string[],
  force: boolean,
): Promise<Placed> {
  const steps: (() => Promise<void>)[] = []
  const undo = async () => {
    for (const step of steps.reverse()) await step()
  }
  try {
    await makeFolder(folder, steps)
    for (const path of new Set(paths.flatMap(foldersOf))) await makeFolder(join(folder, path), steps)
    await mkdir(join(stage, replaced))
    for (const [index, path] of paths.entries())
      await place(join(stage, path), join(folder, path), { steps, force, backup: join(stage, replaced, String(index)) })
    return { undo }
  } catch (error) {
    await undo()
    const { code = 'unknown error', path = folder } = error as NodeJS.ErrnoException
    throw new UserError([
      problem(
        'unwritable',
        `${path} could not be written (${code}); nothing was changed`,
        'Choose another place with --out.',
      ),
    ])
  }
}

async function makeFolder(path: string, steps: (() => Promise<void>)[]): Promise<void> {
  if ((await kindOfFile(path)) !== undefined) return
  if (dirname(path) !== path) await makeFolder(dirname(path), steps)
  await mkdir(path)
  steps.push(async () => {
    // Somebody else may have put something there meanwhile.
    await rmdir(path).catch(() => {})
  })
}

interface Placing {
  readonly steps: (() => Promise<void>)[]
  readonly force: boolean
  readonly backup: string
}

async function place(from: string, to: string, { steps, force, backup }: Placing): Promise<void> {
  if (force && (await kindOfFile(to)) === 'file') {
    await rename(to, backup)
    steps.push(() => rename(backup, to))
    await rename(from, to)
    return
  }
  // A link fails where something is; a rename would replace it.
  await link(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw error
    return copyFile(from, to, constants.COPYFILE_EXCL)
  })
  steps.push(() => rm(to, { force: true }))
}
