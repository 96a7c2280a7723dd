import picocolors from 'picocolors'
import { displayWidth, padEnd } from '../visible.ts'

/** How answers about access are drawn for people. */
export interface PageOptions {
  readonly color: boolean
  /** Columns of the terminal. */
  readonly width: number
}

type Ink = ReturnType<typeof picocolors.createColors>

export interface Page extends PageOptions {
  readonly ink: Ink
}

export function pageOf(options: PageOptions): Page {
  return { ...options, ink: picocolors.createColors(options.color) }
}

/** Text broken at spaces into lines of at most `width` columns; a word that is longer stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** A label, and text beside it that goes on below itself. */
export function labelled(
  label: string,
  text: string,
  { width }: Page,
  { indent = 2, column = 12, paint = plain } = {},
): string[] {
  const at = indent + column
  return wrap(text, Math.max(20, width - at)).map((line, index) => {
    const before = index === 0 ? `${' '.repeat(indent)}${padEnd(label, column)}` : ' '.repeat(at)
    return before + paint(line)
  })
}

function plain(text: string): string {
  return text
}

/** Text with something said aside at its end, on the same line where there is room for both. */
export function aside(line: string, extra: string, { width, ink }: Page, indent: number): string[] {
  if (extra === '') return [line]
  if (displayWidth(strip(line)) + 2 + displayWidth(extra) <= width) return [`${line}  ${ink.dim(extra)}`]
  return [line, `${' '.repeat(indent)}${ink.dim(extra)}`]
}

function strip(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours take no room.
  return line.replace(/\x1b\[\d+m/g, '')
}
