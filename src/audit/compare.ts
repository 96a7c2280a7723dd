import { isEmpty, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { isServerHash, ownHash } from './entry.ts'

/** Whether what a request sent is what an object has; `unknown` where a hash cannot tell. */
export type Match = 'same' | 'different' | 'unknown'

/** The server's hashes of a text, one for each device that may have written the log; none where nobody could be asked. */
export type HashesOf = (text: string) => readonly string[]

/**
 * Compares a value that was sent, its strings hashed, with one that is held. Each string and each element of a list is
 * hashed alone; numbers and booleans are in clear. What the server converts (durations, texts with commas) is compared in
 * the spellings that people use, and no match among these proves nothing.
 */
export function compareSent(sent: JsonValue, held: JsonValue | undefined, hashesOf: HashesOf): Match {
  if (typeof sent === 'string') return compareText(sent, held, hashesOf)
  if (Array.isArray(sent)) return compareList(sent, held, hashesOf)
  if (isObject(sent) && Object.keys(sent).length > 0) return compareMap(sent, held, hashesOf)
  const empty = isEmpty(held) || held === 0 || held === false
  if (isEmpty(sent) || sent === 0 || sent === false) {
    if (empty) return 'same'
    // A null is ignored for some types (sdk/framework field_data.go).
    return sent !== null && (typeof sent === 'object' || typeof sent === typeof held) ? 'different' : 'unknown'
  }
  if (typeof sent === typeof held) return sent === held ? 'same' : 'different'
  return String(sent) === held ? 'same' : 'unknown'
}

/** Every text whose hash decides how a value compares. */
export function textsToHash(held: JsonValue | undefined): string[] {
  const inside = Array.isArray(held) ? held : isObject(held) ? Object.values(held) : []
  return [...spellings(held), ...inside.flatMap((item: JsonValue) => textsToHash(item))]
}

function compareText(sent: string, held: JsonValue | undefined, hashesOf: HashesOf): Match {
  if (sent === ownHash('') && isEmpty(held)) return 'same'
  const hashed = isServerHash(sent)
  const known = spellings(held).map((text) => (hashed ? hashesOf(text) : [ownHash(text)]))
  if (known.flat().includes(sent)) return 'same'
  const complete = known.length > 0 && known.every((hashes) => hashes.length > 0)
  return complete && keptAsSent(held) ? 'different' : 'unknown'
}

/** Only a text that the server keeps as it was sent differs for certain. */
function keptAsSent(held: JsonValue | undefined): boolean {
  return typeof held === 'string' && !/^\d{4}-\d\d-\d\dT/.test(held)
}

function compareList(sent: readonly JsonValue[], held: JsonValue | undefined, hashesOf: HashesOf): Match {
  if (isEmpty(held)) return sent.length === 0 ? 'same' : 'different'
  if (isObject(held)) return 'unknown'
  const elements: readonly JsonValue[] = Array.isArray(held) ? held : [held as JsonValue]
  if (sent.length === 0) return 'different'
  const matches = sent.map((item) => elements.map((element) => compareSent(item, element, hashesOf)))
  const found = (row: readonly Match[]) => row.includes('same')
  const covered = elements.every((_, column) => matches.some((row) => row[column] === 'same'))
  if (matches.every(found) && covered) return 'same'
  const unsure = matches.some((row) => !found(row) && row.includes('unknown'))
  return unsure ? 'unknown' : 'different'
}

function compareMap(sent: JsonObject, held: JsonValue | undefined, hashesOf: HashesOf): Match {
  if (isEmpty(held)) return 'different'
  if (!isObject(held)) return 'unknown'
  const names = [...new Set([...Object.keys(sent), ...Object.keys(held)])]
  const matches = names.map((name): Match => {
    if (!Object.hasOwn(sent, name) || !Object.hasOwn(held, name)) return 'different'
    return compareSent(sent[name] as JsonValue, held[name], hashesOf)
  })
  if (matches.includes('different')) return 'different'
  return matches.includes('unknown') ? 'unknown' : 'same'
}

function spellings(held: JsonValue | undefined): string[] {
  if (typeof held === 'string') return held === '' ? [] : textSpellings(held)
  if (typeof held === 'number') return numberSpellings(held)
  if (typeof held === 'boolean') return [String(held)]
  if (Array.isArray(held) && held.length > 0 && held.every((item) => typeof item === 'string'))
    return [...new Set([held.join(','), held.join(', ')])]
  return []
}

/** What servers give back otherwise than it was sent: line breaks behind a PEM, the mask of a single address. */
function textSpellings(text: string): string[] {
  if (text.startsWith('-----BEGIN')) return [text, `${text}\n`]
  if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) return [text, `${text}/32`]
  return [text]
}

/** Seconds as people and Go write durations; any other number is as JSON has it. */
function numberSpellings(seconds: number): string[] {
  const whole = [1, 60, 3600, 86_400].filter((unit) => Number.isInteger(seconds) && seconds % unit === 0)
  const units: Readonly<Record<number, string>> = { 1: 's', 60: 'm', 3600: 'h', 86400: 'd' }
  const long = `${Math.floor(seconds / 3600)}h${Math.floor((seconds % 3600) / 60)}m${seconds % 60}s`
  return [String(seconds), ...whole.map((unit) => `${seconds / unit}${units[unit]}`), long]
}
