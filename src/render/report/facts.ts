import type { EnvironmentBindings } from '../../access/why/bindings.ts'
import type { Via } from '../../core/configuration.ts'
import type { JsonObject } from '../../core/json.ts'

/** All that the pages of `vaultwright report` are made of: one configuration, so that they agree. */
export interface ReportFacts {
  readonly bindings: readonly EnvironmentBindings[]
  readonly vault: readonly VaultSide[]
  readonly via: Via
  /** What a job puts before a shell's line to have the secrets in it; absent where they are there anyway. */
  readonly inShell?: string
  /** Steps of a variable's way from GitLab to Vault, and what each means. */
  readonly steps: readonly (readonly [name: string, meaning: string])[]
  /** By environment: secrets that an engine could make anew for each job. */
  readonly dynamic: ReadonlyMap<string, readonly DynamicAdvice[]>
}

export interface DynamicAdvice {
  readonly engine: string
  readonly keys: readonly string[]
  readonly why: string
  readonly example: readonly string[]
}

/** What one environment has on its server, as requests of the server's API in their order. */
export interface VaultSide {
  readonly environment: string
  readonly program: 'vault' | 'bao'
  readonly address?: string
  readonly namespace?: string
  readonly objects: readonly VaultObject[]
}

export type VaultObject =
  | { readonly as: 'auth-mount'; readonly mount: string; readonly enable: VaultRequest; readonly tune: VaultRequest }
  | { readonly as: 'policy'; readonly name: string; readonly path: string; readonly text: string }
  | {
      readonly as: 'auth-config' | 'role'
      readonly mount: string
      readonly name: string
      /** Without what has the server's default. */
      readonly spec: JsonObject
      /** Whole, as a write has to be. */
      readonly write: VaultRequest
    }

export interface VaultRequest {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/** Names of the files, relative to the folder. */
export const pages = {
  index: 'index.md',
  vault: 'a-vault.md',
  script: (environment: string) => `a-vault-${environment}.sh`,
  jobs: 'b-gitlab-jobs.yml',
  bindings: 'c-bindings.md',
  bindingsCsv: 'c-bindings.csv',
  cutover: 'd-cutover.md',
  failures: 'e-failures.md',
} as const

/** What every page begins with. */
export const madeBy = 'Written by "vaultwright report" from the configuration: do not edit.'
