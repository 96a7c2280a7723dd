import type { SecretUse } from '../../core/configuration.ts'
import type { JobRole } from '../job-role.ts'
import type { JobCase } from './cases.ts'
import { expand, known } from './pattern.ts'
import type { CiSecret } from './secrets.ts'

/** A secret of a job of which everything is known. */
export interface Located extends Pick<SecretUse, 'mount' | 'path' | 'field'> {
  readonly secret: CiSecret
  readonly engine: string
}

/** Those of GitLab's runner (helpers/vault/secret_engines). */
export const engines = ['kv-v2', 'kv-v1', 'generic']

/** The secrets of which everything is known, with these variables. */
export function located(secrets: readonly CiSecret[], { variables }: JobCase): readonly Located[] {
  return secrets.flatMap((secret) => {
    const [engine, mount, path, field] = [secret.engine, secret.mount, secret.path, secret.field].map((text) =>
      known(expand(text, variables)),
    )
    if (engine === undefined || mount === undefined || path === undefined || field === undefined) return []
    return [{ secret, engine, mount: trimmed(mount), path: trimmed(path), field }]
  })
}

function trimmed(path: string): string {
  return path.replace(/^\/+|\/+$/g, '')
}

/** The other ones are wrong whatever the role may read. */
export function isRead({ engine, mount, path }: Located): boolean {
  return engines.includes(engine) && mount !== '' && path !== ''
}

/** A short form that says no mount, where none of these roles reads from one that is called as the default is. */
export function lacksMount({ written, path }: CiSecret, roles: readonly JobRole[]): boolean {
  if (written === undefined || written.includes('@') || written.includes('$') || path === '') return false
  // A mount of that name is one that somebody made for this.
  return !roles.some(({ secrets }) => Object.values(secrets).some(({ mount }) => mount === 'kv-v2'))
}
