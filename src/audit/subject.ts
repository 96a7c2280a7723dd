import type { JsonObject } from '../core/json.ts'
import type { Audited } from '../core/kind.ts'
import type { Wanted } from './trail.ts'

/** An object of which somebody wants to know who made it so. Values are as `Audited.held` gives them. */
export interface Subject extends Wanted {
  readonly audited: Audited
  /** What the server has; undefined where the object is not there. */
  readonly live?: JsonObject
  /** What the files want; undefined where they do not describe it. */
  readonly desired?: JsonObject
  /** What the fields of `live` are to be compared by, where the server says it more exactly. */
  readonly raw?: JsonObject
  /** What `sys/remount` calls its mount, such as `auth/jwt`; undefined for what is in none. */
  readonly mount?: string
}

/** What is known about the hashes of the logs. */
export interface Hashes {
  of(text: string, log: number): readonly string[]
  /** Undefined where the log's device is known for certain; otherwise why a hash that matches nothing says nothing. */
  doubt(log: number): string | undefined
}
