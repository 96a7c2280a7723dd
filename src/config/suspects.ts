import { isObject, type JsonValue } from '../core/json.ts'
import { isEnvReference } from './references.ts'
import { nearest } from './suggest.ts'
import type { Place, TextFile } from './text.ts'

/** Words in keys, or their beginnings, whose values are secrets more often than not. */
const tellingWords = /secr|passw|token|key|cred/i

/** What every auth method of the servers can say about its tokens (sdk/helper/tokenutil): none of it is a secret. */
export const tokenFields: readonly string[] = [
  'token_bound_cidrs',
  'token_explicit_max_ttl',
  'token_max_ttl',
  'token_no_default_policy',
  'token_num_uses',
  'token_period',
  'token_policies',
  'token_strictly_bind_ip',
  'token_ttl',
  'token_type',
]

export type Suspicion = 'certain' | 'likely' | undefined

/** Whether a key looks like that of a secret: because it is nearly a known one, or by its words. */
export function suspicionOf(key: string, secretNames: ReadonlySet<string>): Suspicion {
  const verdicts = verdictsOf(secretNames)
  if (!verdicts.has(key)) verdicts.set(key, judge(key, secretNames))
  return verdicts.get(key)
}

function judge(key: string, secretNames: ReadonlySet<string>): Suspicion {
  if (nearest(key, secretNames) !== undefined) return 'certain'
  return tellingWords.test(key) ? 'likely' : undefined
}

/** A list of ten thousand entries has the same few keys ten thousand times. */
const verdicts = new WeakMap<ReadonlySet<string>, Map<string, Suspicion>>()

function verdictsOf(secretNames: ReadonlySet<string>): Map<string, Suspicion> {
  const known = verdicts.get(secretNames) ?? new Map<string, Suspicion>()
  verdicts.set(secretNames, known)
  return known
}

/** References may be shown, and so may what is empty. */
export function isPublic(value: JsonValue): boolean {
  if (value === null || value === '') return true
  return typeof value === 'string' ? isEnvReference(value) : isObject(value) && Object.keys(value).join() === 'file'
}

/**
 * Under an unknown key a value that may be a secret is hidden from all messages. Names of token_* fields are many, and
 * one that is nearly such a name is that field rather than a secret.
 */
export function hideSuspect(place: Place, key: string, valid: readonly string[]): void {
  const suspect = place.file.suspects.get(place.start)
  const known = key.startsWith('token_') && nearest(key, valid)?.startsWith('token_') === true
  if (suspect !== undefined && (suspect.certain || !known)) place.file.hidden.push(...suspect.ranges)
}

/** No tree says where a secret ends in a broken text, so nothing after one that is certain is shown. */
export function hideSecretsOfBrokenText(file: TextFile, secretNames: ReadonlySet<string>): void {
  const { text, hidden } = file
  for (const { 0: key, index } of text.matchAll(/[\w.-]+/g)) {
    const end = index + key.length
    const rest = text.slice(end, end + 100)
    if (/^["']?\s*:\s*(["']?\$\{env:\w+\}|\{\s*file:)/.test(rest)) continue
    const value = /^["']?\s*:[ \t]*/.exec(rest)?.[0]
    const suspicion = suspicionOf(key, secretNames)
    if (secretNames.has(key) || (suspicion === 'certain' && value !== undefined)) hidden.push([index, text.length])
    else if (suspicion === 'likely' && value !== undefined && !/^(token_|secrets$)/.test(key))
      hidden.push([end + value.length, lineEnd(text, end)])
  }
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return (end === -1 ? text.length : end) - 1
}
