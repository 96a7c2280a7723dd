import { enumerate } from '../claims/value-words.ts'
import type { Grant } from './drafts.ts'

/** More paths than this are counted, and only the first of them named; fewer, where all are in a folder that is named. */
const mostPaths = 6
const namedOfMany = 3

/** `read and update on ops/data/a and ops/data/b`. */
export function grantWords({ capabilities, paths }: Grant): string {
  return `${enumerate(capabilities, 'and')} on ${pathWords(paths)}`
}

/** `a, b and c`; of many, `9 paths under ops/data (ops/data/a, ops/data/b, ops/data/c, …)` or `a, b, …, f and 3 more paths`. */
function pathWords(paths: readonly string[]): string {
  if (paths.length <= mostPaths) return enumerate(paths, 'and')
  const folder = commonFolder(paths)
  if (folder !== '') return `${paths.length} paths under ${folder} (${paths.slice(0, namedOfMany).join(', ')}, …)`
  const more = paths.length - mostPaths
  return `${paths.slice(0, mostPaths).join(', ')} and ${more} more ${more === 1 ? 'path' : 'paths'}`
}

/** Without wildcards; empty where there is none. */
function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1))
  const end = first.findIndex((part, i) => /[+*{ ]/.test(part) || others.some((other) => other[i] !== part))
  return (end < 0 ? first : first.slice(0, end)).join('/')
}
