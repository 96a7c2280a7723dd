import type { JsonValue } from './json.ts'

/** Deeper than any answer or file that is meant, and far from where recursion ends. */
export const deepestJson = 200

/** A JSON text that is nested beyond that. */
export class TooDeep extends Error {}

/** As `JSON.parse`, which has no limit of its own and leaves it to whoever goes through the value. Throws TooDeep. */
export function parseJsonText(text: string): JsonValue {
  refuseDeep(text)
  return JSON.parse(text) as JsonValue
}

const [quote, backslash, openList, closeList, openMap, closeMap] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

/** Goes through the text once, over strings in one leap. Throws TooDeep. */
export function refuseDeep(text: string): void {
  if (text.length <= deepestJson) return
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at)
    else if (code === openList || code === openMap) depth++
    else if (code === closeList || code === closeMap) depth--
    if (depth > deepestJson) throw new TooDeep(`nested more than ${deepestJson} levels deep`)
  }
}

function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1)
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1)
  return at === -1 ? text.length : at
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === backslash) before--
  return (at - before) % 2 === 0
}
