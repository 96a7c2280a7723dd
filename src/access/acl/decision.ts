import type { JsonObject } from '../../core/json.ts'
import type { Capability, ParameterValues, PathMatch, PathRule, Policy } from '../policy/policy.ts'

/**
 * What a request does, in the server's words. POST and PUT are `create` where the engine can tell that the object is
 * absent (roles, kv) and `update` everywhere else (policies, auth configuration, tune); GET is `read`, or `list` and
 * `scan` with `?list=true` and `?scan=true`; LIST, DELETE, PATCH and SCAN are what they say. Source: vault
 * http/logical.go, request_handling.go CheckToken.
 */
export type Operation = 'create' | 'read' | 'update' | 'delete' | 'list' | 'patch' | 'scan' | 'recover'

export interface AccessRequest {
  readonly operation: Operation
  /** API path without `/v1/`, such as `ops/data/production/db`. The slash that a list needs at its end is added. */
  readonly path: string
  /** The body's parameters, or a read's query (strings, or lists of strings); absent for none. */
  readonly parameters?: JsonObject
  /** Seconds of `X-Vault-Wrap-TTL`; absent when no wrapping is asked for. */
  readonly wrapTtl?: number
}

/** One `path` block and whose it is. */
export interface Block {
  readonly policy: Policy
  readonly rule: PathRule
}

/** All rules of one pattern, merged over the policies of a token. */
export interface MergedRule {
  /** Within the namespace, templates filled in. The trailing `*` is gone from a prefix and kept with `+`. */
  readonly pattern: string
  readonly match: PathMatch
  /** `deny` stands alone. */
  readonly capabilities: ReadonlySet<Capability>
  readonly allowedParameters?: ParameterValues
  readonly deniedParameters?: ParameterValues
  readonly requiredParameters?: readonly string[]
  readonly minWrappingTtl?: number
  readonly maxWrappingTtl?: number
  readonly paginationLimit?: number
  readonly listScanResponseKeysFilterPath?: string
  /** Which blocks it was merged from, in the order of merging; after a `deny` also those that no longer count. */
  readonly from: readonly Block[]
}

/** A block that is no rule of this token. */
export interface DroppedBlock extends Block {
  readonly because: 'expired' | 'template'
  /** The server's words for what the template lacks; the server does not say them to anyone. */
  readonly error?: string
}

/** The server can make no rules of these policies and refuses everything: a 500 from `sys/capabilities`. */
export interface AclFailure {
  readonly policy: string
  readonly error: string
}

/** Why one matching rule lost against the winner, in the server's order of comparison. */
export type Beaten =
  | 'exact match first'
  | 'longest prefix'
  | 'first wildcard later'
  | 'no trailing *'
  | 'fewer +'
  | 'longer'
  | 'lexicographic'
  | 'without trailing slash first'
  | 'with trailing slash first'

export type Denial =
  | { readonly why: 'no rule' }
  | { readonly why: 'deny' }
  | { readonly why: 'capability'; readonly missing: Capability }
  | { readonly why: 'sudo' }
  | { readonly why: 'required parameter'; readonly parameter: string }
  | { readonly why: 'denied parameter'; readonly parameter: string }
  | { readonly why: 'not an allowed parameter'; readonly parameter: string }
  | { readonly why: 'not an allowed value'; readonly parameter: string }
  | { readonly why: 'wrapping'; readonly min?: number; readonly max?: number }
  | { readonly why: 'pagination limit'; readonly limit: number }
  | { readonly why: 'broken policies'; readonly failure: AclFailure }

export interface AccessDecision {
  readonly allowed: boolean
  readonly denial?: Denial
  /** The rule that decided; absent when none matched or the token is root. */
  readonly rule?: MergedRule
  /** Other rules that match the path, best first, and why each did not count. */
  readonly beaten: readonly { readonly rule: MergedRule; readonly because: Beaten }[]
  readonly root: boolean
}
