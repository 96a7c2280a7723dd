import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** GitLab's own limit (max_yaml_size_bytes) is about as much. */
const largest = 4_000_000
/** A pattern looks at so many files and folders. */
const mostEntries = 50_000

export type ReadResult = { readonly text: string } | { readonly refused: string; readonly missing?: true }

/**
 * A file below the root, wherever links lead. Never a device or a pipe, which could be read for ever.
 * @param root real path of the repository's root
 * @param path from there, with `/`
 */
export async function readBelow(root: string, path: string): Promise<ReadResult> {
  const file = join(root, ...path.split('/'))
  try {
    const real = await realpath(file)
    if (!isBelow(root, real)) return { refused: 'lies outside of the repository' }
    if (hides(relative(root, real), path)) return { refused: 'is a link to what a dot hides' }
    const { size, isFile } = await stat(real).then((found) => ({ size: found.size, isFile: found.isFile() }))
    if (!isFile) return { refused: 'is no file' }
    if (size > largest) return { refused: `has more than ${largest / 1_000_000} MB, which GitLab refuses` }
    return decodeText(await readFile(real))
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { refused: 'does not exist', missing: true }
      : { refused: `cannot be read (${code})` }
  }
}

/** Git's own folder holds tokens, and files such as .env do; only who names a hidden file by its name means it. */
function hides(real: string, path: string): boolean {
  const hidden = (names: string) => names.split(/[\\/]/).filter((name) => name.startsWith('.') && name !== '.')
  return hidden(real).some((name) => name === '.git' || !hidden(path).includes(name))
}

/** UTF-8 without a byte order mark; a NUL is in no text. */
function decodeText(bytes: Uint8Array): ReadResult {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? { refused: 'is no text' } : { text }
  } catch {
    return { refused: 'is not UTF-8' }
  }
}

export function isBelow(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !/^([A-Za-z]:|[\\/])/.test(way)
}

/**
 * Files that a pattern of `include: local` names: `*` is any text without `/`, `**` any text. Sorted; undefined where
 * there is too much to look through. Source: Repository#search_files_by_wildcard_path.
 */
export async function filesLike(root: string, pattern: string): Promise<readonly string[] | undefined> {
  const start = pattern.slice(0, pattern.indexOf('*'))
  const folder = start.slice(0, start.lastIndexOf('/') + 1).replace(/\/$/, '')
  const fits = pathMatcher(pattern)
  const found: string[] = []
  // Links are not followed below; nor may one lead out on the way there, or names of other files would be shown.
  const real = await realpath(join(root, folder)).catch(() => undefined)
  if (real === undefined || !isBelow(root, real)) return []
  const open = [folder]
  let looked = 0
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const names = await readdir(join(root, next)).catch(() => [])
    for (const name of names) {
      if (++looked > mostEntries) return undefined
      const path = next === '' ? name : `${next}/${name}`
      if (path === '.git') continue
      const entry = await lstat(join(root, path)).catch(() => undefined)
      if (entry?.isDirectory()) open.push(path)
      else if (fits(path)) found.push(path)
    }
  }
  return found.sort()
}

/** Takes time in proportion to both lengths, whatever the pattern. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const tokens = [...pattern.matchAll(/\*\*|\*|[^*]/g)].map(([token]) => token)
  return (path) => {
    let states = closed(tokens, new Set([0]))
    for (const sign of path) states = closed(tokens, new Set([...states].flatMap((at) => step(tokens, at, sign))))
    return states.has(tokens.length)
  }
}

function closed(tokens: readonly string[], states: Set<number>): Set<number> {
  for (const at of states) if (tokens[at]?.startsWith('*')) states.add(at + 1)
  return states
}

function step(tokens: readonly string[], at: number, sign: string): readonly number[] {
  const token = tokens[at]
  if (token === '**') return [at]
  if (token === '*') return sign === '/' ? [] : [at]
  return token === sign ? [at + 1] : []
}
