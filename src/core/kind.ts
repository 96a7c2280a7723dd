import type * as z from 'zod'
import type { AccessFact } from './access-fact.ts'
import type { Demands } from './demand.ts'
import type { JsonObject } from './json.ts'
import type { Address, Desired, Identity, Listed, Live } from './resource.ts'
import type { VaultReader, VaultWriter } from './server.ts'
import type { Requirement } from './version.ts'

/** Where in the files people write an object of this kind. `*` in `at` is a name that they choose. */
export type Written =
  | { readonly in: 'environment'; readonly at: readonly string[] }
  | { readonly in: 'role' }
  | { readonly in: 'policy' }

/** Keys from a spec's root; `*` stands for any key or index. */
export type FieldPath = readonly string[]

/** What of a server is looked at. */
export interface Scope {
  /** Live objects of the parent kind whose contents are wanted, such as the mounts of the wanted roles. */
  readonly parents: readonly Live[]
}

export interface FieldRefusal {
  readonly field: readonly string[]
  readonly reason: string
  readonly help: string
}

/**
 * How a server's audit log tells of a kind. Fields are one level deep here, named as requests name them; their strings may
 * be hashes.
 */
export interface Audited<Spec extends JsonObject = JsonObject> {
  /** The object that a write or removal at this API path is about; undefined for every other path. */
  objectAt(path: string): Identity | undefined
  /** What a request's body asks for. */
  sent(data: JsonObject, path: string): JsonObject
  /** What an object has. */
  held(spec: Spec): JsonObject
  /** Whether a write at this path sets this field although it does not name it. */
  resets(field: string, path: string): boolean
  /** Other texts that the server keeps as this one. */
  spellings?(field: string, text: string): readonly string[]
  /** A GET of the object's path answers with its fields as they were sent. */
  readonly readable: boolean
  /** The path by which `sys/remount` knows the object, such as `auth/jwt`; absent for what is no mount. */
  mountPoint?(object: Identity): string
}

/**
 * One kind of Vault object: how people write it, how it is compared, read and written. It is the only place that
 * knows its API paths and its server's habits; everything else treats all kinds alike.
 */
export interface Kind<Spec extends JsonObject = JsonObject> {
  readonly name: string
  readonly written: Written
  /** Kinds that must exist before it and outlive it. */
  readonly after: readonly string[]
  /** The kind whose objects contain this one's: it can exist only inside one, and goes with it. */
  readonly parent?: string
  /** What people write, after merging and filling in; unknown keys are errors. */
  readonly schema: z.ZodType<Spec>
  /** Fields that not every server has. A field that is not named here exists everywhere. */
  readonly requires: Readonly<Record<string, Requirement>>
  /** Secrets: written as references, never read back. */
  readonly writeOnly: readonly FieldPath[]
  /** All that the server never gives back, secrets included: left out of every comparison. */
  readonly unread: readonly FieldPath[]
  /** Where `{ file: path }` stands for the file's text, such as certificates. */
  readonly fromFile: readonly FieldPath[]
  /** The key under `owns` in an environment file that says which objects of this kind the environment owns. */
  readonly ownedAs?: string

  /** Names as the server spells them (it lower-cases some). */
  identify(...names: readonly string[]): Identity
  /** Why the server would not take such a name; undefined when it would. */
  refuseName(...names: readonly string[]): string | undefined
  /** Why an object like this cannot be in such a parent: a field of the parent's. */
  refuseParent?(parent: JsonObject): FieldRefusal | undefined
  /** Objects of other kinds that must be in place first. */
  needs(spec: Spec, ...names: readonly string[]): readonly Address[]
  /**
   * Both sides pass through it; then deep equality is the whole comparison. Durations become seconds, sets are sorted,
   * and whatever equals the server's default is left out. Idempotent. Ignores members it does not know.
   */
  canonical(spec: JsonObject): Spec
  /** Names of everything there is of this kind in the scope. Throws VaultError rather than give a part. */
  list(server: VaultReader, scope: Scope): AsyncIterable<Listed<Spec>>
  /** Undefined when the object does not exist. */
  read(server: VaultReader, object: Identity): Promise<Live<Spec> | undefined>
  /** Writes the object whole. Gives the server's warnings. */
  write(server: VaultWriter, desired: Desired<Spec>, before: Live<Spec> | undefined): Promise<readonly string[]>
  /** Absent where the server has no way to remove the object alone. */
  remove?(server: VaultWriter, live: Live<Spec>): Promise<void>
  /** What the server cannot change in place. */
  refuse?(before: Spec, after: Spec): readonly FieldRefusal[]
  /** What policies have to grant so that objects of this kind can be handled; each needs the requests of its methods here. */
  readonly demands: Demands
  /** What else a removal destroys; then it takes a confirmation that names the object. */
  readonly removalDestroys?: string
  /** Why a container is of no use once it holds no object of this kind; then a plan asks before it takes the last one. */
  readonly emptyWithout?: string
  /** Why this object is not changed in passing, whoever describes it: more than this configuration stands on it. */
  delicate?(object: Identity): string | undefined
  /** What kept others out before and does so no more: fields, from the spec's root. */
  unbound?(before: Spec, after: Spec): readonly (readonly string[])[]
  /** True where `list` asks the server for each object itself, so that what it lacks is not there. */
  readonly listsAll?: true
  /** What an object says about who may do what; absent for kinds that decide nothing. */
  access?(object: Identity & { readonly spec: Spec }): AccessFact | undefined
  /** Absent for a kind that no audit log tells of. */
  readonly audited?: Audited<Spec>
  /** True where two different specs mean the same, such as policies that differ in layout only. */
  sameMeaning?(before: Spec, after: Spec): boolean
}

/** The table of kinds, in the order in which they are written. */
// biome-ignore lint/suspicious/noExplicitAny: a table of kinds of different specs; each is used only with its own.
export type Kinds = readonly Kind<any>[]

export function kindOf(kinds: Kinds, name: string): Kind {
  const kind = kinds.find((candidate) => candidate.name === name)
  if (kind === undefined) throw new Error(`no kind is called ${name}`)
  return kind
}
