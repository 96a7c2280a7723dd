import { existsSync, realpathSync } from 'node:fs'
import { constants, lstat, open, readdir, realpath, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import picocolors from 'picocolors'
import { isBelow } from '../../config/gitlab-ci/files.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import { firstLine } from '../../gitlab/jobs/header.ts'
import { diffText } from '../../render/difference.ts'
import { visibleLine } from '../../render/visible.ts'
import { countOf } from '../../render/words.ts'
import type { Context } from '../session/command.ts'
import { writePublic } from '../session/output-file.ts'

/** A file, and a folder of the same name beside it for its parts. */
export interface Place {
  /** Absolute. */
  readonly file: string
  /** Absolute. */
  readonly folder: string
  /** As messages name it. */
  readonly shown: string
  /** The folder as `include: local` names it, with `/` at its end. */
  readonly parts: string
  /** Real path of the folder that nothing is read or written outside of. */
  readonly root: string
}

export interface GeneratedFiles {
  readonly place: Place
  readonly main: string
  /** By file name in the folder. */
  readonly parts: ReadonlyMap<string, string>
}

/**
 * @param file absolute
 * @param shown as the user wrote it
 * @param by a file that the settings name stays in the repository of the configuration
 */
export function placeFor(directory: string, file: string, shown: string, by: 'settings' | 'option'): Place {
  const name = basename(file).replace(/\.ya?ml$/, '')
  const folder = join(dirname(file), name === basename(file) ? `${name}.parts` : name)
  const root = repositoryRoot(file, directory)
  const path = relative(root, folder).split(sep).join('/')
  const bound = by === 'settings' ? repositoryRoot(join(directory, basename(file)), directory) : root
  return { file, folder, shown, parts: `/${path}/`, root: realFolder(bound) }
}

/** A folder that the command line names need not be there yet: it is made, wherever the folders above it really are. */
function realFolder(folder: string): string {
  if (existsSync(folder) || folder === dirname(folder)) return realpathSync(folder)
  return join(realFolder(dirname(folder)), basename(folder))
}

/** `include: local` counts from there; without a repository, the configuration's folder is taken for it, if it can be. */
function repositoryRoot(file: string, directory: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder
    if (folder === dirname(folder)) return relative(directory, file).startsWith('..') ? dirname(file) : directory
  }
}

/** A file that is not what it should be; what should not be there is wanted as nothing. */
export interface StaleFile {
  /** Absolute. */
  readonly file: string
  /** As messages name it. */
  readonly path: string
  readonly is: string | undefined
  readonly wanted: string | undefined
}

async function staleFiles({ place, main, parts }: GeneratedFiles): Promise<readonly StaleFile[]> {
  const wanted = new Map([
    [place.file, main],
    ...[...parts].map(([name, text]) => [join(place.folder, name), text] as const),
  ])
  const left = (await formerParts(place)).filter((path) => !wanted.has(path))
  const shownFrom = (file: string) => join(dirname(place.shown), relative(dirname(place.file), file))
  const files = [...wanted.keys(), ...left].map(async (file) => {
    return { file, path: shownFrom(file), is: await content(file, place.root), wanted: wanted.get(file) }
  })
  return (await Promise.all(files)).filter((file) => file.is !== file.wanted)
}

/** Gives what was done, a line each. */
export async function writeGenerated(context: Context, generated: GeneratedFiles): Promise<readonly string[]> {
  const done: string[] = []
  for (const { file, path, wanted } of await staleFiles(generated)) {
    await checkFolder(file, generated.place.root)
    if (wanted === undefined) await rm(file)
    else await writePublic(context, file, wanted)
    done.push(`${wanted === undefined ? 'removed' : 'wrote'} ${path}`)
  }
  return done.length > 0 ? done : [`${generated.place.shown} is up to date.`]
}

/** What lies in the folder and was written here: nobody else's file is touched. */
async function formerParts({ folder, root }: Place): Promise<readonly string[]> {
  const real = await realpath(folder).catch(() => undefined)
  if (real !== undefined && !isBelow(root, real)) throw notOwn(folder, root)
  const names = await readdir(folder).catch(() => [])
  const texts = await Promise.all(
    names.map(async (name) => [join(folder, name), await content(join(folder, name), root).catch(nothing)] as const),
  )
  return texts.filter(([, text]) => text?.startsWith(`# ${firstLine}`)).map(([path]) => path)
}

/**
 * What a merge request brings may be a link to anything: its text would be shown as a difference, and what is written would
 * land there. So a file that is there has to be one, and its real path below the repository. Throws UserError.
 */
async function content(path: string, root: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined) {
    if ((await lstat(path).catch(() => undefined)) !== undefined) throw notOwn(path, root)
    return undefined
  }
  if (!isBelow(root, real)) throw notOwn(path, root)
  const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(() => undefined)
  try {
    const status = await file?.stat()
    if (file === undefined || status?.isFile() !== true || status.size > largest) throw notOwn(path, root)
    return await file.readFile('utf8')
  } finally {
    await file?.close()
  }
}

/** Far more than is ever written. */
const largest = 64 * 1024 * 1024

function notOwn(path: string, root: string): UserError {
  const message = `${relative(root, path)} is no file of the repository: it leads out of it, or is no plain file`
  return new UserError([problem('not-own-file', message, 'Remove it, or name another file.')])
}

/** Where the nearest folder above that is there already leads, whatever is made below it is. */
async function checkFolder(file: string, root: string): Promise<void> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const real = await realpath(folder).catch(() => undefined)
    const there = real !== undefined || (await lstat(folder).catch(() => undefined)) !== undefined
    if (!there && folder !== dirname(folder)) continue
    // A link to nothing leads out as well. The root itself may be missing: then what is made below it counts.
    if (real === undefined || !isBelow(root, join(real, relative(folder, dirname(file))))) throw notOwn(file, root)
    return
  }
}

/** What is no plain file was not written here. */
function nothing(): undefined {}

/** Unified diffs, of what is there against what should be. */
export function showStale(files: readonly StaleFile[], color: boolean): string {
  const ink = picocolors.createColors(color)
  const inks = { '+': ink.green, '-': ink.red, '@': ink.cyan, ' ': String, '\\': ink.dim }
  return files
    .flatMap(({ path, is = '', wanted = '' }) => [
      ink.bold(`--- ${path}${is === '' ? ' (not there)' : ''}`),
      ink.bold(`+++ ${path}${wanted === '' ? ' (no longer wanted)' : ''}`),
      ...diffText(is, wanted).map(({ sign, text }) => inks[sign](`${sign === '@' ? '' : sign}${visibleLine(text)}`)),
    ])
    .map((line) => `${line}\n`)
    .join('')
}

/** For `--check`: 0 where the files are as they would be written, else 1 with the difference. */
export async function checkGenerated(
  context: Context,
  generated: GeneratedFiles,
  { command, color }: { readonly command: string; readonly color: boolean },
): Promise<number> {
  const stale = await staleFiles(generated)
  if (stale.length === 0) {
    context.stderr.write(`${generated.place.shown} is up to date.\n`)
    return 0
  }
  context.stdout.write(showStale(stale, color))
  context.stderr.write(`${countOf(stale.length, 'file')} not as the configuration has it. To write anew: ${command}\n`)
  return 1
}
