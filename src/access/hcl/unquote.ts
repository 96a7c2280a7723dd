import { fromBytes, toBytes } from './bytes.ts'
import { ServerPanic } from './errors.ts'
import { heredocValue } from './heredoc.ts'
import type { Token } from './token.ts'

/**
 * The text that a token stands for: identifiers, strings, here-documents.
 * Throws ServerPanic for a string that the scanner takes and the unquoting does not (hashicorp/hcl token.go, Value).
 */
export function textOf(token: Token): string {
  if (token.type === 'IDENT') return token.text
  if (token.type === 'HEREDOC') return heredocValue(token.text)
  // JSON's null is a string without quotes.
  if (token.text === '') return ''
  const text = token.json ? unquoteJson(token.text) : unquote(token.text)
  if (text === undefined) throw new ServerPanic(`unquote ${token.text} err: invalid syntax`, token.position)
  return text
}

/** hashicorp/hcl strconv/quote.go: a Go string in which `${…}` is left as it is. Undefined for what is none. */
function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1)
  if (/^[^\\"$\n]*$/.test(inner)) return inner
  const pieces: string[] = []
  for (let at = 0; at < inner.length; ) {
    const length = inner.startsWith('${', at) ? interpolation(inner, at) : 0
    if (length === undefined) return undefined
    pieces.push(inner.slice(at, at + length))
    at += length
    const stop = inner.indexOf('${', at)
    const plain = inner.slice(at, stop === -1 ? undefined : stop)
    const text = withoutEscapes(plain, { surrogates: true })
    if (text === undefined) return undefined
    pieces.push(text)
    at += plain.length
  }
  return joined(pieces)
}

/** Length of the `${…}` here; undefined when its braces do not close. */
function interpolation(text: string, start: number): number | undefined {
  let braces = 1
  for (let at = start + 2; at < text.length; at++) {
    if (text[at] === '{') braces++
    else if (text[at] === '}' && --braces === 0) return at + 1 - start
    // A character that says "here was no UTF-8" is not told from a byte that is none.
    else if (text[at] === '\ufffd') return undefined
  }
  return undefined
}

/** Go's strconv.Unquote, which refuses halves of surrogate pairs. */
function unquoteJson(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1)
  if (!inner.includes('\\')) return inner
  const text = withoutEscapes(inner, { surrogates: false })
  return text === undefined ? undefined : joined([text])
}

const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

const escapeSequence = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S])|$)/g

/** Bytes stay apart as lone surrogates until `joined`. */
function withoutEscapes(text: string, allow: { readonly surrogates: boolean }): string | undefined {
  if (!text.includes('\\')) return text
  let good = true
  const result = text.replace(escapeSequence, (_all, x, u, U, octal, other) => {
    const character =
      x !== undefined || octal !== undefined
        ? byte(x === undefined ? Number.parseInt(octal, 8) : Number.parseInt(x, 16))
        : u !== undefined || U !== undefined
          ? codePoint(Number.parseInt(u ?? U, 16), allow.surrogates)
          : simple[other as string]
    if (character === undefined) good = false
    return character ?? ''
  })
  return good ? result : undefined
}

function byte(value: number): string | undefined {
  if (value > 255) return undefined
  return String.fromCharCode(value < 0x80 ? value : 0xdc00 + value)
}

/** A number is 32 bits with a sign; below 0 its last byte counts, and half of a pair becomes U+FFFD (utf8.EncodeRune). */
function codePoint(value: number, surrogates: boolean): string | undefined {
  const signed = value | 0
  const isSurrogate = signed >= 0xd800 && signed <= 0xdfff
  if (!surrogates && (isSurrogate || signed < 0)) return undefined
  if (signed > 0x10ffff) return undefined
  if (signed < 0) return byte(signed & 0xff)
  return isSurrogate ? '\ufffd' : String.fromCodePoint(signed)
}

/** Bytes that make up a character together become it. */
function joined(pieces: readonly string[]): string {
  const text = pieces.join('')
  return /\p{Surrogate}/u.test(text) ? fromBytes(toBytes(text)) : text
}
