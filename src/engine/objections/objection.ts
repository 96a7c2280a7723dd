import type { Address } from '../../core/resource.ts'

/** Why a plan must not be carried out as it is. */
export interface Objection {
  readonly code: string
  /** The object that is meant; absent where it is many. */
  readonly address?: Address
  /** The field that is meant, from the spec's root; empty for the whole object. */
  readonly field: readonly string[]
  readonly message: string
  readonly help: string
}
