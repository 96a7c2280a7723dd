import type { Action } from './change.ts'
import type { Address } from './resource.ts'

/** What became of one change of a plan: what `apply` reports as it goes, and what its reports are made of. */
export type Outcome = {
  readonly address: Address
  readonly action: Action
  readonly environment: string
} & (
  | { readonly status: 'done' /** The server's own, one sentence each. */; readonly warnings: readonly string[] }
  /** The server was so before anything was sent, as after an earlier run that broke off. */
  | { readonly status: 'already' }
  | { readonly status: 'failed'; readonly reason: string }
  /** Not tried, because of something else that failed. */
  | { readonly status: 'skipped'; readonly reason: string }
)

export type Status = Outcome['status']
