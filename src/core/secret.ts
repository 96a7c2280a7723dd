/** Where a secret lies, as GitLab's long form says it. */
export interface SecretPlace {
  readonly engine: string
  /** Where the engine is mounted. */
  readonly mount: string
  /** Without the `data/` of kv-v2. */
  readonly path: string
}

/**
 * The API path that a secret is read at, without `/v1/`: what a policy has to allow. kv-v2 serves values below `data/`
 * (builtin kv path_data.go; helpers/vault/secret_engines of gitlab-runner).
 */
export function secretPath({ engine, mount, path }: SecretPlace): string {
  return engine === 'kv-v2' ? `${mount}/data/${path}` : `${mount}/${path}`
}
