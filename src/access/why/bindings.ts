import type { Environment, SecretUse } from '../../core/configuration.ts'
import { type Address, addressOf } from '../../core/resource.ts'
import { secretPath } from '../../core/secret.ts'
import type { ServerVersion } from '../../core/version.ts'
import type { AccessModel } from '../model.ts'
import { type MatrixRow, matrixOf } from './matrix.ts'

/** A role as the jobs of an environment are bound to it: whom it admits, what for, and how they come to it. */
export interface Binding {
  readonly row: MatrixRow
  /** By the variable of the job. */
  readonly secrets: Readonly<Record<string, BoundSecret>>
  /** Name of the hidden job that `gitlab jobs` writes; absent for a role without secrets. */
  readonly template?: string
}

interface BoundSecret extends SecretUse {
  /** What the job reads: the API path, without `/v1/`. */
  readonly apiPath: string
}

export interface EnvironmentBindings {
  readonly environment: string
  /** Absent where `VAULT_ADDR` and `VAULT_SERVER_URL` say it. */
  readonly address?: string
  /** Absent or empty for the root namespace. */
  readonly namespace?: string
  readonly server: ServerVersion
  /** By mount and role. */
  readonly bindings: readonly Binding[]
}

/** @param templates by the address of the role */
export function bindingsOf(
  { name, address, namespace, secrets }: Environment,
  model: AccessModel,
  templates: ReadonlyMap<Address, string>,
): EnvironmentBindings {
  const { server, rows } = matrixOf(name, model)
  return {
    environment: name,
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    server,
    bindings: rows.map((row) => {
      const at = addressOf('jwt-role', row.mount, row.role)
      const template = templates.get(at)
      return { row, secrets: withPaths(secrets[at] ?? {}), ...(template === undefined ? {} : { template }) }
    }),
  }
}

function withPaths(secrets: Readonly<Record<string, SecretUse>>): Readonly<Record<string, BoundSecret>> {
  return Object.fromEntries(Object.entries(secrets).map(([name, use]) => [name, { ...use, apiPath: secretPath(use) }]))
}
