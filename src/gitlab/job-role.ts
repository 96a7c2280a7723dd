import type { Environment, SecretUse } from '../core/configuration.ts'
import type { Source } from '../core/diagnostic.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Address } from '../core/resource.ts'

/** A role of one environment as GitLab's jobs use it: what they must bring, and which secrets they read. */
export interface JobRole {
  readonly environment: Environment
  readonly address: Address
  /** Path of the auth mount, without `auth/`: what GitLab calls VAULT_AUTH_PATH. */
  readonly mount: string
  readonly name: string
  /** Canonical, with Vault's field names. */
  readonly role: JsonObject
  /** Values of "aud" that the role takes, as written. */
  readonly audiences: readonly string[]
  /** By the name of the job's variable; empty for a role whose jobs read by themselves. */
  readonly secrets: Readonly<Record<string, SecretUse>>
  readonly source: Source
}

/** The roles that jobs can log in to with an ID token, by environment and address. */
export function jobRoles(environments: readonly Environment[]): readonly JobRole[] {
  return environments.flatMap((environment) =>
    environment.desired.flatMap(({ kind, address, path, spec, source }) => {
      const [, mount, name] = /^auth\/(.+)\/role\/([^/]+)$/.exec(path) ?? []
      if (kind !== 'jwt-role' || spec['role_type'] !== 'jwt' || mount === undefined || name === undefined) return []
      const audiences = texts(spec['bound_audiences'])
      const secrets = environment.secrets[address] ?? {}
      return [{ environment, address, mount, name, role: spec, audiences, secrets, source }]
    }),
  )
}

function texts(value: JsonValue | undefined): readonly string[] {
  return (Array.isArray(value) ? value : []).filter((item) => typeof item === 'string')
}
