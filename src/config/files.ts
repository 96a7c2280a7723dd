import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync, type Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { byText } from '../core/json.ts'
import { reportNearFolders } from './near-folders.ts'
import type { Problems } from './problems.ts'
import { quoted, startOf, type TextFile, textFile } from './text.ts'

/** Parsed YAML takes some forty times the memory of its text, and nobody reviews a file of this size. */
const largestFile = 4 * 1024 * 1024

export interface Inputs {
  readonly settings: TextFile | undefined
  readonly environments: readonly TextFile[]
  readonly roles: readonly TextFile[]
  readonly policies: readonly TextFile[]
  readonly promises: readonly TextFile[]
}

interface Folder {
  readonly extensions: readonly string[]
  readonly nested: boolean
  /** Absent where other files may lie beside those that are read. */
  readonly holds?: string
}

const folders = {
  environments: { extensions: ['.yaml', '.yml'], nested: false, holds: 'one YAML file for each environment' },
  roles: { extensions: ['.yaml', '.yml'], nested: true, holds: 'YAML files' },
  policies: { extensions: ['.hcl'], nested: true, holds: 'policy texts, whose names end in .hcl' },
  'test/access': { extensions: ['.yaml', '.yml'], nested: false },
} satisfies Record<string, Folder>

/** Everything the program reads from a configuration's folder by itself. Dot files are nobody's configuration. */
export async function readInputs(directory: string, problems: Problems): Promise<Inputs> {
  const root = await realpath(directory)
  const read = async (name: keyof typeof folders) => {
    const paths = await pathsIn(root, name, folders[name], problems)
    return paths.sort(byText).flatMap((path) => readText(root, path, problems) ?? [])
  }
  const [settings, environments, roles, policies, promises] = await Promise.all([
    readSettings(root, problems),
    read('environments'),
    read('roles'),
    read('policies'),
    read('test/access'),
  ])
  return { settings, environments, roles, policies, promises }
}

async function readSettings(root: string, problems: Problems): Promise<TextFile | undefined> {
  const names = (await tried('.', problems, () => readdir(root))) ?? []
  reportNearFolders(root, problems)
  if (names.includes('vaultwright.yml'))
    problems.unreadable(
      'misnamed-file',
      'vaultwright.yml is not read',
      'vaultwright.yml',
      'Name the file vaultwright.yaml.',
    )
  return names.includes('vaultwright.yaml') && (await withinRoot(root, 'vaultwright.yaml', problems))
    ? readText(root, 'vaultwright.yaml', problems)
    : undefined
}

/** Relative paths of the folder's files; none when there is no such folder. */
async function pathsIn(
  root: string,
  path: string,
  folder: Folder,
  problems: Problems,
  above: readonly string[] = [],
): Promise<string[]> {
  const place = await withinRoot(root, path, problems)
  if (place === undefined) return []
  if (above.includes(place)) {
    problems.unreadable('symlink-loop', `${path} leads back to a folder that contains it`, path, 'Remove the link.')
    return []
  }
  const entries = await tried(path, problems, () => readdir(place, { withFileTypes: true }))
  const found = (entries ?? [])
    .filter((entry) => !entry.name.startsWith('.'))
    .map(async (entry) => {
      const child = `${path}/${entry.name}`
      const inside = entry.isSymbolicLink() ? await withinRoot(root, child, problems) : join(place, entry.name)
      if (inside === undefined) return []
      const what = entry.isSymbolicLink() ? await tried(child, problems, () => stat(inside)) : entry
      if (what === undefined) return []
      if (what.isDirectory() && folder.nested) return pathsIn(root, child, folder, problems, [...above, place])
      if (what.isFile() && folder.extensions.some((extension) => entry.name.endsWith(extension))) return [child]
      if (folder.holds !== undefined) reportIgnored(child, folder, problems)
      return []
    })
  return (await Promise.all(found)).flat()
}

function reportIgnored(path: string, { holds, extensions }: Folder, problems: Problems): void {
  const message = `${quoted(path)} is not read: this folder holds ${holds}`
  problems.warning('ignored-file', message, startOf(textFile(path, '')), {
    help: `Rename it to end in ${extensions.join(' or ')}, or move it out of the folder.`,
  })
}

/** Undefined once the reason why something cannot be read is reported. */
async function tried<T>(path: string, problems: Problems, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    return unreadable(path, error, problems)
  }
}

/** The real path; undefined when there is nothing, or when a link leads out of the configuration's folder. */
async function withinRoot(root: string, path: string, problems: Problems): Promise<string | undefined> {
  try {
    const real = await realpath(join(root, path))
    if (isInside(root, real) && hasDotName(relative(root, real))) return hiddenByDot(path, problems)
    if (isInside(root, real)) return real
    problems.unreadable(
      'symlink-escapes',
      `${quoted(path)} is a link that leads out of the configuration's folder`,
      path,
      'Copy the file into the folder: what is reviewed must be what is applied.',
    )
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Somebody's `test` may be a file, and has nothing to do with us.
    const absent = Object.hasOwn(folders, path)
      ? ['ENOENT', 'ENOTDIR'].includes(code ?? '')
      : code === 'ENOENT' && path === 'vaultwright.yaml'
    if (!absent) unreadable(path, error, problems)
  }
  return undefined
}

function hiddenByDot(path: string, problems: Problems): undefined {
  problems.unreadable(
    'symlink-escapes',
    `${quoted(path)} is a link to something whose name begins with a dot`,
    path,
    'Such files are often secret, and this one would be shown. Copy it into the folder if it is meant.',
  )
}

function isInside(root: string, real: string): boolean {
  const path = relative(root, real)
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
}

/**
 * One file at a time: on a local disk that takes a third of the time of asynchronous reads, each of which goes four times
 * through the thread pool. The path must be known to stay within the folder.
 */
export function readText(root: string, path: string, problems: Problems): TextFile | undefined {
  let file: number | undefined
  try {
    // Without waiting for somebody who writes into a pipe.
    file = openSync(join(root, path), constants.O_RDONLY | constants.O_NONBLOCK)
    const status = fstatSync(file)
    if (!status.isFile()) return unreadable(path, { code: status.isDirectory() ? 'EISDIR' : 'no file' }, problems)
    if (!isStillInside(root, path, status)) return unreadable(path, { code: 'changed' }, problems)
    const { size } = status
    return size > largestFile ? tooLarge(path, size, problems) : decode(readFileSync(file), path, problems)
  } catch (error) {
    return unreadable(path, error, problems)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** What was opened is what the path means now, inside: nobody put a link there after the path was looked at. */
function isStillInside(root: string, path: string, { dev, ino }: Stats): boolean {
  const real = realpathSync(join(root, path))
  const now = lstatSync(real)
  return isInside(root, real) && now.ino === ino && now.dev === dev
}

function tooLarge(path: string, size: number, problems: Problems): undefined {
  problems.unreadable(
    'file-too-large',
    `the file has ${(size / 1024 / 1024).toFixed(1)} MiB; the limit is ${largestFile / 1024 / 1024} MiB`,
    path,
    'Split it into several files.',
  )
}

function unreadable(path: string, error: unknown, problems: Problems): undefined {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'this user may not read it',
    EISDIR: 'it is a folder',
    ENOTDIR: 'it, or a part of its path, is no folder',
    ENAMETOOLONG: 'the name is too long',
    ENXIO: 'it is no file',
    'no file': 'it is a pipe or a device',
    changed: 'it was exchanged for another file while it was read, or leads out of the folder',
    ELOOP: 'its links lead in a circle',
  }
  problems.unreadable('unreadable-file', `${quoted(path)} cannot be read: ${reasons[code] ?? code}`, path)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Strict UTF-8 without a byte-order mark or NUL: anything else would reach the server as something nobody wrote. */
function decode(bytes: Uint8Array, path: string, problems: Problems): TextFile | undefined {
  const refuse = (code: string, message: string, help: string, line?: number) =>
    problems.unreadable(code, message, path, help, line)
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    refuse('byte-order-mark', 'the file begins with a byte-order mark', 'Save it as UTF-8 without a byte-order mark.')
    return undefined
  }
  const text = decoded(bytes)
  if (text === undefined) {
    const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    const line = firstBadLine(bytes)
    refuse('not-utf8', `the file is not UTF-8${wide ? ' but UTF-16' : ''} (line ${line})`, 'Save it as UTF-8.', line)
    return undefined
  }
  const nul = text.indexOf('\0')
  if (nul !== -1) {
    const line = text.slice(0, nul).split('\n').length
    refuse('nul-byte', `the file holds a NUL byte (line ${line})`, 'Remove it; is this a text file?', line)
    return undefined
  }
  return textFile(path, text)
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

function firstBadLine(bytes: Uint8Array): number {
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start)
    const part = bytes.subarray(start, end === -1 ? bytes.length : end)
    if (decoded(part) === undefined || end === -1) return line
    start = end + 1
  }
  return line
}

/**
 * A path that a file of the configuration mentions, if it stays within the folder: relative, no way out by `..` or by a
 * link, and nothing that a dot hides, such as .env or .git: what they hold is shown nowhere. Gives the reason when it does not. A file that does not exist is the reader's to report.
 */
export function refusePath(root: string, path: string): string | undefined {
  if (path === '' || path.includes('\0')) return 'it is no path'
  if (isAbsolute(path) || /^[A-Za-z]:|\\/.test(path)) return "it must be relative to the configuration's folder, with /"
  const target = join(root, path)
  if (!isInside(root, target)) return "it leads out of the configuration's folder"
  const hidden = 'a name in it begins with a dot; such files are often secret, and this one would be shown'
  if (hasDotName(relative(root, target))) return hidden
  try {
    const real = realpathSync(target)
    if (!isInside(root, real)) return "it is a link that leads out of the configuration's folder"
    return hasDotName(relative(root, real)) ? hidden : undefined
  } catch {
    return undefined
  }
}

function hasDotName(path: string): boolean {
  return path.split(sep).some((name) => name.startsWith('.'))
}
