/**
 * A policy as the server understands its text: what `ParseACLPolicy` makes of it (vault policy.go, openbao
 * vault/policy/policy.go). Only what decides requests is kept; `comment` and control groups of editions that do not
 * enforce them are parsed and checked, no more.
 */
import type { GrantedCapability } from '../../core/capability.ts'

export type Capability = GrantedCapability | 'deny'

/** Counted from 1, in the policy's own text; columns in characters. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

/** How a rule's path is compared with a request's: whole, as the beginning, or segment by segment because it has `+`. */
export type PathMatch = 'exact' | 'prefix' | 'segments'

/**
 * A value in a parameter's list. The server compares Go types, and those of HCL's numbers are none that a request's JSON
 * becomes: a number, however deep inside, equals nothing. NaN stands for blocks within a value, which equal nothing either.
 */
export type ParameterValue =
  | string
  | number
  | boolean
  | readonly ParameterValue[]
  | { readonly [key: string]: ParameterValue }

/** Values by parameter name, lower-cased. An empty list stands for any value. */
export type ParameterValues = ReadonlyMap<string, readonly ParameterValue[]>

/** One `path` block. */
export interface PathRule {
  /** As written, templates and all: `ops/data/*`. */
  readonly written: string
  /** As the server keys it: without one leading `/`; the trailing `*` is gone from a prefix and kept with `+`. */
  readonly pattern: string
  readonly match: PathMatch
  /** Shorthands (`policy = "write"`) resolved; `deny` stands alone. Empty for a block that grants nothing and shadows. */
  readonly capabilities: ReadonlySet<Capability>
  readonly allowedParameters?: ParameterValues
  readonly deniedParameters?: ParameterValues
  readonly requiredParameters?: readonly string[]
  /** Seconds; absent where the server has 0. */
  readonly minWrappingTtl?: number
  readonly maxWrappingTtl?: number
  /** OpenBao only. */
  readonly paginationLimit?: number
  readonly listScanResponseKeysFilterPath?: string
  /** OpenBao only: when the block stops counting, milliseconds since 1970. */
  readonly expiration?: number
  readonly mfaMethods?: readonly string[]
  /** Vault only, and only its Enterprise edition asks anybody: decides nothing here, but belongs to the meaning. */
  readonly controlGroup?: ParameterValue
  readonly subscribeEventTypes?: readonly string[]
  /** Whether the path holds `{{…}}`; then `pattern` and `match` are those of the text before it is filled in. */
  readonly templated: boolean
  /** Where the block begins. */
  readonly position: TextPosition
}

export interface Policy {
  /** As the server spells it: lower case. */
  readonly name: string
  /** In the order of the text; several may have one pattern. */
  readonly rules: readonly PathRule[]
  /** Where the text stands, when it is a file of its own; a rule's position is then a position in it. */
  readonly file?: string
  /** OpenBao 2.6 or later, beside the text: whether `{{identity…}}` may become something with a `/`. */
  readonly allowSlashesInIdentityTemplates?: boolean
  /** OpenBao 2.6 or later, beside the text: whether `{{identity…}}` may become something with a `*` or `+`. */
  readonly allowWildcardsInIdentityTemplates?: boolean
}

/** Why a server would not take a text. */
export interface PolicyRefusal {
  /** The server's whole answer, one entry an error: `failed to parse policy: …`. Empty after a crash. */
  readonly errors: readonly string[]
  /** The server's parser panics at this text: it cuts the connection instead of answering, and keeps nothing. */
  readonly crash?: true
  /** Where in the text, as near as it can be told. */
  readonly position: TextPosition
}

export type ParsedPolicy = { readonly policy: Policy } | { readonly refused: PolicyRefusal }
