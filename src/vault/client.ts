import { setTimeout as sleep } from 'node:timers/promises'
import nodeVault from 'node-vault'
import { UserError } from '../core/diagnostic.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import {
  type Listing,
  type ListOptions,
  type Product,
  type ServerInfo,
  VaultError,
  type VaultWriter,
  WriteOnly,
  type WriteOptions,
} from '../core/server.ts'
import { type Capabilities, ownCapabilities } from './capabilities.ts'
import { openDispatcher } from './dispatcher.ts'
import { toVaultError } from './errors.ts'
import { lookUpIdentity, type TokenIdentity } from './identity.ts'
import { type Job, openJob } from './job.ts'
import { type Pace, pause } from './retry.ts'
import { type Login, openSession, type Session } from './session.ts'
import type { ConnectionSettings } from './settings.ts'
import { resolveTarget } from './target.ts'
import { createTransport, type Transport } from './transport.ts'
import { wordsOf } from './words.ts'

export interface ConnectOptions {
  /** What the environment's file says; the connection's own variables fill in what it leaves out. */
  readonly address?: string
  readonly namespace?: string
  readonly settings: ConnectionSettings
  /** How many requests are under way at once. */
  readonly parallelism: number
  /** Gives the value behind a write-only reference, while a body is encoded. */
  readonly secretOf: (reference: WriteOnly['reference']) => string
  /** Called once for each answered request, with method and API path; for progress and counting. */
  readonly onRequest?: (method: string, path: string) => void
  /** Once aborted, nothing is waited for any more: not for an answer to the first requests, nor before a retry. */
  readonly signal?: AbortSignal
  readonly pace?: Pace
}

/** An open connection, logged in. `close` revokes a token that this program itself got. */
export interface Connection extends VaultWriter {
  /** Logs in as a job would, beside the connection's own session. Throws the server's refusal. */
  logIn(login: Login): Promise<Job>
  /** Both ask in the root namespace, where audit devices are, and throw the server's refusal. */
  readonly audit: AuditHashes
  /** What the server says of the connection's own token. Throws VaultError with status 403 for one that may not ask. */
  capabilities(paths: readonly string[]): Promise<Capabilities>
  /** Whose token it is; undefined where the server does not tell, or it is of another namespace. Throws VaultError. */
  identity(): Promise<TokenIdentity | undefined>
  close(): Promise<void>
}

export interface AuditHashes {
  /** Names of the audit devices. Takes `sudo` besides `read` on `sys/audit`. */
  devices(): Promise<readonly string[]>
  /** What a text that is not empty looks like in the device's log. Takes `update` on `sys/audit-hash/<device>`. */
  hash(device: string, text: string): Promise<string>
}

/** Connects, finds out what the server is, and logs in. Throws UserError or VaultError. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  return await open(options, async ({ requester, ask, server, secrets, destroy }) => {
    const inRoot = requester('')
    const session = await openSession(sharingToken(ask, inRoot), options.settings.credentials, secrets)
    return {
      ...operations(ask, server),
      logIn: (login) => openJob(login, { own: requester(), other: ask, secrets }),
      audit: auditHashes(inRoot),
      capabilities: (paths) => ownCapabilities(ask, paths),
      identity: async () => session.identity ?? (await lookUpIdentity(ask, server.namespace)),
      close: () => close(session, destroy),
    }
  })
}

/** A way to a server that answered, without a token so far. */
export interface Line {
  readonly ask: Requester
  /** Another one beside it, with a token of its own; in the same namespace unless another is named. */
  requester(namespace?: string): Requester
  readonly server: ServerInfo
  /** What must not be in any error's words. */
  readonly secrets: Set<string>
  destroy(): Promise<void>
}

/** Connects, finds out what the server is, and goes on; ends the connections if that fails. Throws UserError or VaultError. */
export async function open<T>(options: ConnectOptions, goOn: (line: Line) => Promise<T>): Promise<T> {
  const target = resolveTarget(options, options.settings)
  if (!('address' in target)) throw new UserError([target])
  const { origin } = new URL(target.address)
  const dispatcher = await openDispatcher(origin, options.settings, options.parallelism)
  const secrets = new Set<string>()
  const transport = createTransport({
    origin,
    dispatcher,
    timeout: options.settings.timeout,
    retries: options.settings.retries,
    encode: (body) => encode(body, options.secretOf, secrets),
    pace: options.pace ?? pause(options.signal),
  })
  const beside = (namespace = target.namespace) =>
    requester(openClient({ ...target, namespace }, transport), secrets, options.onRequest)
  const ask = beside()
  const giveUp = () => void dispatcher.destroy()
  options.signal?.addEventListener('abort', giveUp, { once: true })
  try {
    const server = await identifyServer(beside(''), target)
    return await goOn({ ask, requester: beside, server, secrets, destroy: () => dispatcher.destroy() })
  } catch (error) {
    await dispatcher.destroy()
    throw error
  } finally {
    options.signal?.removeEventListener('abort', giveUp)
  }
}

/** How long the end of a run waits for its token to be revoked, in milliseconds; a server that hangs must not hold it. */
export const patience = 10_000

async function close(session: Session, destroy: Line['destroy']): Promise<void> {
  await Promise.race([session.close(), sleep(patience, undefined, { ref: false })])
  await destroy()
}

/**
 * node-vault reads VAULT_TOKEN, VAULT_NAMESPACE and VAULT_PREFIX where it is given nothing, and prints request bodies
 * under DEBUG: so everything is set explicitly, and its debug is switched off.
 */
function openClient(
  target: { readonly address: string; readonly namespace: string },
  transport: Transport,
): nodeVault.client {
  const client = nodeVault({
    apiVersion: 'v1',
    debug: () => {},
    // It would check path and method of every request against a JSON Schema; here the compiler has done so.
    tv4: { validate: () => true },
    'request-promise': transport,
  } as object)
  return Object.assign(client, { endpoint: target.address, namespace: target.namespace, pathPrefix: '', token: '' })
}

/** One request; gives the whole answer, undefined for "nothing there" (404 without an error), and throws VaultError. */
export interface Requester {
  (method: Method, path: string, body?: unknown, options?: AskOptions): Promise<JsonObject | undefined>
  /** Sends this token from now on. */
  useToken(token: string): void
}

interface AskOptions extends WriteOptions {
  readonly query?: string
  /**
   * For secrets: numbers that JavaScript would spell differently are `JsonNumber`s, and "nothing there" is answered with
   * `absent`: what the server says about it, which tells a deleted version from a wrong path.
   */
  readonly exact?: boolean
}

type Method = 'GET' | 'LIST' | 'POST' | 'DELETE'

function requester(client: nodeVault.client, secrets: Set<string>, onRequest: ConnectOptions['onRequest']): Requester {
  const ask = (async (method, path, body, { query, ...options } = {}) => {
    try {
      const answer: unknown = await client.request({
        // Every server and every proxy takes a list as a GET; some do not know the method LIST (nor does Node's parser).
        method: method === 'LIST' ? 'GET' : method,
        path: `/${encodePath(method, path)}${withQuery(method === 'LIST' ? listQuery(query) : query)}`,
        ...(body === undefined ? {} : { json: body }),
        ...options,
      })
      return isObject(answer) ? answer : {}
    } catch (error) {
      const refusal = toVaultError(error, method, path, secrets)
      if (refusal === undefined) return options.exact === true ? { absent: bodyOf(error) } : undefined
      throw refusal
    } finally {
      onRequest?.(method, path)
    }
  }) as Requester
  ask.useToken = (token) => {
    secrets.add(token)
    client.token = token
  }
  return ask
}

function bodyOf(error: unknown): JsonObject {
  const { response } = error as { response?: { body?: unknown } }
  return isObject(response?.body) ? response.body : {}
}

/** Names may hold anything (policies do): each segment is encoded; the slashes between them stay. */
function encodePath(method: Method, path: string): string {
  const parts = path.split('/')
  // No name may lead elsewhere. The kinds refuse such names of files; a server may list any.
  if (parts.some((part) => part === '.' || part === '..' || /\p{Cs}/u.test(part)))
    throw new VaultError(400, method, path, ['no request can name this path; nothing was sent'])
  return parts.map(encodeURIComponent).join('/')
}

function listQuery(more: string | undefined): string {
  return more === undefined ? 'list=true' : `list=true&${more}`
}

function withQuery(query: string | undefined): string {
  return query === undefined ? '' : `?${query}`
}

/** Asks through the first; a token that one uses is used by both. */
function sharingToken(ask: Requester, other: Requester): Requester {
  const both: Requester = (...request) => ask(...request)
  both.useToken = (token) => {
    ask.useToken(token)
    other.useToken(token)
  }
  return both
}

function auditHashes(ask: Requester): AuditHashes {
  return {
    async devices() {
      const data = (await ask('GET', 'sys/audit'))?.['data']
      return Object.keys(isObject(data) ? data : {}).map((path) => path.replace(/\/$/, ''))
    },
    async hash(device, text) {
      const path = `sys/audit-hash/${device}`
      const data = (await ask('POST', path, { input: text }))?.['data']
      if (isObject(data) && typeof data['hash'] === 'string') return data['hash']
      throw new VaultError(200, 'POST', path, ['the answer holds no hash'])
    },
  }
}

function operations(ask: Requester, server: ServerInfo): VaultWriter {
  return {
    server,
    async read(path) {
      const answer = await ask('GET', path)
      if (answer === undefined) return undefined
      const data = answer['data']
      if (isObject(data) && Object.keys(data).length > 0) return data
      throw new VaultError(200, 'GET', path, ['the answer holds no data, which is not what a server says of an object'])
    },
    list: (path, options) => listAll(ask, server, path, options),
    async write(path, body, options) {
      const warnings = (await ask('POST', path, body, options))?.['warnings']
      return Array.isArray(warnings) ? wordsOf(warnings) : []
    },
    async remove(path) {
      await ask('DELETE', path)
    },
  }
}

/** No list has so many pages; a server that always knows one more name must not be followed forever. */
const mostPages = 100_000

/** Ten times as many roles as one mount was ever seen with; each of them would be read. */
const mostNames = 1_000_000

async function listAll(
  ask: Requester,
  server: ServerInfo,
  path: string,
  { pages = false }: ListOptions = {},
): Promise<Listing | undefined> {
  const first = await page(ask, path)
  if (first === undefined || !pages || server.product !== 'openbao') return first
  const names = new Set(first.keys)
  let last = first.keys.at(-1)
  for (let count = 0; count < mostPages; count++) {
    const before = names.size
    const more = await page(ask, path, last)
    for (const name of more?.keys ?? []) names.add(name)
    if (names.size > mostNames) throw tooMany(path)
    // A version that knows no pages answers with the whole list once more.
    if (names.size === before) return { ...first, keys: [...names] }
    last = more?.keys.at(-1)
  }
  throw new VaultError(200, 'LIST', path, [`the list does not end after ${mostPages} pages`])
}

async function page(ask: Requester, path: string, after?: string): Promise<Listing | undefined> {
  const query = after === undefined ? {} : { query: `after=${encodeURIComponent(after.replace(/\p{Cs}/gu, '\ufffd'))}` }
  const answer = await ask('LIST', path, undefined, query)
  return answer === undefined ? undefined : toListing(answer['data'], path)
}

function tooMany(path: string): VaultError {
  return new VaultError(200, 'LIST', path, [`the list has more than ${mostNames} names, more than are read`])
}

/** A listing of another shape is no empty listing: what is missing from it would look deleted. */
function toListing(data: JsonValue | undefined, path: string): Listing {
  const { keys, key_info: info } = isObject(data) ? data : {}
  const refuse = (reason: string) => new VaultError(200, 'LIST', path, [reason])
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== 'string' || key === ''))
    throw refuse('the answer holds no list of names')
  if (keys.length > mostNames) throw tooMany(path)
  if (new Set(keys).size < keys.length)
    throw refuse('the answer names the same object twice, so it is no list to rely on')
  return { keys: keys as string[], ...(isObject(info) ? { keyInfo: info as Record<string, JsonObject> } : {}) }
}

/**
 * Product and version, from `sys/health`, which needs no token. Versions of both products overlap from 2.0 on; only
 * Vault's answer has `enterprise` (openbao http/sys_health.go, HealthResponse).
 */
async function identifyServer(
  ask: Requester,
  target: { readonly address: string; readonly namespace: string },
): Promise<ServerInfo> {
  // A standby would answer 429, like a quota.
  const health = (await ask('GET', 'sys/health', undefined, { query: 'standbyok=true&perfstandbyok=true' })) ?? {}
  const refuse = (reason: string) => new VaultError(503, 'GET', 'sys/health', [reason])
  if (health['initialized'] === false) throw refuse('the server is not initialized')
  if (health['sealed'] === true) throw refuse('Vault is sealed')
  const version = health['version']
  // It stands in messages and paths of decisions, so it has to look like one.
  if (typeof version !== 'string' || !/^\d[\w.+-]{0,63}$/.test(version))
    throw refuse(`${target.address} does not answer like a Vault or OpenBao server`)
  const product: Product = 'enterprise' in health || Number.parseInt(version, 10) < 2 ? 'vault' : 'openbao'
  return {
    product,
    version,
    ...target,
    clusterId: typeof health['cluster_id'] === 'string' ? health['cluster_id'].slice(0, 200) : '',
  }
}

/** JSON with write-only references replaced by their secrets, which are remembered, to keep them out of errors. */
function encode(body: unknown, secretOf: ConnectOptions['secretOf'], secrets: Set<string>): string {
  return JSON.stringify(body, function (this: Record<string, unknown>, key, value: unknown) {
    const original = this[key]
    if (!(original instanceof WriteOnly)) return value
    const secret = secretOf(original.reference)
    secrets.add(secret)
    return secret
  })
}
