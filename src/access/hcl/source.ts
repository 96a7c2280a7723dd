import { HclError } from './errors.ts'
import type { Position } from './token.ts'

/**
 * A text read character by character as the server's two scanners do it, whose positions in messages follow from how
 * often they read beyond the end and step back (hashicorp/hcl scanner.go, json/scanner/scanner.go).
 */
export interface Source {
  readonly text: string
  /** UTF-16 units already read. */
  at: number
  /** Where the scanner believes to be; elsewhere only in JSON that is no UTF-8. */
  offset: number
  line: number
  column: number
  /** Before the last character was read. */
  before: { offset: number; line: number; column: number }
  /** UTF-16 units of the last character; 0 beyond the end. */
  lastLength: number
  /** Characters of the line that ended last, its line feed included. */
  lastLineLength: number
  /** The last complaint; earlier ones are forgotten. */
  complaint: { readonly position: Position; readonly message: string } | undefined
}

/** What reading beyond the end gives; a NUL in the text is the same to the scanners. */
export const end = 0
export const invalid = 0xfffd

export function sourceOf(text: string): Source {
  return {
    text,
    at: 0,
    offset: 0,
    line: 1,
    column: 0,
    before: { offset: 0, line: 1, column: 0 },
    lastLength: 0,
    lastLineLength: 0,
    complaint: undefined,
  }
}

/** The next character's code point. */
export function read(source: Source): number {
  const { before, offset, line, column } = source
  before.offset = offset
  before.line = line
  before.column = column
  return advance(source)
}

/** The same as JSON's scanner does it: from what is no UTF-8 it steps back too far. */
export function readJson(source: Source): number {
  return isByte(source.text.codePointAt(source.at) ?? end) ? advance(source) : read(source)
}

function isByte(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff
}

function advance(source: Source): number {
  const code = source.text.codePointAt(source.at)
  source.column++
  source.lastLength = code === undefined ? 0 : code > 0xffff ? 2 : 1
  if (code === undefined) return end
  source.at += source.lastLength
  source.offset += source.lastLength
  if (code === 10) {
    source.line++
    source.lastLineLength = source.column
    source.column = 0
  }
  if (!isByte(code)) return code
  complain(source, 'illegal UTF-8 encoding')
  return invalid
}

/** Back to before the last character. */
export function stepBack(source: Source): void {
  source.at -= source.lastLength
  source.offset = source.before.offset
  source.line = source.before.line
  source.column = source.before.column
}

export function peek(source: Source): number {
  return source.text.codePointAt(source.at) ?? end
}

/** Where the last character stands; also where a token begins. */
export function lastPosition({ line, column, lastLineLength }: Source): Position {
  if (column > 0) return { line, column }
  return lastLineLength > 0 ? { line: line - 1, column: lastLineLength } : { line: 1, column: 1 }
}

export function complain(source: Source, message: string): undefined {
  source.complaint = { position: lastPosition(source), message }
}

/** The text from a start to what was read last. */
export function textFrom(source: Source, start: number): string {
  return source.text.slice(start, source.offset)
}

/** What the scanner complained about last matters more than what the parser made of it, were it nothing. */
export function withComplaints<T>(
  { source }: { readonly source: Source },
  describe: (position: Position, message: string) => HclError,
  parse: () => T,
): T {
  const result = attempt(parse)
  if (source.complaint !== undefined) throw describe(source.complaint.position, source.complaint.message)
  if ('failure' in result) throw result.failure
  return result.value
}

function attempt<T>(parse: () => T): { readonly value: T } | { readonly failure: HclError } {
  try {
    return { value: parse() }
  } catch (error) {
    if (error instanceof HclError) return { failure: error }
    throw error
  }
}
