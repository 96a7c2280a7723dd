import { isObject, type JsonObject } from '../core/json.ts'
import type { FetchDocument } from './fetch-document.ts'
import type { State } from './state.ts'

/** Where an issuer shows its keys; `ca` is a PEM to trust instead of the system's, or empty. */
interface KeySet {
  readonly url: string
  readonly ca: string
}

/** In the server's words. */
interface Failure {
  readonly error: string
}

const fetchNothing: FetchDocument = async () => {
  throw new Error('the sandbox fetches no keys unless it is started with --fetch-keys')
}

/** The key sets that a mount's configuration names; a discovery URL is asked for its own (go-oidc oidc.go NewProvider). */
export async function keySetsOf(state: State, config: JsonObject): Promise<readonly KeySet[] | Failure> {
  const issuer = textOf(config, 'oidc_discovery_url')
  if (issuer === '') return namedSets(config)
  const found = await discover(state, issuer, textOf(config, 'oidc_discovery_ca_pem'))
  return 'error' in found ? found : [found]
}

/** The keys of a set, as it shows them (go-oidc jwks.go). */
export async function keysOf(state: State, { url, ca }: KeySet): Promise<readonly JsonObject[] | Failure> {
  const answer = await fetched(state, url, ca)
  if ('error' in answer) return { error: `fetching keys oidc: get keys failed ${answer.error}` }
  const { status, body } = answer
  if (status !== 200) return { error: `fetching keys oidc: get keys failed: ${status} ${body}` }
  const set = jsonObject(body)
  const keys = set && (set['keys'] ?? [])
  if (!Array.isArray(keys)) return { error: `fetching keys oidc: failed to decode keys: ${body}` }
  return keys.filter(isObject)
}

/**
 * What the server says while it writes a configuration whose URL leads nowhere; undefined where it leads somewhere, and
 * in a sandbox that fetches nothing (vault-plugin-auth-jwt path_config.go, openbao path_config.go).
 */
export async function unreachableSource(state: State, config: JsonObject): Promise<string | undefined> {
  if (state.fetchDocument === undefined) return undefined
  const sets = await keySetsOf(state, config)
  if ('error' in sets) return 'error checking oidc discovery URL'
  if (textOf(config, 'oidc_discovery_url') !== '') return undefined
  for (const set of sets)
    if ('error' in (await keysOf(state, set)))
      return state.product === 'vault' ? `error checking jwks URL ${set.url}` : 'error checking jwks URL'
  return undefined
}

function namedSets(config: JsonObject): readonly KeySet[] {
  const pairs = (config['jwks_pairs'] ?? []) as readonly JsonObject[]
  return [config, ...pairs]
    .map((named) => ({ url: textOf(named, 'jwks_url'), ca: textOf(named, 'jwks_ca_pem') }))
    .filter(({ url }) => url !== '')
}

async function discover(state: State, issuer: string, ca: string): Promise<KeySet | Failure> {
  const answer = await fetched(state, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, ca)
  if ('error' in answer) return answer
  const { status, body } = answer
  if (status !== 200) return { error: `${status}: ${body}` }
  const document = jsonObject(body)
  if (document === undefined) return { error: 'failed to decode OIDC discovery document' }
  const found = textOf(document, 'issuer')
  if (found !== issuer) {
    const [expected, got] = [issuer, found].map((text) => JSON.stringify(text))
    return { error: `issuer did not match the returned issuer, expected ${expected} got ${got}` }
  }
  return { url: textOf(document, 'jwks_uri'), ca }
}

async function fetched({ fetchDocument = fetchNothing }: State, url: string, ca: string) {
  try {
    return await fetchDocument(url, ca)
  } catch (error) {
    return { error: `Get "${url}": ${(error as Error).message}` }
  }
}

function textOf(object: JsonObject, name: string): string {
  return String(object[name] ?? '')
}

function jsonObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}
