import type { Diagnostic, Source } from './diagnostic.ts'
import type { FieldPath } from './kind.ts'
import type { Address, Desired, Identity } from './resource.ts'
import type { WriteOnly } from './server.ts'
import type { ServerVersion } from './version.ts'

/** Objects of a kind that an environment owns, whether a file describes them or not. `*` in `name` is any text. */
export interface Ownership {
  readonly kind: string
  /** The containing object, for kinds that live in one, such as a role's mount. */
  readonly parent?: Address
  readonly name: string
}

/** What becomes of an object that an environment owns and no file describes. */
export type Unmanaged = 'report' | 'delete' | 'ignore'

/** A secret that jobs of a role read (`secrets` in a role file). */
export interface SecretUse {
  readonly engine: 'kv-v2' | 'kv-v1' | 'generic'
  readonly mount: string
  readonly path: string
  readonly field: string
  /** Whether jobs get a file that holds the value instead of the value; GitLab's default is true. */
  readonly file?: boolean
}

/** One environment, with everything merged and filled in. */
export interface Environment {
  readonly name: string
  readonly source: Source
  /** Absent when no file says it: then `VAULT_ADDR` does. */
  readonly address?: string
  /** Absent when no file says it; empty for the root namespace. */
  readonly namespace?: string
  /** Whose rules hold while no server is asked; `assumedServer` where no file says it. */
  readonly server: ServerVersion
  /** Everything that the files want of this environment, sorted by address. */
  readonly desired: readonly Desired[]
  readonly owns: readonly Ownership[]
  readonly unmanaged: Unmanaged
  /** Objects that are described elsewhere: never unmanaged, whatever `owns` says. */
  readonly external: readonly Ownership[]
  /** Addresses that this or another environment of the same server and namespace describes. */
  readonly described: ReadonlySet<Address>
  /** By the address of the role, then by the name of the job's variable. */
  readonly secrets: Readonly<Record<Address, Readonly<Record<string, SecretUse>>>>
}

/** Settings of the whole repository: `vaultwright.yaml`. */
export interface Settings {
  /** Names of environment variables that `${env:NAME}` may read outside write-only fields. */
  readonly env: readonly string[]
  /** Policies that roles may name although no file here describes them; `*` is any text. */
  readonly externalPolicies: readonly string[]
}

/** Where a field of an object is written, for messages about it. */
export type Location = Required<Pick<Diagnostic, 'source' | 'excerpt' | 'length'>>

/** All that the files say. */
export interface Configuration {
  /** Absolute. */
  readonly directory: string
  readonly settings: Settings
  /** Sorted by name. */
  readonly environments: readonly Environment[]
  readonly diagnostics: readonly Diagnostic[]
  /** The nearest place in the files that says this field of this object, or else the object's own. */
  locate(object: Identity | Desired, environment: string, field: FieldPath): Location | undefined
  /** The value behind a write-only reference. Throws UserError, which names the reference and never the value. */
  secretOf(reference: WriteOnly['reference']): string
}
