import { isObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { type Claims, sign } from './issuer.ts'
import { request } from './live-vault.ts'

/**
 * What GitLab and its runner do with `id_tokens` and `secrets`, which gitlab-ci-local does not: the short form as GitLab
 * splits it (EE entry/vault/secret.rb), then for each secret a login and one read (gitlab-runner helpers/vault).
 */
export interface RunnerJob {
  /** The job with everything merged, as `preview` gives it. */
  readonly job: JsonObject
  /** CI/CD variables; they win over the job's own. */
  readonly variables: Readonly<Record<string, string>>
  /** What GitLab would put into the ID token, besides `aud`; an `aud` here wins. */
  readonly claims: Claims
}

/** The values of the job's secrets by variable, or the line with which the job ends. */
export type Resolved =
  | { readonly values: Readonly<Record<string, string>> }
  | { readonly failed: string; readonly status?: number }

export async function resolveSecrets({ job, variables, claims }: RunnerJob): Promise<Resolved> {
  const all = { ...texts(job['variables']), ...variables }
  const tokens = await idTokens(job, claims, all)
  const values: Record<string, string> = {}
  for (const [name, secret] of Object.entries(objectOf(job['secrets']))) {
    const answer = await resolve(name, objectOf(secret), { ...all, ...tokens }, Object.keys(tokens)[0])
    if ('failed' in answer) return answer
    values[name] = answer.value
  }
  return { values }
}

/** By variable, each with the audience that the job asks for. */
async function idTokens(
  job: JsonObject,
  claims: Claims,
  variables: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const asked = Object.entries(objectOf(job['id_tokens'])).map(async ([name, token]) => {
    const aud = [objectOf(token)['aud']].flat().map((text) => expand(String(text), variables))
    return [name, await sign({ aud: aud.length === 1 ? aud[0] : aud, ...claims })] as const
  })
  return Object.fromEntries(await Promise.all(asked))
}

type One = { readonly value: string } | { readonly failed: string; readonly status?: number }

async function resolve(
  name: string,
  secret: JsonObject,
  variables: Readonly<Record<string, string>>,
  firstToken: string | undefined,
): Promise<One> {
  const address = variables['VAULT_SERVER_URL']
  if (!address) return { failed: 'The secrets provider can not be found. Check your CI/CD variables and try again.' }
  const jwt = expand(String(secret['token'] ?? `$${firstToken}`), variables)
  const role = expand(variables['VAULT_AUTH_ROLE'] ?? '', variables)
  const mount = expand(variables['VAULT_AUTH_PATH'] ?? 'jwt', variables)
  const login = await request({ address }, 'PUT', `auth/${mount}/login`, { jwt, ...(role === '' ? {} : { role }) })
  if (login.status !== 200)
    return refusal(
      'initializing Vault service: preparing authenticated client: authenticating Vault client: writing to Vault',
      login,
    )
  const token = String(objectOf(login.body?.['auth'] as JsonValue)['client_token'])
  const { engine, path, field } = vaultKey(secret['vault'])
  const full = expand(engine.name === 'kv-v2' ? `${engine.path}/data/${path}` : `${engine.path}/${path}`, variables)
  const read = await request({ address, token }, 'GET', full)
  if (read.status !== 200 && read.status !== 404) return refusal('reading secret: reading from Vault', read)
  const data = objectOf(read.body?.['data'] as JsonValue)
  const value = (engine.name === 'kv-v2' ? objectOf(data['data']) : data)[expand(field, variables)]
  return value === undefined || value === null
    ? { failed: `ERROR: Job failed: resolving secrets: secret not found: ${name}` }
    : { value: String(value) }
}

function refusal(doing: string, { status, body }: Awaited<ReturnType<typeof request>>): One {
  const words = [body?.['errors'] ?? []].flat().join('; ')
  return {
    failed: `ERROR: Job failed: resolving secrets: ${doing}: api error: status code ${status}: ${words}`,
    status,
  }
}

interface VaultKey {
  readonly engine: { readonly name: string; readonly path: string }
  readonly path: string
  readonly field: string
}

/** Split at the last `@`, then at the last `/`; the engine of the short form is kv-v2, at a mount of that name by default. */
export function vaultKey(vault: JsonValue | undefined): VaultKey {
  if (isObject(vault)) return vault as unknown as VaultKey
  const text = String(vault)
  const at = text.lastIndexOf('@')
  const [before, mount] = at < 0 ? [text, 'kv-v2'] : [text.slice(0, at), text.slice(at + 1)]
  const slash = before.lastIndexOf('/')
  return {
    engine: { name: 'kv-v2', path: mount },
    path: before.slice(0, Math.max(0, slash)),
    field: before.slice(slash + 1),
  }
}

function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => variables[braced ?? bare] ?? '')
}

function texts(value: JsonValue | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(objectOf(value)).map(([name, text]) => [name, String(text)]))
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {}
}
