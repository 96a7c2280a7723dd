import type { Identity } from './resource.ts'
import type { ServerVersion } from './version.ts'

/** A request that this program makes, as policies see it. */
export interface Demand {
  /** An API path; `*` at the end is any text, as in policies. That of a list is without a slash. */
  readonly path: string
  /** In the words of policies, all of them. */
  readonly capabilities: readonly string[]
  /** Another path at which the same capabilities serve as well. */
  readonly instead?: string
  /** Names of the parameters that a write sends; absent for none. */
  readonly sends?: readonly string[]
}

/** What handling the objects of a kind takes. Names may be patterns: what holds for `ci-*` holds for all of those. */
export interface Demands {
  /** To learn what there is; `parents` are the containing objects. */
  list(parents: readonly Identity[]): readonly Demand[]
  read(object: Identity): readonly Demand[]
  create(object: Identity, server: ServerVersion): readonly Demand[]
  update(object: Identity, server: ServerVersion): readonly Demand[]
  /** Where objects of the kind can be removed alone. */
  remove?(object: Identity): readonly Demand[]
}
