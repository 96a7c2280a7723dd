import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import type { WrittenObject } from './json-number.ts'

export interface LoginInput {
  readonly server: ServerVersion
  /** Path of the auth mount, without slashes around it. */
  readonly mount: string
  /** `tune` of the mount: token TTLs and type; absent for the server's defaults. */
  readonly tune?: JsonObject
  /** As written to `auth/<mount>/config`; absent where nothing was written. */
  readonly config?: WrittenObject
  /** As the login asks for it; absent for the mount's default_role. */
  readonly name?: string
  /** As written to a fresh role; absent when there is no such role. One that cannot be read counts as absent. */
  readonly role?: WrittenObject
  /** Absent for a login without a token. */
  readonly claims?: WrittenObject
  /** The token's `alg` header; the signature is taken as good. */
  readonly alg: string
  /** Seconds since 1970, with a fraction. */
  readonly now: number
  /** Where the login comes from; absent when it is not to be looked at. */
  readonly remoteAddress?: string
}

export interface GrantedToken {
  readonly ok: true
  /** Sorted; `default` included where the role does not leave it out. Policies of the identity are not known here. */
  readonly policies: readonly string[]
  /** Seconds. */
  readonly ttl: number
  readonly type: 'service' | 'batch'
  readonly metadata: Readonly<Record<string, string>>
  readonly displayName: string
  /** Name of the entity alias: the user claim. */
  readonly alias: string
  /** Names of the group aliases. */
  readonly groups: readonly string[]
  readonly renewable: boolean
  readonly numUses: number
  /** Why `policies` may not be all: the name of one is a template that only the server can fill in (OpenBao). */
  readonly beyond?: string
  /** What the server's checks looked at, in its order; all passed. */
  readonly checks: readonly LoginCheck[]
}

export interface RefusedLogin {
  readonly ok: false
  /** HTTP status; 0 where the server breaks down and closes the connection. */
  readonly status: number
  /** One text that the server answers; where it picks at random, the first of `errors`. */
  readonly error: string
  /** Every text that it could have picked. */
  readonly errors: readonly string[]
  /** Every check in the server's order, those after the first failure too, as if it had gone on. */
  readonly checks: readonly LoginCheck[]
}

export type LoginDecision = GrantedToken | RefusedLogin

/** One check of a login: what was expected, what the token has, and the server's words where it fails. */
export interface LoginCheck {
  readonly check:
    | 'configuration'
    | 'role'
    | 'role_type'
    | 'token'
    | 'token_bound_cidrs'
    | 'alg'
    | 'iss'
    | 'sub'
    | 'aud'
    | 'times'
    | 'nbf'
    | 'exp'
    | 'iat'
    | 'user_claim'
    | 'claim_mappings'
    | 'groups_claim'
    | 'bound_claims'
    | 'policies'
  /** The claim it is about, as the role names it (a JSON pointer included). */
  readonly claim?: string
  readonly ok: boolean
  /** Not decided, because an earlier failure leaves nothing to look at. */
  readonly skipped?: boolean
  /** What the role or the configuration asks for; absent where nothing is. */
  readonly expected?: JsonValue
  /** How `expected` is compared. */
  readonly comparison?: 'equal' | 'one of' | 'glob' | 'present' | 'string' | 'strings' | 'not before' | 'not after'
  /** What the token has; absent when it has no such claim. */
  readonly actual?: JsonValue
  /** The server's words, where it fails. */
  readonly error?: string
}
