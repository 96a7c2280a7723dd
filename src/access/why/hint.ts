import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { LoginCheck } from '../login/login.ts'
import type { AccessModel } from '../model.ts'

/** A usual mistake that would explain why a check failed, and what to do about it. */
export interface Hint {
  /** Stable and kebab-case. */
  readonly id: string
  /** One or two sentences. */
  readonly text: string
}

/** A login that is being explained. */
export interface LoginCase {
  readonly model: AccessModel
  readonly mount: string
  /** As the login asks for it. */
  readonly name: string
  /** Absent when there is no such role. */
  readonly role?: JsonObject | undefined
  readonly claims: JsonObject
  readonly alg: string
  /** Seconds since 1970. */
  readonly now: number
  /** Version of the GitLab that issued the token, where it is known. */
  readonly gitlab?: string | undefined
}

/** Looked at for each failed check of its kinds. Gives the hint's text where the mistake is there. */
export interface HintRule {
  readonly id: string
  readonly checks: readonly LoginCheck['check'][]
  when(check: LoginCheck, login: LoginCase): string | undefined
}

/** What a check expects, one entry a value that would do. */
export function expectedOf({ expected }: LoginCheck): readonly JsonValue[] {
  return expected === undefined ? [] : Array.isArray(expected) ? expected : [expected]
}

export function expectedTexts(check: LoginCheck): readonly string[] {
  return expectedOf(check).filter((value): value is string => typeof value === 'string')
}

/** What the token has, one entry a value. */
export function actualOf({ actual }: LoginCheck): readonly JsonValue[] {
  return actual === undefined ? [] : Array.isArray(actual) ? actual : [actual]
}

export function quoted(value: JsonValue): string {
  return JSON.stringify(value)
}

/** `"a"`, `"a" or "b"`, `"a", "b" or "c"`. */
export function anyOf(values: readonly JsonValue[]): string {
  const all = values.map(quoted)
  return all.length < 2 ? (all[0] ?? 'nothing') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}
