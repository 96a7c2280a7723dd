import type { SecretUse } from '../../core/configuration.ts'
import { byText, type JsonObject, type JsonValue } from '../../core/json.ts'

/** The variable that holds the ID token. */
export const idToken = 'VAULT_ID_TOKEN'

/** GitLab's `secrets:`. The token is always named, as the first one would be taken without; so is `file`, whose default is true. */
export function secretsKey(secrets: Readonly<Record<string, SecretUse>>): JsonObject {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, use]) => [
      name,
      { vault: vaultKey(use), token: `$${idToken}`, file: use.file ?? true },
    ]),
  )
}

/**
 * The short form where it says exactly this (EE entry/vault/secret.rb): it is split at the last `@`, then at the last `/`,
 * and its engine is kv-v2.
 */
function vaultKey({ engine, mount, path, field }: SecretUse): JsonValue {
  if (engine === 'kv-v2' && !/[/@]/.test(field) && !mount.includes('@')) return `${path}/${field}@${mount}`
  return { engine: { name: engine, path: mount }, path, field }
}

/** Secrets by the path they come from, so that each path is read once: a leased one gives other credentials each time. */
export function byPath(secrets: Readonly<Record<string, SecretUse>>): readonly (readonly [string, SecretUse])[] {
  const paths = [...new Set(Object.values(secrets).map(pathKey))].sort(byText)
  return paths.flatMap((path) => Object.entries(secrets).filter(([, use]) => pathKey(use) === path))
}

function pathKey({ engine, mount, path }: SecretUse): string {
  return [mount, path, engine].join('\n')
}

/** Whether a read gives a lease, which ends with the token. */
export function leased(secrets: Readonly<Record<string, SecretUse>>): boolean {
  return Object.values(secrets).some(({ engine }) => engine === 'generic')
}
