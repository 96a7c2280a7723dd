/**
 * Names, claims and policies come from people and servers that the reader may not trust. Whatever steers a terminal,
 * reorders a line or takes no room on it is spelled out, so that what is shown is what is there.
 */

// Control, format (bidi and zero-width among them), unpaired surrogate, line and paragraph separator; all that fonts
// ignore (such as variation selectors and Hangul fillers); every space that only looks like one.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** One line of text in which every character can be seen: an escape shows as `\x1b`, a bidi override as `\u202e`. */
export function visible(text: string): string {
  return text.replace(hidden, (character) => short[character] ?? spelled(character.codePointAt(0) as number))
}

/** The same for a line of a policy, in which a tab is layout. */
export function visibleLine(line: string): string {
  return line.split('\t').map(visible).join('\t')
}

function spelled(code: number): string {
  const hex = code.toString(16)
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`
}

/** Inside JSON text, where such characters can stand in strings only: the same document, and harmless on a terminal. */
export function visibleJson(json: string): string {
  if (!unusual.test(json)) return json
  return json.replace(hidden, (found) => (found === '\n' ? found : found.split('').map(unit).join('')))
}

/** Most documents hold nothing of the kind: seeing that takes a tenth of looking at each of their line breaks. */
const unusual = /[^\n -~]/

function unit(codeUnit: string): string {
  return `\\u${codeUnit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u

/** Columns of a terminal that visible text takes: none for a combining mark, two for East Asian wide characters. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += /\p{M}/u.test(character) ? 0 : wide.test(character) ? 2 : 1
  return width
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}
