import nodeVault from 'node-vault'
import { isObject, type JsonObject } from '../core/json.ts'
import { VaultError, type WriteOptions } from '../core/server.ts'
import { toVaultError } from './errors.ts'
import { scrub } from './scrub.ts'
import type { Transport } from './transport.ts'
import { wordsOf } from './words.ts'

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

/** Whom a requester asks, through what. */
interface Asking {
  readonly target: { readonly address: string; readonly namespace: string }
  readonly transport: Transport
  /** What must not be in any error's words; tokens that it sends are added. */
  readonly secrets: Set<string>
  readonly onRequest: ((method: string, path: string) => void) | undefined
}

export function openRequester({ target, transport, secrets, onRequest }: Asking): Requester {
  const client = openClient(target, transport)
  const ask = (async (method, path, body, { query, ...options } = {}) => {
    try {
      const answer: unknown = await client.request({
        // Every server and every proxy takes a list as a GET; some do not know the method LIST (nor does Node's parser).
        method: method === 'LIST' ? 'GET' : method,
        path: `/${encodePath(method, path)}${withQuery(method === 'LIST' ? listQuery(query) : query)}`,
        ...(body === undefined ? {} : { json: body }),
        ...options,
      })
      if (!isObject(answer)) return {}
      const { warnings } = answer
      return Array.isArray(warnings)
        ? { ...answer, warnings: wordsOf(warnings).map((text) => scrub(text, secrets)) }
        : answer
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

/** Asks through the first; a token that one uses is used by both. */
export function sharingToken(ask: Requester, other: Requester): Requester {
  const both: Requester = (...request) => ask(...request)
  both.useToken = (token) => {
    ask.useToken(token)
    other.useToken(token)
  }
  return both
}
