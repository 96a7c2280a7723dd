import { JsonNumber, type Written } from './json-number.ts'

/** Texts as the servers' language makes them: Go's strings, strconv, unicode and fmt packages. */

/** strings.ToLower: letter by letter, so that neither the end of a word nor a dotted capital I makes a difference. */
export function goLower(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII
  if (/^[\u0000-\u007f]*$/.test(text)) return text.toLowerCase()
  return Array.from(text, (letter) => (letter === 'İ' ? 'i' : letter.toLowerCase())).join('')
}

/** strings.TrimSpace: what Unicode calls white space, and no byte order mark. */
export function goTrim(text: string): string {
  if (isMark(text.charCodeAt(0)) && isMark(text.charCodeAt(text.length - 1))) return text
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '')
}

/** Whether it is a letter, digit or sign of ASCII, none of which is white space; false beyond the ends of a text. */
function isMark(unit: number): boolean {
  return unit > 0x20 && unit < 0x7f
}

/** Go orders texts by their bytes, which is the order of code points. */
export function byBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
  }
  return a.length - b.length
}

/** Halves of a pair stand for code points above all that a single unit can be. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** strconv.Quote, which is fmt's %q. */
export function quote(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`
  return `"${Array.from(text, quoteLetter).join('')}"`
}

function quoteLetter(letter: string): string {
  const escaped = escapes[letter]
  if (escaped !== undefined) return escaped
  if (letter === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(letter)) return letter
  const code = letter.codePointAt(0) as number
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}

/** fmt's %+q, which leaves nothing but ASCII. */
export function quoteAscii(text: string): string {
  return quote(text).replace(/[^\0-\u007f]/gu, (letter) => {
    const code = letter.codePointAt(0) as number
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
  })
}

/** fmt's %v of a decoded JSON value: plain numbers are floats (claims), a JsonNumber is its text (what was written). */
export function show(value: Written): string {
  if (value === null) return '<nil>'
  if (typeof value === 'number') return showFloat(value)
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const members = Object.entries(value as Readonly<Record<string, Written>>).sort(([a], [b]) => byBytes(a, b))
  return `map[${members.map(([key, member]) => `${key}:${show(member)}`).join(' ')}]`
}

/** fmt's %v of a float64: shortest digits, with an exponent of at least two digits below 1e-4 and from 1e+06 on. */
function showFloat(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  if (value === 0 || (Number(exponent) >= -4 && Number(exponent) < 6)) return String(value)
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

/** The name of a decoded JSON value's type, as reflect prints it. */
export function goType(value: Written): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (value instanceof JsonNumber || typeof value === 'number') return 'json.Number'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map[string]interface {}'
}
