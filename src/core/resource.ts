import type { Source } from './diagnostic.ts'
import { digest } from './digest.ts'
import type { JsonObject } from './json.ts'

/**
 * What an object is called within one server and namespace: its kind and its names, such as `auth-mount/jwt`,
 * `jwt-role/jwt/myproject-production` or `policy/nexus-read`. People type it, plans and reports print it.
 */
export type Address = string & { readonly brand: 'Address' }

export function addressOf(kind: string, ...names: readonly string[]): Address {
  return [kind, ...names].join('/') as Address
}

/** An object's two names: ours, and the server's API path (`auth/jwt/role/myproject-production`). */
export interface Identity {
  readonly kind: string
  readonly address: Address
  readonly path: string
  /** The object that contains it, such as a role's mount. */
  readonly parent?: Address
}

/** An object as the files want it. */
export interface Desired<Spec extends JsonObject = JsonObject> extends Identity {
  /** Canonical: the server's defaults are left out. Write-only values are references. */
  readonly spec: Spec
  /** Objects that must be in place first. */
  readonly needs: readonly Address[]
  readonly source: Source
  /** What `Live` calls so, for an object that is to be made as it once was; absent where those of the live one stay. */
  readonly attributes?: JsonObject
}

/** An object as the server has it. */
export interface Live<Spec extends JsonObject = JsonObject> extends Identity {
  /** Canonical, as in `Desired`; write-only values are absent, the server never gives them. */
  readonly spec: Spec
  /** The server's own counter for check-and-set, where it keeps one. */
  readonly version?: number
  /** What the server keeps beside the spec and forgets unless a write repeats it. */
  readonly attributes?: JsonObject
  /** Fields the server returned that this program does not know. */
  readonly unknown?: readonly string[]
}

/** An object that a listing named; `live` where the listing already brought its content. */
export interface Listed<Spec extends JsonObject = JsonObject> extends Identity {
  readonly live?: Live<Spec>
  /** The server made it itself: nobody's omission when no file describes it. */
  readonly builtin?: boolean
}

/** Changes whenever the object does; null stands for "there is none". */
export function liveDigest(live: Live | undefined): string | null {
  return live === undefined ? null : digest({ spec: live.spec, version: live.version ?? null })
}
