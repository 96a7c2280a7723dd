import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseGoDuration } from '../access/login/go-numbers.ts'
import { problem, UserError } from '../core/diagnostic.ts'
import type { JsonObject } from '../core/json.ts'
import type { Product } from '../core/server.ts'
import type { Snapshot } from '../core/snapshot.ts'
import { hasNamespaces, meets, newestServers } from '../core/version.ts'
import { Crash, Refusal, type Rendered, refuse, render, renderErrors } from './answers.ts'
import { answerAs } from './authorize.ts'
import { parseBody } from './body.ts'
import type { FetchDocument } from './fetch-document.ts'
import { parseBool } from './field-types.ts'
import { acceptList, sentMethod } from './list-method.ts'
import { addBuiltinPolicies } from './policies.ts'
import { restore, snapshotOf } from './restore.ts'
import type { Operation } from './routes.ts'
import { addBuiltinEngines } from './secret-mounts.ts'
import { emptyState, type State } from './state.ts'
import { statusOf } from './status.ts'

export interface SandboxOptions {
  /** `host:port`; `127.0.0.1:0`, a free port, when absent. */
  readonly listen?: string
  /** The root token; random when absent. */
  readonly token?: string
  /** What to be like; what the snapshot is of, or else Vault 1.21.0 or OpenBao 2.6.1. */
  readonly product?: Product
  readonly version?: string
  /** What to begin with. */
  readonly load?: Snapshot
  /** How keys of issuers are fetched; without it, logins at a mount that names a URL are refused. */
  readonly fetchDocument?: FetchDocument
  /** Milliseconds since 1970; the clock when absent. */
  now?(): number
  /** Told of every request before it is answered; the path is as sent, without `/v1/`. */
  onRequest?(method: string, path: string): void
}

export interface Sandbox {
  readonly address: string
  readonly token: string
  /** Ends open connections, too. */
  close(): Promise<void>
  snapshot(): Snapshot
}

/**
 * A Vault in the process: the API that this program uses, kept in memory, with the answers of the real servers. Logins and
 * requests are decided by the rules of src/access. It contacts nobody unless told how. Throws UserError where it cannot
 * listen.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const token = options.token ?? `hvs.${randomBytes(24).toString('base64url')}`
  const state = stateFor({ ...options, token })
  const http = createServer((request, response) => {
    answer(state, request, options)
      .then((rendered) => send(response, request.method, rendered))
      .catch((error: Error) => {
        if (error instanceof Crash) request.socket.destroy()
        else send(response, request.method, renderErrors(500, [`the sandbox failed: ${error.message}`]))
      })
  })
  const listener = acceptList(http)
  const address = await listen(listener, options.listen ?? '127.0.0.1:0')
  return {
    address,
    token,
    snapshot: () => snapshotOf(state, address),
    close: () => listener.closeAll(),
  }
}

function stateFor(options: SandboxOptions & { readonly token: string }): State {
  const { version, token, load, now, fetchDocument } = options
  const product = options.product ?? load?.server.product ?? 'vault'
  const same = load?.server.product === product ? load.server : undefined
  const like = version ?? same?.version ?? newestServers[product].version
  const state = emptyState({ product, version: like, token, clusterId: same?.clusterId, now, fetchDocument })
  addBuiltinEngines(state)
  addBuiltinPolicies(state)
  if (load !== undefined) restore(state, load)
  return state
}

async function listen(listener: ReturnType<typeof acceptList>, where: string): Promise<string> {
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d+)$/.exec(where) ?? []
  if (port === undefined || Number(port) > 65_535)
    throw new UserError([problem('bad-listen', `"${where}" is no place to listen at`, 'Write host:port.')])
  const bare = host.replace(/^\[|\]$/g, '')
  await new Promise<void>((resolve, reject) => {
    listener.net.once('error', (error: NodeJS.ErrnoException) => {
      const message = `the sandbox cannot listen at ${where} (${error.code})`
      reject(new UserError([problem('cannot-listen', message, 'Choose another port, or 0 for a free one.')]))
    })
    listener.net.listen(Number(port), bare, resolve)
  })
  const bound = listener.net.address() as AddressInfo
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`
}

async function answer(state: State, request: IncomingMessage, options: SandboxOptions): Promise<Rendered> {
  const url = new URL(request.url ?? '/', 'http://sandbox')
  const method = sentMethod(request.method ?? 'GET')
  const body = await text(request)
  if (!url.pathname.startsWith('/v1/')) return renderErrors(404, [])
  try {
    const path = decodeURIComponent(url.pathname.slice('/v1/'.length))
    options.onRequest?.(method, path)
    const remoteAddress = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const { headers } = request
    return await answerPath(state, { method, path, query: url.searchParams, body, headers, remoteAddress })
  } catch (error) {
    if (error instanceof Refusal) return renderErrors(error.status, error.errors)
    if (error instanceof URIError) return renderErrors(400, [])
    throw error
  }
}

interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
  readonly headers: IncomingMessage['headers']
  readonly remoteAddress: string
}

async function answerPath(state: State, request: Request): Promise<Rendered> {
  const status = statusOf(state, request.path)
  if (status !== undefined)
    return request.method === 'GET' || request.method === 'HEAD'
      ? render(status, state.product, '')
      : renderErrors(405, [])
  const { operation, sent: body } = requestOf(state, request)
  const listing = operation === 'list' || operation === 'scan'
  const path = listing && !request.path.endsWith('/') ? `${request.path}/` : request.path
  if (operation === 'write' && path.endsWith('/')) refuse("cannot write to a path ending in '/'")
  checkNamespace(state, request)
  const { remoteAddress } = request
  return answerAs(state, {
    operation,
    path,
    body,
    remoteAddress,
    ...wrappingOf(request),
    token: tokenOf(request) ?? '',
  })
}

function requestOf(state: State, request: Request): { operation: Operation; sent: JsonObject } {
  const query = queryOf(request.query)
  switch (request.method) {
    case 'GET': {
      const { list: asked, ...rest } = query
      const [first = ''] = request.query.getAll('list')
      const list = asked === undefined || first === '' ? false : parseBool(first)
      if (list === undefined) throw new Refusal(400, [])
      return { operation: list ? 'list' : 'read', sent: list ? rest : query }
    }
    case 'LIST':
      return { operation: 'list', sent: query }
    case 'SCAN':
      if (!meets(state, { openbao: '2.2' })) refuse('unsupported operation', 405)
      return { operation: 'scan', sent: query }
    case 'DELETE':
      return { operation: 'delete', sent: query }
    case 'POST':
    case 'PUT':
      return { operation: 'write', sent: parseBody(request.body, state.product) }
    case 'PATCH':
      return { operation: 'patch', sent: patchBody(state, request) }
    default:
      return refuse('unsupported operation', 405)
  }
}

/** A name that stands several times is a list. */
function queryOf(query: URLSearchParams): JsonObject {
  const names = [...new Set(query.keys())]
  return Object.fromEntries(
    names.map((name) => {
      const values = query.getAll(name)
      return [name, values.length === 1 ? (values[0] as string) : values]
    }),
  )
}

function patchBody(state: State, { headers, body }: Request): JsonObject {
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  const wanted = 'application/merge-patch+json'
  if (type !== wanted) refuse(`PATCH requires Content-Type of ${wanted}, provided ${type}`, 415)
  return parseBody(body, state.product)
}

/** A server without namespaces ignores the header; one with them has here none but the root namespace. */
function checkNamespace(state: State, { headers }: Request): void {
  const namespace = String(headers['x-vault-namespace'] ?? '').replace(/^\/|\/$/g, '')
  if (hasNamespaces(state) && namespace !== '' && namespace !== 'root') refuse('namespace not found', 404)
}

/** Seconds that the answer is to be wrapped for. */
function wrappingOf({ headers }: Request): { readonly wrapTtl?: number } {
  const text = String(headers['x-vault-wrap-ttl'] ?? '')
  if (text === '') return {}
  const ttl = parseGoDuration(text)
  if ('error' in ttl) return refuse(`error parsing X-Vault-Wrap-TTL header: ${ttl.error}`)
  return ttl.seconds === 0 ? {} : { wrapTtl: ttl.seconds }
}

function tokenOf({ headers }: Request): string | undefined {
  const token = headers['x-vault-token']
  if (token !== undefined && token !== '') return String(token)
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function send(response: ServerResponse, method: string | undefined, { status, body }: Rendered): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(method === 'HEAD' ? undefined : body)
}
