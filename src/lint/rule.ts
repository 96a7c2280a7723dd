import type { AccessModel } from '../access/model.ts'
import type { ParsedPolicy, TextPosition } from '../access/policy/policy.ts'
import type { Environment, Settings } from '../core/configuration.ts'
import type { JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { Identity } from '../core/resource.ts'

type Level = 'error' | 'warning' | 'info'

/** One thing that is allowed and still a mistake. A new rule is a file beside this, a line in the table, and its tests. */
export interface Rule {
  /** Stable, such as `GLV01`: what settings, exceptions and reports call it. */
  readonly id: string
  /** What it finds, in a few words: the headline of the rule in reports. */
  readonly title: string
  /** Unless the settings say otherwise. */
  readonly level: Level
  /** What can happen, for people who have never met it. */
  readonly why: string
  /** A few lines of a file, before and after: for the page of rules. */
  readonly example?: { readonly bad: string; readonly good: string }
  check(subject: LintSubject): Iterable<Finding>
}

/** One environment as a rule sees it. */
export interface LintSubject {
  readonly environment: Environment
  readonly settings: Settings
  /** What the files say, as the server would understand it. */
  readonly model: AccessModel
  /** By name, read once for all rules. */
  readonly policies: ReadonlyMap<string, ParsedPolicy>
  /** All environments, this one among them: one and the same list for each of them. Absent where there is only this. */
  readonly all?: readonly LintSubject[]
}

export interface Finding {
  /** The object that it is about: a role, a policy, a mount's configuration. */
  readonly object: Identity
  /** The field at fault; empty for the object as a whole. */
  readonly field: FieldPath
  /** In a policy's text, instead of a field. */
  readonly position?: TextPosition
  /** What is wrong here, with the values, in one sentence. */
  readonly message: string
  /** What to write instead. */
  readonly help: string
  /** A change of the file that cannot change who may do what, or only as the message says. */
  readonly fix?: Fix
}

export type Fix =
  /** The field gets this value; undefined takes it away. */
  | { readonly field: FieldPath; readonly value: JsonValue | undefined }
  /** Lines of a policy's text, counted from 1, both ends included, are replaced; an empty text takes them away. */
  | { readonly lines: readonly [number, number]; readonly text: string }
