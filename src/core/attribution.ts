import type { Address } from './resource.ts'

/** What a server's audit log says of one request. All of it but the times was chosen by whoever sent the request. */
export interface AuditedRequest {
  /** The server's own id of the request, which other entries of the log carry as well. */
  readonly id: string
  /** RFC 3339, UTC; empty where the log was written without times. */
  readonly time: string
  readonly operation: string
  /** As the server saw it, without the namespace, such as `sys/policies/acl/ci`. */
  readonly path: string
  /** Empty for the root. */
  readonly namespace: string
  readonly does: 'write' | 'remove' | 'move' | 'restore'
  /** `unknown`: the log has the request and no answer to it. */
  readonly outcome: 'done' | 'refused' | 'unknown'
  readonly who: AuditedWho
  /** Address of the peer; behind a proxy the proxy's, unless the server was told to trust it. */
  readonly from?: string
  /** The node that took the request and handed it on. */
  readonly forwardedFrom?: string
  readonly userAgent?: string
  /** Names of the fields that the request carried, sorted. */
  readonly fields: readonly string[]
  /** It asked for exactly what the files say: an apply of them. */
  readonly asFiles?: boolean
}

interface AuditedWho {
  /** Empty where the server knew nobody: no token, or an invalid one. */
  readonly name: string
  readonly entity?: string
  readonly policies: readonly string[]
  /** What the login noted: the role, mapped claims, a user's name. */
  readonly metadata: Readonly<Record<string, string>>
  /** The server's hash of the token's accessor: equal for all requests with one token. */
  readonly accessor?: string
}

/**
 * `verified`: what is there is what the named requests wrote or removed. `unverified`: they are the last ones, and nobody
 * could compare. `elsewhere`: what is there was made by no request in the logs. `untouched`: the logs have none at all.
 */
export type Verdict = 'verified' | 'unverified' | 'elsewhere' | 'untouched'

/** Who made a drifted or unmanaged object what it is. */
export interface Attribution {
  readonly address: Address
  readonly verdict: Verdict
  /** Why it is not more than that. */
  readonly reason?: string
  /** The requests that made it so, oldest first, each with the drifted fields that it set; no fields: all of it. */
  readonly made: readonly { readonly request: string; readonly fields: readonly string[] }[]
  /** The newest requests that changed it or might have, oldest first. */
  readonly requests: readonly AuditedRequest[]
  /** The newest refused attempts, oldest first. */
  readonly refused: readonly AuditedRequest[]
  /** How many more there are of each. */
  readonly more: { readonly requests: number; readonly refused: number }
}

/** What the given audit logs say about one environment's drift. */
export interface AttributionReport {
  /** The earliest and the latest time in the logs; absent where they have none. */
  readonly from?: string
  readonly to?: string
  /** One for each changed or unmanaged object. */
  readonly objects: readonly Attribution[]
}
