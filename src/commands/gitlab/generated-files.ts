import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import picocolors from 'picocolors'
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
 */
export function placeFor(directory: string, file: string, shown: string): Place {
  const name = basename(file).replace(/\.ya?ml$/, '')
  const folder = join(dirname(file), name === basename(file) ? `${name}.parts` : name)
  const path = relative(repositoryRoot(file, directory), folder).split(sep).join('/')
  return { file, folder, shown, parts: `/${path}/` }
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
    return { file, path: shownFrom(file), is: await content(file), wanted: wanted.get(file) }
  })
  return (await Promise.all(files)).filter((file) => file.is !== file.wanted)
}

/** Gives what was done, a line each. */
export async function writeGenerated(context: Context, generated: GeneratedFiles): Promise<readonly string[]> {
  const done: string[] = []
  for (const { file, path, wanted } of await staleFiles(generated)) {
    if (wanted === undefined) await rm(file)
    else await writePublic(context, file, wanted)
    done.push(`${wanted === undefined ? 'removed' : 'wrote'} ${path}`)
  }
  return done.length > 0 ? done : [`${generated.place.shown} is up to date.`]
}

/** What lies in the folder and was written here: nobody else's file is touched. */
async function formerParts({ folder }: Place): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  const texts = await Promise.all(
    names.map(async (name) => [join(folder, name), await content(join(folder, name))] as const),
  )
  return texts.filter(([, text]) => text?.startsWith(`# ${firstLine}`)).map(([path]) => path)
}

async function content(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}

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
