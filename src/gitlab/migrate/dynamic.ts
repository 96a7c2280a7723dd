import type { InventoryVariable } from './inventory.ts'

/** A secret that an engine of Vault could make anew for each job, instead of one that somebody keeps. */
export interface DynamicHint {
  readonly engine: 'database' | 'aws' | 'gcp' | 'azure'
  readonly keys: readonly string[]
  readonly why: string
  /** What the role's `secrets` would say instead. */
  readonly example: readonly string[]
}

type Keys = ReadonlySet<string>

const lease =
  'A lease ends with the token that made it: the role needs token_ttl as long as the job, and no token_num_uses.'

/** What could become dynamic among secrets that belong together. */
export function dynamicHints(
  variables: readonly Pick<InventoryVariable, 'key' | 'class' | 'signs'>[],
): readonly DynamicHint[] {
  const keys = new Set(variables.map(({ key }) => key))
  return [...databases(variables), ...aws(keys), ...clouds(keys)]
}

function databases(variables: readonly Pick<InventoryVariable, 'key' | 'signs'>[]): DynamicHint[] {
  const named =
    /(^|_)(DATABASE|DB|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|MONGO|MONGODB|MSSQL|ORACLE|REDIS)(_\w+)?_?(URL|URI|DSN|PASS|PASSWORD|PASSWD|PWD)$|^PGPASSWORD$/i
  const found = variables.filter(
    ({ key, signs }) => named.test(key) || signs.includes('password in a connection string'),
  )
  if (found.length === 0) return []
  return [
    {
      engine: 'database',
      keys: found.map(({ key }) => key),
      why: `The database engine makes a user for each job and drops it afterwards. ${lease}`,
      example: generic('database', 'creds/app', ['DB_USER', 'username'], ['DB_PASSWORD', 'password']),
    },
  ]
}

function aws(keys: Keys): DynamicHint[] {
  const pairs = [...keys].filter((key) => key.endsWith('AWS_ACCESS_KEY_ID'))
  return pairs.flatMap((id) => {
    const secret = id.replace(/ACCESS_KEY_ID$/, 'SECRET_ACCESS_KEY')
    if (!keys.has(secret)) return []
    return {
      engine: 'aws' as const,
      keys: [id, secret],
      why: `The aws engine makes keys for each job; AWS can also trust GitLab's ID tokens itself, with no key at all. ${lease}`,
      example: generic('aws', 'creds/deploy', [id, 'access_key'], [secret, 'secret_key']),
    }
  })
}

function clouds(keys: Keys): DynamicHint[] {
  const gcp = [...keys].filter((key) =>
    /^(GOOGLE_APPLICATION_CREDENTIALS|GCP_SERVICE_ACCOUNT_KEY|GCLOUD_SERVICE_KEY)$/.test(key),
  )
  const azure = [...keys].filter((key) => /^(AZURE|ARM)_CLIENT_SECRET$/.test(key))
  return [
    ...gcp.map((key) => ({
      engine: 'gcp' as const,
      keys: [key],
      why: `The gcp engine makes access tokens for each job. ${lease}`,
      example: generic('gcp', 'roleset/deploy/token', [key, 'token']),
    })),
    ...azure.map((key) => ({
      engine: 'azure' as const,
      keys: [key],
      why: `The azure engine makes a client secret for each job. ${lease}`,
      example: generic('azure', 'creds/deploy', [key, 'client_secret']),
    })),
  ]
}

function generic(mount: string, path: string, ...fields: readonly (readonly [string, string])[]): readonly string[] {
  return [
    'secrets:',
    ...fields.map(
      ([name, field]) => `  ${name}: { engine: generic, mount: ${mount}, path: ${path}, field: ${field}, file: false }`,
    ),
  ]
}
