import type { JsonObject } from '../../core/json.ts'
import type { Address, Live } from '../../core/resource.ts'

/** What somebody who logs in does with this program. */
export type Purpose = 'plan' | 'apply' | 'drift'

/** A role by which runs of an environment log in. */
export interface OperatorRole {
  readonly environment: string
  readonly address: Address
  readonly mount: string
  readonly name: string
  readonly purpose: Purpose
}

/** The token of this run, as far as the server tells of it. */
export interface RunToken {
  /** Those of its identity included. */
  readonly policies: readonly string[]
  /** Absent where it did not come from an ID token. */
  readonly login?: {
    /** The role's. */
    readonly address: Address
    readonly mount: string
    readonly role: string
    /** The ID token's, where this run has it. */
    readonly claims?: JsonObject
    /** How it is signed. */
    readonly alg?: string
  }
}

/** Who must not be locked out, on one server and namespace. */
export interface Operators {
  readonly roles: readonly OperatorRole[]
  /** Absent where this run does not apply, or the server does not tell. */
  readonly token?: RunToken
  /** Roles and policies of theirs that the plan did not read, because nobody here describes or owns them. */
  readonly beside: readonly Live[]
}
