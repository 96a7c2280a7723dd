import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, unlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import { type Close, type JournalHeader, type JournalRecord, journalFormat, journalLine } from '../../core/journal.ts'
import type { ChangeJournal } from '../../engine/apply.ts'
import type { Context, OptionSpec, Options } from '../session/command.ts'
import { text } from '../session/options.ts'

export const journalOption: OptionSpec = {
  flags: '--journal <file>',
  description:
    'where to write what rollback needs; a new file, or a folder if it ends with "/" (VAULTWRIGHT_JOURNAL; by default .vaultwright/journal/ beside the files)',
}

/** The journal of one run, open for writing. */
export interface JournalFile extends ChangeJournal {
  /** As people name it: relative to where they are. */
  readonly path: string
  /** Why nothing more can be written; undefined as long as all is well. */
  failure(): string | undefined
  /** Ends it. Never rejects: what could not be written is what `failure` says. */
  close(outcomes: Close['outcomes']): Promise<void>
}

interface Place {
  readonly file: string
  /** The folder of this program's own in the configuration's; absent where somebody named another place. */
  readonly own?: string
}

/**
 * Creates the file with its header, readable by its owner only, never over another and through no symbolic link. Throws
 * UserError when that cannot be done; then nothing may be applied.
 *
 * @param directory of the configuration
 */
export async function openJournal(
  context: Context,
  options: Options,
  directory: string,
  header: Omit<JournalHeader, 'record' | 'format' | 'at'>,
): Promise<JournalFile> {
  const place = placeOf(context, options, directory)
  const path = relative(context.cwd, place.file).startsWith('..') ? place.file : relative(context.cwd, place.file)
  try {
    await makeFolders(place)
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW
    const handle = await open(place.file, flags, 0o600)
    const lines = committing(handle)
    try {
      await lines.append({ record: 'header', format: journalFormat, at: now(), ...header })
      await syncFolder(dirname(place.file))
    } catch (error) {
      await handle.close()
      await unlink(place.file)
      throw error
    }
    return { path, ...recording(lines, handle, path) }
  } catch (error) {
    throw new UserError([unwritable(path, error)])
  }
}

function now(): string {
  return new Date().toISOString()
}

function placeOf(context: Context, options: Options, directory: string): Place {
  const named = text(options, 'journal') ?? context.env['VAULTWRIGHT_JOURNAL']
  if (named === undefined || named === '') {
    const own = join(directory, '.vaultwright')
    return { own, file: join(own, 'journal', newName()) }
  }
  return { file: named.endsWith('/') ? resolve(context.cwd, named, newName()) : resolve(context.cwd, named) }
}

/** Sorts by time, and two at once never have the same. */
function newName(): string {
  return `${now().replace(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}.jsonl`
}

async function makeFolders({ file, own }: Place): Promise<void> {
  const folder = dirname(file)
  if (own === undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return
  }
  // The configuration may be somebody else's: a link in it must not lead a write out of it.
  for (const one of [own, folder]) {
    await mkdir(one, { mode: 0o700 }).catch(unless('EEXIST'))
    if (!(await lstat(one)).isDirectory()) throw Object.assign(new Error(), { code: `${basename(one)} is no folder` })
  }
  await writeFile(join(own, '.gitignore'), '*\n', { flag: 'wx' }).catch(unless('EEXIST'))
}

function unless(code: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== code) throw error
  }
}

/** Until its folder is on the disk, a new file can be lost with all that is in it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    // Some file systems cannot sync a folder, and need not.
    await handle.sync().catch(unless('EINVAL'))
  } finally {
    await handle.close()
  }
}

function unwritable(path: string, error: unknown) {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return problem(
    'unwritable-journal',
    `the journal ${path} could not be written (${code}), so nothing was applied`,
    'Without it there is no way back. Name another place with --journal FILE or VAULTWRIGHT_JOURNAL.',
  )
}

interface Lines {
  /** Resolves when the line is on the disk. Rejects with the system's error once anything could not be written. */
  append(record: JournalRecord): Promise<void>
  broken(): NodeJS.ErrnoException | undefined
}

interface Waiting {
  readonly line: string
  resolve(): void
  reject(error: unknown): void
}

/**
 * Lines that come while the disk is busy are written together and synced once: a thousand changes at once cost dozens of
 * syncs instead of two thousand.
 */
function committing(handle: FileHandle): Lines {
  let previous = ''
  let waiting: Waiting[] = []
  let busy = false
  let broken: NodeJS.ErrnoException | undefined
  const commit = async () => {
    busy = true
    // Whatever else was begun in this turn of the event loop comes along.
    await new Promise((done) => setImmediate(done))
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        if (broken !== undefined) throw broken
        await handle.appendFile(group.map(({ line }) => line).join(''))
        await handle.datasync()
        for (const { resolve } of group) resolve()
      } catch (error) {
        broken ??= error as NodeJS.ErrnoException
        for (const { reject } of group) reject(broken)
      }
    }
    busy = false
  }
  return {
    append(record) {
      const { line, digest } = journalLine(record, previous)
      previous = digest
      return new Promise((resolve, reject) => {
        waiting.push({ line, resolve, reject })
        if (!busy) void commit()
      })
    },
    broken: () => broken,
  }
}

function recording(lines: Lines, handle: FileHandle, path: string): Omit<JournalFile, 'path'> {
  let count = 0
  const failure = () => {
    const broken = lines.broken()
    return broken && `the journal ${path} could not be written (${broken.code ?? broken.message})`
  }
  const silent = () => undefined
  return {
    failure,
    async begin(intent) {
      const seq = ++count
      await lines.append({ record: 'begin', seq, at: now(), ...intent }).catch(() => {
        throw new Error(failure())
      })
      return seq
    },
    end(seq, ending) {
      // Not waited for: whether a change without an end was made is seen on the server.
      void lines.append({ record: 'end', seq, at: now(), ...ending }).catch(silent)
    },
    async close(outcomes) {
      await lines.append({ record: 'close', at: now(), outcomes }).catch(silent)
      await handle.close().catch(silent)
    },
  }
}
