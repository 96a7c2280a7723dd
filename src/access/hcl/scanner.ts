import { codeOf, digitValue, isDecimal, isDigit, isLetter, isWhitespace } from './characters.ts'
import { scanHeredoc } from './heredoc.ts'
import { skipDigits, skipExponent, skipFraction } from './numbers.ts'
import {
  complain,
  end,
  invalid,
  lastPosition,
  peek,
  read,
  type Source,
  sourceOf,
  stepBack,
  textFrom,
} from './source.ts'
import type { Token, TokenType } from './token.ts'

/**
 * HCL1's tokens (hashicorp/hcl v1.0.1-vault-7, hcl/scanner/scanner.go). A complaint does not end the scanning; the
 * parser asks for the last one when it is done.
 */
export interface Scanner {
  readonly source: Source
  scan(): Token
}

export function scannerOf(text: string): Scanner {
  const source = sourceOf(text)
  return { source, scan: () => scan(source) }
}

/** A NUL ends the text for whoever reads, though not for good. */
function next(source: Source): number {
  const code = read(source)
  if (code === end && source.lastLength > 0) complain(source, 'unexpected null character (0x00)')
  if (code !== 0xe123) return code
  complain(source, 'unicode code point U+E123 reserved for internal use')
  return invalid
}

const [quote, backslash, dollar, openBrace, closeBrace] = ['"', '\\', '$', '{', '}'].map(codeOf) as [
  number,
  number,
  number,
  number,
  number,
]
const [slash, star, hash, feed] = ['/', '*', '#', '\n'].map(codeOf) as [number, number, number, number]

function scan(source: Source): Token {
  let code = next(source)
  while (isWhitespace(code)) code = next(source)
  const start = source.offset - source.lastLength
  const position = lastPosition(source)
  const type = isLetter(code)
    ? scanIdentifier(source, start)
    : isDecimal(code)
      ? scanNumber(source, code)
      : scanMark(source, code)
  return { type, position, place: position, text: textFrom(source, start), json: false }
}

const marks: ReadonlyMap<number, TokenType> = new Map(
  (
    [
      ['[', 'LBRACK'],
      [']', 'RBRACK'],
      ['{', 'LBRACE'],
      ['}', 'RBRACE'],
      [',', 'COMMA'],
      ['=', 'ASSIGN'],
      ['+', 'ADD'],
    ] as const
  ).map(([mark, type]) => [codeOf(mark), type]),
)

function scanMark(source: Source, code: number): TokenType {
  const mark = marks.get(code)
  if (mark !== undefined) return mark
  switch (code) {
    case end:
      return 'EOF'
    case quote:
      scanString(source)
      return 'STRING'
    case hash:
    case slash:
      scanComment(source, code)
      return 'COMMENT'
    case codeOf('.'):
      return scanPeriod(source)
    case codeOf('<'):
      scanHeredoc(source, next)
      return 'HEREDOC'
    case codeOf('-'):
      return isDecimal(peek(source)) ? scanNumber(source, next(source)) : 'SUB'
    default:
      complain(source, 'illegal char')
      return 'ILLEGAL'
  }
}

function scanPeriod(source: Source): TokenType {
  const first = peek(source)
  if (!isDecimal(first)) return 'PERIOD'
  const after = skipDigits(source, first, next)
  // The digits' last character is looked at without being read: an exponent's sign is then part of it.
  if (after === codeOf('e') || after === codeOf('E')) skipExponent(source, next)
  return 'FLOAT'
}

function scanIdentifier(source: Source, start: number): TokenType {
  let code = next(source)
  while (isLetter(code) || isDigit(code) || code === codeOf('-') || code === codeOf('.')) code = next(source)
  if (code !== end) stepBack(source)
  const word = textFrom(source, start)
  return word === 'true' || word === 'false' ? 'BOOL' : 'IDENT'
}

function scanNumber(source: Source, first: number): TokenType {
  if (first === codeOf('0')) return scanZero(source)
  skipDigits(source, first, next)
  const code = next(source)
  if (skipFraction(source, code, next)) return 'FLOAT'
  if (code !== end) stepBack(source)
  return 'NUMBER'
}

/** Hexadecimal, octal, or a fraction: all begin with 0. */
function scanZero(source: Source): TokenType {
  let code = next(source)
  if (code === codeOf('x') || code === codeOf('X')) return scanHexadecimal(source)
  let illegalOctal = false
  while (isDecimal(code)) {
    code = next(source)
    if (code === codeOf('8') || code === codeOf('9')) illegalOctal = true
  }
  if (skipFraction(source, code, next)) return 'FLOAT'
  if (illegalOctal) complain(source, 'illegal octal number')
  if (code !== end) stepBack(source)
  return 'NUMBER'
}

function scanHexadecimal(source: Source): TokenType {
  let code = next(source)
  let found = false
  while (digitValue(code) < 16) {
    code = next(source)
    found = true
  }
  if (!found) complain(source, 'illegal hexadecimal number')
  if (code !== end) stepBack(source)
  return 'NUMBER'
}

function scanComment(source: Source, first: number): undefined {
  if (first === slash && peek(source) === star) return scanBlockComment(source)
  if (first === slash && peek(source) !== slash) return complain(source, "expected '/' for comment")
  let code = next(source)
  while (code !== feed && code !== end) code = next(source)
  if (code !== end) stepBack(source)
}

function scanBlockComment(source: Source): undefined {
  next(source)
  let code = next(source)
  for (;;) {
    if (code === end) return complain(source, 'comment not terminated')
    const before = code
    code = next(source)
    if (before === star && code === slash) return
  }
}

/** Up to the closing quote; inside `${…}` quotes and line feeds are text. */
function scanString(source: Source): undefined {
  let braces = 0
  for (;;) {
    const code = next(source)
    if ((code === feed && braces === 0) || code === end) return complain(source, 'literal not terminated')
    if (code === quote && braces === 0) return
    if (braces === 0 && code === dollar && peek(source) === openBrace) {
      braces++
      next(source)
    } else if (braces > 0 && code === openBrace) braces++
    if (braces > 0 && code === closeBrace) braces--
    if (code === backslash) scanEscape(source, next)
  }
}

const escapes = new Set([...'abfnrtv\\"'].map(codeOf))
const hexadecimal = new Map([
  [codeOf('x'), 2],
  [codeOf('u'), 4],
  [codeOf('U'), 8],
])

function scanEscape(source: Source, next: (source: Source) => number): void {
  const code = next(source)
  if (escapes.has(code)) return
  const digits = hexadecimal.get(code)
  if (digits !== undefined) scanEscapeDigits(source, next(source), 16, digits)
  else if (digitValue(code) < 8) scanEscapeDigits(source, code, 8, 3)
  else complain(source, 'illegal char escape')
}

function scanEscapeDigits(source: Source, first: number, base: number, count: number): void {
  let code = first
  let missing = count
  while (missing > 0 && digitValue(code) < base) {
    code = next(source)
    if (code === end) break
    missing--
  }
  if (missing > 0) complain(source, 'illegal char escape')
  if (missing !== count && code !== end) stepBack(source)
}
