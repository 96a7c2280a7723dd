import { codeOf, digitValue, isDecimal, isDigit, isLetter, isWhitespace } from './characters.ts'
import { ServerPanic } from './errors.ts'
import { skipDigits, skipExponent, skipFraction } from './numbers.ts'
import type { Scanner } from './scanner.ts'
import { complain, end, lastPosition, peek, readJson, type Source, sourceOf, stepBack, textFrom } from './source.ts'
import type { Token, TokenType } from './token.ts'

/** The tokens of policies in JSON, which is not quite JSON (hashicorp/hcl json/scanner/scanner.go). */
export function jsonScannerOf(text: string): Scanner {
  const source = sourceOf(text)
  return { source, scan: () => scan(source) }
}

function scan(source: Source): Token {
  let code = readJson(source)
  while (isWhitespace(code)) code = readJson(source)
  const start = source.offset - source.lastLength
  const position = lastPosition(source)
  const type = isLetter(code)
    ? scanWord(source, start)
    : isDecimal(code)
      ? scanNumber(source, code)
      : scanMark(source, code)
  return { type, position, place: position, text: textFrom(source, start), json: true }
}

const marks: ReadonlyMap<number, TokenType> = new Map(
  (
    [
      ['[', 'LBRACK'],
      [']', 'RBRACK'],
      ['{', 'LBRACE'],
      ['}', 'RBRACE'],
      [',', 'COMMA'],
      [':', 'COLON'],
    ] as const
  ).map(([mark, type]) => [codeOf(mark), type]),
)

function scanMark(source: Source, code: number): TokenType {
  const mark = marks.get(code)
  if (mark !== undefined) return mark
  switch (code) {
    case end:
      return 'EOF'
    case codeOf('"'):
      scanString(source)
      return 'STRING'
    case codeOf('.'):
      return scanPeriod(source)
    case codeOf('-'):
      if (isDecimal(peek(source))) return scanNumber(source, readJson(source))
      complain(source, 'illegal char')
      return 'ILLEGAL'
    default:
      complain(source, `illegal char: ${String.fromCodePoint(code)}`)
      return 'ILLEGAL'
  }
}

function scanPeriod(source: Source): TokenType {
  const first = peek(source)
  if (!isDecimal(first)) return 'PERIOD'
  const after = skipDigits(source, first, readJson)
  if (after === codeOf('e') || after === codeOf('E')) skipExponent(source, readJson)
  return 'FLOAT'
}

function scanWord(source: Source, start: number): TokenType {
  let code = readJson(source)
  while (isLetter(code) || isDigit(code) || code === codeOf('-')) code = readJson(source)
  if (code !== end) stepBack(source)
  const word = textFrom(source, start)
  if (word === 'true' || word === 'false') return 'BOOL'
  if (word === 'null') return 'NULL'
  complain(source, 'illegal char')
  return 'ILLEGAL'
}

function scanNumber(source: Source, first: number): TokenType {
  const { offset, line, column } = source
  skipDigits(source, first, readJson)
  const code = readJson(source)
  if (skipFraction(source, code, readJson)) return 'FLOAT'
  if (code !== end) stepBack(source)
  // Looking for a digit beyond the end of the text counts as having found one.
  const moved = source.offset !== offset || source.line !== line || source.column !== column
  if (first === codeOf('0') && moved) complain(source, 'numbers cannot start with 0')
  return 'NUMBER'
}

function scanString(source: Source): undefined {
  let braces = 0
  for (;;) {
    const code = readJson(source)
    if (code === codeOf('\n') || code === end) return complain(source, 'literal not terminated')
    if (code === codeOf('"')) return
    if (braces === 0 && code === codeOf('$') && peek(source) === codeOf('{')) {
      braces++
      readJson(source)
    } else if (braces > 0 && code === codeOf('{')) braces++
    if (braces > 0 && code === codeOf('}')) braces--
    if (code === codeOf('\\')) scanEscape(source)
  }
}

const escapes = new Set([...'abfnrtv\\"'].map(codeOf))
const hexadecimal = new Map([
  [codeOf('x'), 2],
  [codeOf('u'), 4],
  [codeOf('U'), 8],
])

function scanEscape(source: Source): void {
  const code = readJson(source)
  if (escapes.has(code)) return
  const digits = hexadecimal.get(code)
  if (digits !== undefined) scanEscapeDigits(source, readJson(source), 16, digits)
  else if (digitValue(code) < 8) scanEscapeDigits(source, code, 8, 3)
  else complain(source, 'illegal char escape')
}

/** Steps back whatever it read, which nothing allows beyond the end of the text. */
function scanEscapeDigits(source: Source, first: number, base: number, count: number): void {
  let code = first
  let missing = count
  while (missing > 0 && digitValue(code) < base) {
    code = readJson(source)
    missing--
  }
  if (missing > 0) complain(source, 'illegal char escape')
  if (source.lastLength === 0) throw new ServerPanic('an escape that the end of the text cuts', lastPosition(source))
  stepBack(source)
}
