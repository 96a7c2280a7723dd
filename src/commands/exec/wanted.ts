import type { SecretUse } from '../../core/configuration.ts'

/** Who logs in where, and what for. */
export interface Wanted {
  readonly role: string
  /** Path of the auth mount, without `auth/`. */
  readonly mount: string
  /** Absent where the environment of the run says it. */
  readonly address?: string
  readonly namespace?: string
  /** Who says the address. */
  readonly source: string
  /** What the role takes as "aud"; empty where that is not known. */
  readonly audiences: readonly string[]
  /** By name of the variable, each name once. */
  readonly secrets: readonly WantedSecret[]
}

export interface WantedSecret {
  /** The variable. */
  readonly name: string
  readonly field: string
  /** Whether the variable gets the path of a file that holds the value. */
  readonly file: boolean
  readonly at: SecretPlace
}

/** Where the secret is: as the files say it, or a path whose engine the server has to tell. */
export type SecretPlace =
  | Pick<SecretUse, 'engine' | 'mount' | 'path'>
  | { readonly engine: 'unknown' /** Mount and path, without `data/`. */; readonly location: string }

/** GitLab gives files unless `file: false` stands there, so jobs read the same with and without `secrets:`. */
export function asWanted(secrets: Readonly<Record<string, SecretUse>>): WantedSecret[] {
  return Object.entries(secrets).map(([name, { engine, mount, path, field, file = true }]) => ({
    name,
    field,
    file,
    at: { engine, mount, path },
  }))
}
