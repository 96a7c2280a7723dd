import { setTimeout as sleep } from 'node:timers/promises'
import nodeVault from 'node-vault'
import { normalAddress, normalNamespace } from '../core/address.ts'
import { type Diagnostic, problem, UserError } from '../core/diagnostic.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import {
  type Listing,
  type Product,
  type ServerInfo,
  VaultError,
  type VaultWriter,
  WriteOnly,
  type WriteOptions,
} from '../core/server.ts'
import { openDispatcher } from './dispatcher.ts'
import { toVaultError } from './errors.ts'
import { type Job, openJob } from './job.ts'
import { type Pace, pause } from './retry.ts'
import { type Login, openSession, type Session } from './session.ts'
import { type ConnectionSettings, shownAddress } from './settings.ts'
import { createTransport, type Transport } from './transport.ts'

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
  close(): Promise<void>
}

/** Where a run talks to: no request is made. Diagnostics when the file and `VAULT_ADDR` do not agree, or nobody says it. */
export function resolveTarget(
  file: { readonly address?: string; readonly namespace?: string },
  settings: ConnectionSettings,
): { address: string; namespace: string } | Diagnostic {
  const { address: variable } = settings
  const chosen = file.address ?? variable
  if (chosen === undefined)
    return problem(
      'no-address',
      'no address of a server is known',
      "Set VAULT_ADDR, or write `address:` in the environment's file.",
    )
  const address = normalAddress(chosen)
  if (address === undefined)
    return problem(
      'bad-address',
      `${JSON.stringify(shownAddress(chosen))} is not an address such as https://vault.example.com:8200`,
      'Write scheme, host and port, and no user or password.',
    )
  if (file.address !== undefined && variable !== undefined && normalAddress(variable) !== address) {
    return problem(
      'address-mismatch',
      `the environment's file says ${address} and VAULT_ADDR says ${shownAddress(variable)}; nothing was sent to either`,
      'A token goes only where its owner meant it to: make both agree, unset VAULT_ADDR, or choose another --environment.',
    )
  }
  return { address, namespace: normalNamespace(file.namespace ?? settings.namespace) }
}

/** Connects, finds out what the server is, and logs in. Throws UserError or VaultError. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  return await open(options, async ({ requester, ask, server, secrets, destroy }) => {
    const session = await openSession(ask, options.settings.credentials, secrets)
    return {
      ...operations(ask, server),
      logIn: (login) => openJob(login, { own: requester(), other: ask, secrets }),
      close: () => close(session, destroy),
    }
  })
}

/** A way to a server that answered, without a token so far. */
export interface Line {
  readonly ask: Requester
  /** Another one beside it, with a token of its own. */
  requester(): Requester
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
    retries: options.settings.retries,
    encode: (body) => encode(body, options.secretOf, secrets),
    pace: options.pace ?? pause(options.signal),
  })
  const beside = () => requester(openClient(target, transport), secrets, options.onRequest)
  const ask = beside()
  const giveUp = () => void dispatcher.destroy()
  options.signal?.addEventListener('abort', giveUp, { once: true })
  try {
    const server = await identifyServer(ask, target)
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
        path: `/${encodePath(path)}${withQuery(method === 'LIST' ? 'list=true' : query)}`,
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
function encodePath(path: string): string {
  const parts = path.split('/')
  // No name may lead elsewhere; the kinds refuse such names, and this is the last door.
  if (parts.some((part) => part === '.' || part === '..')) throw new Error(`the path ${path} is not a plain one`)
  return parts.map(encodeURIComponent).join('/')
}

function withQuery(query: string | undefined): string {
  return query === undefined ? '' : `?${query}`
}

function operations(ask: Requester, server: ServerInfo): VaultWriter {
  return {
    server,
    async read(path) {
      const data = (await ask('GET', path))?.['data']
      return isObject(data) ? data : undefined
    },
    async list(path) {
      const data = (await ask('LIST', path))?.['data']
      return isObject(data) ? toListing(data, path) : undefined
    },
    async write(path, body, options) {
      const warnings = (await ask('POST', path, body, options))?.['warnings']
      return Array.isArray(warnings) ? warnings.map(String) : []
    },
    async remove(path) {
      await ask('DELETE', path)
    },
  }
}

/** A listing of another shape is no empty listing: what is missing from it would look deleted. */
function toListing(data: JsonObject, path: string): Listing {
  const { keys, key_info: info } = data
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== 'string')) {
    throw new VaultError(200, 'LIST', path, ['the answer holds no list of names'])
  }
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
  if (typeof version !== 'string') throw refuse(`${target.address} does not answer like a Vault or OpenBao server`)
  const product: Product = 'enterprise' in health || Number.parseInt(version, 10) < 2 ? 'vault' : 'openbao'
  return {
    product,
    version,
    ...target,
    clusterId: typeof health['cluster_id'] === 'string' ? health['cluster_id'] : '',
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
