import type { Ownership, SecretUse, Settings, Unmanaged } from '../core/configuration.ts'
import type { FieldPath, Kind, Kinds } from '../core/kind.ts'
import type { Address, Desired } from '../core/resource.ts'
import type { ServerVersion } from '../core/version.ts'
import type { Details, Use } from './problems.ts'
import type { Library } from './references.ts'
import type { Scope, Surroundings } from './scope.ts'
import type { Place } from './text.ts'
import type { YamlDocument } from './yaml.ts'

/** What every step of one loading needs. */
export interface Loading {
  readonly kinds: Kinds
  readonly settings: Settings
  readonly surroundings: Surroundings
  readonly library: Library
  /** Keys under which kinds keep secrets, at any depth. */
  readonly secretNames: ReadonlySet<string>
  /** YAML files that role files mention, by path. */
  readonly documents: Map<string, YamlDocument | undefined>
}

/** An object that the files want, and where they say so. */
export interface Described {
  readonly desired: Desired
  readonly place: Place
  /** Who brings it into this environment, where that is not its own file. */
  readonly user?: Place | undefined
  readonly locate: (field: FieldPath) => Place
}

/** Somebody names a policy; whoever defines it may be read later. */
export interface PolicyReference {
  readonly name: string
  /** The file that it is made from, where that has another name. */
  readonly template?: string
  readonly place: Place
  readonly use?: Use | undefined
}

/** A role is in a mount, which may be described later or elsewhere. */
export interface ParentReference {
  readonly kind: Kind
  readonly parent: Address
  readonly place: Place
  readonly details?: Details | undefined
}

/** An environment while its objects are being gathered. */
export interface Draft {
  readonly name: string
  readonly place: Place
  readonly scope: Scope
  readonly address?: string
  readonly namespace?: string
  /** Absent where no file says it. */
  readonly server?: ServerVersion
  readonly owns: readonly Ownership[]
  readonly unmanaged: Unmanaged
  /** Policies that roles here may name although no file describes them in this environment. */
  readonly externalPolicies: readonly string[]
  readonly objects: Map<Address, Described>
  readonly references: PolicyReference[]
  readonly parents: ParentReference[]
  /** Objects that are written but came to nothing, because of something that is reported. */
  readonly dropped: { readonly address?: Address; readonly place: Place }[]
  readonly secrets: Record<Address, Readonly<Record<string, SecretUse>>>
}

/** The kind written in role files, or as policies; a table without one has no such files. */
export function kindWrittenIn(kinds: Kinds, where: 'role' | 'policy'): Kind | undefined {
  return kinds.find(({ written }) => written.in === where)
}

export function secretNamesOf(kinds: Kinds): ReadonlySet<string> {
  return new Set(kinds.flatMap(({ writeOnly }) => writeOnly.map((path) => path.at(-1) ?? '')))
}
