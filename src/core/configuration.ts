import type { Diagnostic, Severity, Source } from './diagnostic.ts'
import type { JsonObject } from './json.ts'
import type { FieldPath } from './kind.ts'
import type { Limits } from './limits.ts'
import type { AccessPromise } from './promise.ts'
import type { Address, Desired, Identity } from './resource.ts'
import type { Undo } from './rollback.ts'
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
  /** Only of a plan back: then `desired` is what an apply found and changed, and not what the files want. */
  readonly rollback?: EnvironmentRollback
}

export interface EnvironmentRollback {
  /** By address. */
  readonly undo: ReadonlyMap<Address, Undo>
  /** Whether the journal ends where the apply ended. */
  readonly complete: boolean
  /** What the apply changed as well and somebody wants left as it is. */
  readonly keep: readonly Identity[]
  /** The environment as the files want it. */
  readonly files: Environment
  /** What the files want of each object, by address. */
  readonly wanted: ReadonlyMap<Address, JsonObject>
}

/** Settings of the whole repository: `vaultwright.yaml`. */
export interface Settings {
  /** Names of environment variables that `${env:NAME}` may read outside write-only fields. */
  readonly env: readonly string[]
  /** Policies that roles may name although no file here describes them; `*` is any text. */
  readonly externalPolicies: readonly string[]
  readonly gitlab: GitlabSettings
  readonly lint: LintSettings
  /** How much one plan may delete or rewrite. */
  readonly limits: Limits
}

/** The GitLab whose jobs log in: which of its features and claims there are. */
export interface GitlabSettings {
  readonly edition?: 'free' | 'premium' | 'ultimate'
  /** Such as `18.4`. */
  readonly version?: string
  /** Of the oldest runner that runs the jobs, such as `16.11`. */
  readonly runner?: string
  readonly jobs?: JobsSettings
  readonly pipeline?: PipelineSettings
}

/** How a job gets its secrets: from GitLab itself, through `vaultwright exec`, or by a script with curl. */
export type Via = 'secrets' | 'exec' | 'script'

/** What `gitlab jobs` writes when no option says it. */
interface JobsSettings {
  /** Relative to the configuration's folder. */
  readonly file?: string
  readonly via?: Via
  /** Names of roles, `*` is any text: their templates exist in all projects, with the secrets only where the role is bound. */
  readonly adapt?: readonly string[]
}

/** What `gitlab pipeline` writes when no option says it. Keys are as in the file. */
export interface PipelineSettings {
  /** Relative to the configuration's folder. */
  readonly file?: string
  readonly image?: string
  readonly before_script?: readonly string[]
  /** Names of the roles that its jobs log in to; `${environment}` is filled in. */
  readonly roles?: { readonly plan?: string; readonly apply?: string; readonly drift?: string }
  /** Names of environments that are applied by hand, `*` is any text; absent for those of production. */
  readonly manual?: readonly string[]
  readonly note?: boolean
}

interface LintSettings {
  /** By the ID of a rule: another level than the rule's own, or none of its findings. */
  readonly levels: Readonly<Record<string, Severity | 'off'>>
  readonly exceptions: readonly LintException[]
  /** Names of policies that are meant to change who may do what; `*` is any text. */
  readonly administrators: readonly string[]
}

/** Findings that somebody allows, for a reason and for a time. */
export interface LintException {
  readonly rule: string
  /** An address; `*` is any text. */
  readonly object: string
  /** The only environment that it is for; absent for all. */
  readonly environment?: string
  readonly reason: string
  /** The last day on which it counts (UTC), such as `2027-03-01`. */
  readonly until: string
  readonly location: Location
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
  /** Of every environment, in the order of environments, files and lines. */
  readonly promises: readonly AccessPromise[]
  readonly diagnostics: readonly Diagnostic[]
  /** The nearest place in the files that says this field of this object, or else the object's own. */
  locate(object: Identity | Desired, environment: string, field: FieldPath): Location | undefined
  /** By path relative to the folder: the text of every file that was read as a part of the configuration. */
  readonly texts: ReadonlyMap<string, string>
  /** A place in such a text; a line or column that it does not have is taken for the nearest. */
  locateText(source: Source, length: number): Location | undefined
  /** The value behind a write-only reference. Throws UserError, which names the reference and never the value. */
  secretOf(reference: WriteOnly['reference']): string
}
