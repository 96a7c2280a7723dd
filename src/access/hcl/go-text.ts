import { toBytes } from './bytes.ts'

/** How Go writes texts into messages. */

const letters: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

const plain = /^[ !#-[\]-~]*$/
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
/** Go's tables are of Unicode 15.0; these came after it. */
const newer = /^[\u2ffc-\u2fff\u31ef\u{2ebf0}-\u{2ee5d}]$/u

/** Go's `%q`: strconv.Quote. */
export function goQuote(text: string): string {
  return plain.test(text) ? `"${text}"` : `"${[...text].map(quotedCharacter).join('')}"`
}

function quotedCharacter(char: string): string {
  const code = char.codePointAt(0) as number
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hexadecimal(code & 0xff, 2)}`
  if (letters[char] !== undefined) return letters[char]
  if (printable.test(char) && !newer.test(char)) return char
  if (code < 0x20 || code === 0x7f) return `\\x${hexadecimal(code, 2)}`
  return code < 0x10000 ? `\\u${hexadecimal(code, 4)}` : `\\U${hexadecimal(code, 8)}`
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** Go's package time quotes in its own way: byte by byte (time/format.go, quote). */
export function timeQuote(text: string): string {
  const quoted = [...toBytes(text)].map((byte) => {
    if (byte < 0x20 || byte >= 0x80) return `\\x${hexadecimal(byte, 2)}`
    const char = String.fromCharCode(byte)
    return char === '"' || char === '\\' ? `\\${char}` : char
  })
  return `"${quoted.join('')}"`
}

/** Go's strings.ToLower: character by character, each to one character. */
export function goLower(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase()
  return [...text].map((char) => (char === 'İ' ? 'i' : char.toLowerCase())).join('')
}

/** Go's strings.TrimSpace and unicode.IsSpace. */
export const goSpace = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/
