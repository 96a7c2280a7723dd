import type { Location } from '../core/configuration.ts'
import type { Source } from '../core/diagnostic.ts'

/** A file's text, with what is needed to point into it. Paths are relative to the configuration's folder, with `/`. */
export interface TextFile {
  readonly path: string
  readonly text: string
  /** Offsets at which lines start. */
  readonly lines: readonly number[]
  /** Ranges of offsets that hold a secret written in the clear by mistake: no message may show them. */
  readonly hidden: Range[]
  /**
   * Values that look like secrets by their keys, or hold such, by the offset of the key. They are shown as long as the
   * keys are known ones; under an unknown key they may be a secret whose key is misspelt.
   */
  readonly suspects: Map<number, Suspect>
}

type Range = readonly [start: number, end: number]

interface Suspect {
  readonly ranges: readonly Range[]
  /** False where only the words in the key speak for it. */
  readonly certain: boolean
}

/** A range of a file's text; offsets count UTF-16 units from 0. */
export interface Place {
  readonly file: TextFile
  readonly start: number
  readonly end: number
}

/** How much of a line an excerpt shows behind the place that is meant. */
const longestExcerpt = 200

/** Beyond this column a line is data rather than something to read, and thousands of excerpts of it would fill the memory. */
const furthestColumn = 5_000

export function textFile(path: string, text: string): TextFile {
  const lines = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.push(at + 1)
  return { path, text, lines, hidden: [], suspects: new Map() }
}

/** The start of a file, for what concerns all of it. */
export function startOf(file: TextFile): Place {
  return { file, start: 0, end: 0 }
}

function lineAt(file: TextFile, offset: number): number {
  let [low, high] = [0, file.lines.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((file.lines[middle] as number) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

export function sourceOf(place: Place): Source {
  const line = lineAt(place.file, place.start)
  return { file: place.file.path, line: line + 1, column: place.start - (place.file.lines[line] as number) + 1 }
}

export function locationOf(place: Place): Location {
  const source = sourceOf(place)
  const { file } = place
  const start = file.lines[source.line - 1] as number
  const end = (file.lines[source.line] ?? file.text.length + 1) - 1
  const length = Math.min(longestExcerpt, Math.max(1, Math.min(place.end, end) - place.start))
  const hidden = file.hidden.filter(([from, to]) => from <= end && to >= start).map(([from]) => from)
  const shown = Math.min(end, ...hidden)
  if (shown < start || shown < place.start)
    return { source, excerpt: '(not shown: this line holds a secret)', length: 1 }
  if (source.column > furthestColumn) return { source, excerpt: '(not shown: the line is too long)', length: 1 }
  if (hidden.length > 0) {
    const before = withoutUserInfo(file.text.slice(start, shown))
    return {
      source,
      excerpt: `${before}(not shown)`,
      length: Math.max(1, Math.min(length, shown - place.start)),
    }
  }
  // Far enough behind the cut for the end of an address that begins before it.
  const line = file.text.slice(start, Math.min(end, start + source.column + 3 * longestExcerpt)).replace(/\r$/, '')
  return { source, excerpt: cut(withoutUserInfo(line), source.column), length }
}

/** A place given by line and column, both from 1; the nearest one where the file does not have them. */
export function locationAt(
  file: TextFile,
  { line, column }: Pick<Source, 'line' | 'column'>,
  length: number,
): Location {
  const start = file.lines[Math.min(line, file.lines.length) - 1] ?? 0
  const end = Math.max(start, (file.lines[line] ?? file.text.length + 1) - 1)
  const at = Math.min(start + column - 1, end)
  return locationOf({ file, start: at, end: at + length })
}

/** User and password of a URL, one character for one; what follows an "@" too many goes with them. */
export function withoutUserInfo(text: string): string {
  return text.includes('@') ? text.replace(/\/\/\S*@/g, (part) => `//${'*'.repeat(part.length - 3)}@`) : text
}

/** Only the tail goes, because a caret finds its column in an excerpt that begins where the line does. */
function cut(line: string, column: number): string {
  const end = column - 1 + longestExcerpt
  return line.length <= end ? line : `${line.slice(0, end)}…`
}

/** A name or text quoted for a message; long ones are cut. What cannot be seen is spelled out where it is printed. */
export function quoted(text: string): string {
  return `"${text.length > 100 ? `${text.slice(0, 100)}…` : text}"`
}
