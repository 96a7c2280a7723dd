import { setTimeout as sleep } from 'node:timers/promises'
import { isWrittenObject, type WrittenObject } from '../access/login/json-number.ts'
import { isObject, type JsonObject } from '../core/json.ts'
import { type Product, type ServerInfo, VaultError } from '../core/server.ts'
import { type ConnectOptions, type Line, open, patience } from './client.ts'
import type { Requester } from './requester.ts'
import { type Login, logIn, type OwnSession } from './session.ts'

/** A login that is there to read secrets, and ends with its token revoked. */
export interface SecretSession {
  readonly server: ServerInfo
  readonly token: SessionToken
  /** Requests that the token is still good for; undefined for any number. */
  usesLeft(): number | undefined
  /** One GET of an API path, such as `ops/data/production/db`. Throws VaultError. */
  read(path: string): Promise<SecretAnswer>
  /** The mount that a path belongs to. Throws VaultError: 403 also where nothing is mounted. */
  mountOf(path: string): Promise<Mount>
  /** Throws VaultError. */
  renewToken(): Promise<Term>
  /** Throws VaultError. */
  renewLease(id: string): Promise<Term>
  /**
   * Revokes the token and with it its leases; the leases one by one where the token cannot be revoked. Never throws: gives
   * what could not be revoked, and why. Waits for ten seconds at most.
   */
  end(leases: readonly string[]): Promise<Leftovers>
}

export interface SessionToken extends Term {
  readonly text: string
  readonly policies: readonly string[]
  /** A batch token can be neither renewed nor revoked. */
  readonly batch: boolean
  /** Requests that it is good for; 0 for any number. */
  readonly uses: number
}

/** How long something is good for. */
export interface Term {
  /** Seconds from the answer on; 0 for ever. */
  readonly ttl: number
  readonly renewable: boolean
}

export interface Lease extends Term {
  readonly id: string
}

export type SecretAnswer =
  | { readonly found: true; readonly data: WrittenObject; readonly lease?: Lease }
  /** `data` is what kv-v2 says of a version that was deleted. */
  | { readonly found: false; readonly data: WrittenObject }

export interface Mount {
  /** Without the slash at its end. */
  readonly path: string
  readonly engine: 'kv-v2' | 'kv-v1' | 'other'
  /** Such as `kv` or `database`. */
  readonly type: string
}

/** What outlives the session; each absent where it is gone. */
export interface Leftovers {
  readonly token?: VaultError
  readonly leases?: VaultError
}

/** Connects and logs in, once. Throws UserError, or the server's refusal. */
export async function openSecretSession(options: ConnectOptions, login: Login): Promise<SecretSession> {
  return await open(options, async (line) => {
    const own = await logIn(line.ask, login, line.secrets)
    return session(line, own)
  })
}

function session({ ask, server, destroy }: Line, { token: text, policies, auth }: OwnSession): SecretSession {
  const token: SessionToken = {
    text,
    policies,
    batch: auth['token_type'] === 'batch',
    uses: number(auth['num_uses']),
    ...termOf(auth),
  }
  let used = 0
  const usesLeft = () => (token.uses === 0 ? undefined : Math.max(0, token.uses - used))
  const send: Send = async (method, path, body, more) => {
    used++
    return (await ask(method, path, body, more)) ?? {}
  }
  return {
    server,
    token,
    usesLeft,
    read: async (path) => answerOf(await send('GET', path, undefined, { exact: true })),
    mountOf: async (path) => mountIn(await send('GET', `sys/internal/ui/mounts/${path}`), path),
    async renewToken() {
      const { auth } = await send('POST', 'auth/token/renew-self', {})
      return termOf(isObject(auth) ? auth : {})
    },
    renewLease: async (id) => termOf(await send('POST', 'sys/leases/renew', { lease_id: id })),
    async end(leases) {
      const late = sleep(patience, undefined, { ref: false }).then(() => overdue(leases))
      // Its last use was the end of the token, and of its leases.
      const left = usesLeft() === 0 ? {} : await Promise.race([revoke(send, server, token, leases), late])
      await destroy()
      return left
    },
  }
}

type Send = (...request: Parameters<Requester>) => Promise<JsonObject>

function termOf(answer: JsonObject): Term {
  return { ttl: number(answer['lease_duration']), renewable: answer['renewable'] === true }
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function answerOf({ absent, lease_id: id, data, ...answer }: JsonObject): SecretAnswer {
  if (isObject(absent)) return { found: false, data: isWrittenObject(absent['data']) ? absent['data'] : {} }
  const lease = typeof id === 'string' && id !== '' ? { id, ...termOf(answer) } : undefined
  return { found: true, data: isWrittenObject(data) ? data : {}, ...(lease === undefined ? {} : { lease }) }
}

/** `sys/internal/ui/mounts/<path>` tells whoever may do anything in a mount what it is (vault/logical_system.go). */
function mountIn(answer: JsonObject, asked: string): Mount {
  const data = isObject(answer['data']) ? answer['data'] : {}
  const { path, type, options } = data
  if (typeof path !== 'string' || typeof type !== 'string')
    throw new VaultError(200, 'GET', `sys/internal/ui/mounts/${asked}`, ['the answer names no mount'])
  const version = isObject(options) ? options['version'] : undefined
  const kv = type === 'kv' || type === 'generic'
  return { path: path.replace(/\/$/, ''), type, engine: kv ? (version === '2' ? 'kv-v2' : 'kv-v1') : 'other' }
}

async function revoke(
  ask: Send,
  { product }: ServerInfo,
  { batch }: SessionToken,
  leases: readonly string[],
): Promise<Leftovers> {
  const token = batch ? undefined : await refusal(ask('POST', 'auth/token/revoke-self', {}))
  // A token that is unknown by now has ended, and its leases with it.
  if (!batch && (token === undefined || isUnknown(token, product))) return {}
  const refusals = await Promise.all(leases.map((id) => refusal(ask('POST', 'sys/leases/revoke', { lease_id: id }))))
  const lease = refusals.find((error) => error !== undefined)
  return { ...(token === undefined ? {} : { token }), ...(lease === undefined ? {} : { leases: lease }) }
}

/** OpenBao says no more of an unknown token than of one that it does not take; of what a login just gave, it is the former. */
function isUnknown({ tokenRefused, errors }: VaultError, product: Product): boolean {
  return tokenRefused && (product === 'openbao' || errors.includes('invalid token'))
}

async function refusal(request: Promise<unknown>): Promise<VaultError | undefined> {
  try {
    await request
    return undefined
  } catch (error) {
    if (error instanceof VaultError) return error
    throw error
  }
}

function overdue(leases: readonly string[]): Leftovers {
  const late = (path: string) => new VaultError(0, 'POST', path, [`no answer in ${patience / 1000} seconds`])
  return {
    token: late('auth/token/revoke-self'),
    ...(leases.length === 0 ? {} : { leases: late('sys/leases/revoke') }),
  }
}
