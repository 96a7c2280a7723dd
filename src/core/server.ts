import type { JsonObject } from './json.ts'

export type Product = 'vault' | 'openbao'

/** Which server this is: what a saved plan is bound to, and what decides which fields exist. */
export interface ServerInfo {
  readonly product: Product
  /** As `sys/health` reports it, such as `1.21.0` or `2.6.1`. */
  readonly version: string
  readonly address: string
  /** Empty for the root namespace. */
  readonly namespace: string
  /** Empty where the server does not say. */
  readonly clusterId: string
}

/** What a LIST answers. `key_info` is there only on endpoints that give details with the names. */
export interface Listing {
  readonly keys: readonly string[]
  readonly keyInfo?: Readonly<Record<string, JsonObject>>
}

/** API paths are without `/v1/` and unencoded, such as `auth/jwt/role/ci`. */
export interface VaultReader {
  readonly server: ServerInfo
  /** The `data` of a GET; undefined when there is nothing at the path. */
  read(path: string): Promise<JsonObject | undefined>
  /** Undefined when the server has nothing to list there. */
  list(path: string, options?: ListOptions): Promise<Listing | undefined>
}

export interface ListOptions {
  /**
   * True for lists that OpenBao gives in pages. A policy's `pagination_limit` cuts them without a word in the answer
   * (openbao vault/policy/acl.go), so it is asked for what comes after the last name until nothing does.
   */
  readonly pages?: boolean
}

export interface WriteOptions {
  /**
   * False where a second identical request would not end as the first did (enabling a mount, check-and-set):
   * then a lost answer is not answered by sending again.
   */
  readonly repeatable?: boolean
}

export interface VaultWriter extends VaultReader {
  /** Sends a POST. Gives the server's warnings. `WriteOnly` members of the body become their secrets on the wire. */
  write(path: string, body: Readonly<Record<string, unknown>>, options?: WriteOptions): Promise<readonly string[]>
  /** Sends a DELETE; deleting what is absent succeeds. */
  remove(path: string): Promise<void>
}

/**
 * A server's refusal, or that it could not be reached. Made only in `vault/` and `sandbox/`; holds nothing of the
 * request but its method and path, and no cause, because a client library's errors hold the token.
 */
export class VaultError extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  readonly method: string
  readonly path: string
  /** The server's own words, one entry an error. */
  readonly errors: readonly string[]
  /** The token itself was not taken, so no policy would help: it is unknown, or not for this use. */
  readonly tokenRefused: boolean

  constructor(
    status: number,
    method: string,
    path: string,
    errors: readonly string[],
    tokenRefused: boolean = status === 403 && errors.includes('invalid token'),
  ) {
    super(`${method} ${path}: ${status === 0 ? '' : `${status} `}${errors.join('; ')}`.trimEnd())
    this.name = 'VaultError'
    this.status = status
    this.method = method
    this.path = path
    this.errors = errors
    this.tokenRefused = tokenRefused
  }
}

/**
 * A reference to a secret that only the server may see: `${env:NAME}`, or a file's path. It stays a reference in every
 * plan, digest and report; the adapter fills it in while it writes the request's body.
 */
export class WriteOnly {
  readonly reference: string | { readonly file: string }

  constructor(reference: string | { readonly file: string }) {
    this.reference = reference
  }

  /** Where a body is printed or stored by mistake, this is what shows. */
  toJSON(): string {
    return '(write-only)'
  }
}
