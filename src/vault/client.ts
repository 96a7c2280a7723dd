import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../core/diagnostic.ts'
import { isObject } from '../core/json.ts'
import { type Product, type ServerInfo, VaultError, type VaultWriter, WriteOnly } from '../core/server.ts'
import { type Capabilities, ownCapabilities } from './capabilities.ts'
import { openDispatcher } from './dispatcher.ts'
import { lookUpIdentity, type TokenIdentity } from './identity.ts'
import { type Job, openJob } from './job.ts'
import { listAll } from './listing.ts'
import { refuseNamespace } from './namespaces.ts'
import { openRequester, type Requester, sharingToken } from './requester.ts'
import { type Pace, pause } from './retry.ts'
import { type Login, openSession, type Session } from './session.ts'
import type { ConnectionSettings } from './settings.ts'
import { resolveTarget, type Target } from './target.ts'
import { createTransport } from './transport.ts'

export interface ConnectOptions {
  /** What the environment's file says; the connection's own variables fill in what it leaves out. */
  readonly address?: string
  readonly namespace?: string
  /** Who says the namespace, for people; the environment's file when absent. */
  readonly namespaceFrom?: string
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
    openRequester({ target: { ...target, namespace }, transport, secrets, onRequest: options.onRequest })
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
      return Array.isArray(warnings) ? warnings.map(String) : []
    },
    async remove(path) {
      await ask('DELETE', path)
    },
  }
}

/**
 * Product and version, from `sys/health`, which needs no token. Versions of both products overlap from 2.0 on; only
 * Vault's answer has `enterprise` (openbao http/sys_health.go, HealthResponse). Throws UserError for a namespace that
 * cannot be there.
 */
async function identifyServer(ask: Requester, target: Target): Promise<ServerInfo> {
  const { address, namespace } = target
  // A standby would answer 429, like a quota.
  const health = (await ask('GET', 'sys/health', undefined, { query: 'standbyok=true&perfstandbyok=true' })) ?? {}
  const refuse = (reason: string) => new VaultError(503, 'GET', 'sys/health', [reason])
  if (health['initialized'] === false) throw refuse('the server is not initialized')
  if (health['sealed'] === true) throw refuse('Vault is sealed')
  const version = health['version']
  // It stands in messages and paths of decisions, so it has to look like one.
  if (typeof version !== 'string' || !/^\d[\w.+-]{0,63}$/.test(version))
    throw refuse(`${address} does not answer like a Vault or OpenBao server`)
  const product: Product = 'enterprise' in health || Number.parseInt(version, 10) < 2 ? 'vault' : 'openbao'
  const misled = refuseNamespace(target, { product, version }, health)
  if (misled !== undefined) throw new UserError([misled])
  return {
    product,
    version,
    address,
    namespace,
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
