import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { problem, UserError } from '../core/diagnostic.ts'
import type { JsonObject } from '../core/json.ts'
import type { Product } from '../core/server.ts'
import type { Snapshot } from '../core/snapshot.ts'
import { Refusal, type Rendered, refuse, render, renderErrors } from './answers.ts'
import { backendOf } from './backends.ts'
import { parseBody } from './body.ts'
import { parseBool } from './field-types.ts'
import { acceptList, listMethod } from './list-method.ts'
import { addBuiltinPolicies } from './policies.ts'
import { restore, snapshotOf } from './restore.ts'
import { dispatch, type Operation } from './routes.ts'
import { emptyState, type State } from './state.ts'
import { statusOf } from './status.ts'
import { authorize } from './tokens.ts'

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

const newest: Readonly<Record<Product, string>> = { vault: '1.21.0', openbao: '2.6.1' }

/**
 * A Vault in the process: the API that this program uses, kept in memory, with the answers of the real servers. It knows
 * one token, holds no secrets and contacts nobody. Throws UserError where it cannot listen.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const state = stateFor(options)
  const http = createServer((request, response) => {
    answer(state, request, options)
      .then((rendered) => send(response, request.method, rendered))
      .catch((error: Error) =>
        send(response, request.method, renderErrors(500, [`the sandbox failed: ${error.message}`])),
      )
  })
  const listener = acceptList(http)
  const address = await listen(listener, options.listen ?? '127.0.0.1:0')
  return {
    address,
    token: state.token.id,
    snapshot: () => snapshotOf(state, address),
    close: () => listener.closeAll(),
  }
}

function stateFor({ product, version, token, load }: SandboxOptions): State {
  const like = product ?? load?.server.product ?? 'vault'
  const same = load?.server.product === like ? load.server : undefined
  const root = token ?? `hvs.${randomBytes(24).toString('base64url')}`
  const state = emptyState(like, version ?? same?.version ?? newest[like], root, same?.clusterId)
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
  const method = request.method === listMethod ? 'LIST' : (request.method ?? 'GET')
  const body = await text(request)
  if (!url.pathname.startsWith('/v1/')) return renderErrors(404, [])
  try {
    const path = decodeURIComponent(url.pathname.slice('/v1/'.length))
    options.onRequest?.(method, path)
    return answerPath(state, { method, path, query: url.searchParams, body, headers: request.headers })
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
}

function answerPath(state: State, request: Request): Rendered {
  const status = statusOf(state, request.path)
  if (status !== undefined)
    return request.method === 'GET' || request.method === 'HEAD'
      ? render(status, state.product, '')
      : renderErrors(405, [])
  const { operation, sent } = requestOf(state, request)
  const path = operation === 'list' && !request.path.endsWith('/') ? `${request.path}/` : request.path
  if (operation === 'write' && path.endsWith('/')) refuse("cannot write to a path ending in '/'")
  checkNamespace(state, request)
  if (!path.endsWith('/login')) authorize(state, tokenOf(request))
  const backend = backendOf(state, path)
  return render(dispatch(backend.routes, operation, backend.path, sent), state.product, backend.mountType)
}

function requestOf(state: State, request: Request): { operation: Operation; sent: JsonObject } {
  const query = Object.fromEntries(request.query)
  switch (request.method) {
    case 'GET': {
      const { list: asked = '', ...rest } = query
      const list = asked === '' ? false : parseBool(asked)
      if (list === undefined) throw new Refusal(400, [])
      return { operation: list ? 'list' : 'read', sent: list ? rest : query }
    }
    case 'LIST':
      return { operation: 'list', sent: query }
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

function patchBody(state: State, { headers, body }: Request): JsonObject {
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  const wanted = 'application/merge-patch+json'
  if (type !== wanted) refuse(`PATCH requires Content-Type of ${wanted}, provided ${type}`, 415)
  return parseBody(body, state.product)
}

/** Vault without Enterprise ignores the header; OpenBao has namespaces, and here none but the root namespace. */
function checkNamespace(state: State, { headers }: Request): void {
  const namespace = String(headers['x-vault-namespace'] ?? '').replace(/^\/|\/$/g, '')
  if (state.product === 'openbao' && namespace !== '' && namespace !== 'root') refuse('namespace not found', 404)
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
