import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type Asked, routes } from './gitlab-routes.ts'
import type { GitlabUser, GitlabWorld } from './gitlab-world.ts'
import type { Answer, ReceivedRequest } from './scripted-server.ts'

export type * from './gitlab-world.ts'

/**
 * A stand-in for GitLab's REST API on loopback, written from GitLab's documentation and sources (lib/api): the shapes,
 * pages, permissions and errors of variables, schedules, pipelines and notes. It keeps what is written to it.
 */
export interface GitlabApi {
  /** As CI_SERVER_URL. */
  readonly url: string
  /** As CI_API_V4_URL. */
  readonly apiUrl: string
  readonly world: GitlabWorld
  readonly requests: readonly ReceivedRequest[]
  stop(): Promise<void>
}

export interface GitlabApiOptions extends Partial<GitlabWorld> {
  /** Answers instead of GitLab: a proxy's page, a throttle, a cut connection. `nth` counts equal requests from 1. */
  readonly instead?: (request: ReceivedRequest, nth: number) => Answer | undefined
  /** GitLab leaves the totals out above 10,000 entries; this leaves them out always. */
  readonly withoutTotals?: boolean
}

/** Rack::Attack in front of everything (lib/gitlab/rack_attack.rb): plain text, and when to come back in seconds. */
export function throttled(seconds: number): Answer {
  const headers = { 'content-type': 'text/plain', 'retry-after': String(seconds), 'ratelimit-remaining': '0' }
  return { status: 429, headers, raw: 'Retry later\n' }
}

/** The limit of one endpoint, such as notes (lib/api/helpers/rate_limiter.rb): JSON, and no word about when. */
export const tooManyNotes: Answer = {
  status: 429,
  body: { message: { error: 'This endpoint has been requested too many times. Try again later.' } },
}

/** Stops with the test that started it. */
export async function gitlabApi(options: GitlabApiOptions = {}): Promise<GitlabApi> {
  const started = await startGitlabApi(options)
  onTestFinished(() => started.stop())
  return started
}

/** For `beforeAll`; to be stopped by the caller. */
export async function startGitlabApi({
  instead,
  withoutTotals = false,
  ...given
}: GitlabApiOptions = {}): Promise<GitlabApi> {
  const world: GitlabWorld = { users: [], tokens: {}, groups: [], projects: [], instanceVariables: [], ...given }
  const requests: ReceivedRequest[] = []
  const server = createServer(async (incoming, response) => {
    const request = await received(incoming)
    requests.push(request)
    const nth = requests.filter(({ method, path }) => method === request.method && path === request.path).length
    give(response, instead?.(request, nth) ?? answer(world, request, withoutTotals))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url, apiUrl: `${url}/api/v4`, world, requests, stop }
}

async function received(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const { method = '', url: path = '', headers } = incoming
  return { method, path, headers, body: Buffer.concat(chunks).toString() }
}

function answer(world: GitlabWorld, request: ReceivedRequest, withoutTotals: boolean): Answer {
  const url = new URL(request.path, 'http://localhost')
  const [, path] = /^\/api\/v4(\/.*)$/.exec(url.pathname) ?? []
  if (path === undefined)
    return { status: 404, raw: '<!DOCTYPE html><h1>404</h1>', headers: { 'content-type': 'text/html' } }
  const fitting = routes.filter((route) => route.path.test(path))
  const route = fitting.find(({ method }) => method === request.method)
  if (route === undefined) {
    return fitting.length > 0
      ? { status: 405, body: { error: '405 Not Allowed' } }
      : { status: 404, body: { error: '404 Not Found' } }
  }
  const user = caller(world, request, route)
  if ('status' in user) return user
  const page = pageOf(url.searchParams)
  if ('status' in page) return page
  const asked: Asked = { world, user, query: url.searchParams, body: fields(request) }
  const reply = route.answer(asked, ...(route.path.exec(path) ?? []).slice(1))
  return 'list' in reply ? paged(reply.list, page, url, withoutTotals) : reply
}

const unauthorized: Answer = { status: 401, body: { message: '401 Unauthorized' } }

/** lib/api/api_guard.rb */
function caller(
  { users, tokens }: GitlabWorld,
  { headers, method }: ReceivedRequest,
  route: { readonly jobToken?: boolean; readonly readUser?: boolean },
): GitlabUser | Exclude<Answer, 'cut'> {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  const [personal, job] = [headers['private-token'] ?? bearer, headers['job-token']].map(
    (value) => tokens[String(value)],
  )
  const token = personal?.job ? undefined : (personal ?? (job?.job && route.jobToken ? job : undefined))
  const user = users.find(({ id }) => id === token?.user)
  if (token === undefined || user === undefined) return unauthorized as Exclude<Answer, 'cut'>
  if (token.state !== undefined) return invalidToken(token.state)
  const sufficient = ['api', ...(method === 'GET' ? ['read_api'] : []), ...(route.readUser ? ['read_user'] : [])]
  return token.job || (token.scopes ?? ['api']).some((scope) => sufficient.includes(scope))
    ? user
    : insufficient(sufficient)
}

function invalidToken(state: 'expired' | 'revoked') {
  const words = {
    expired: 'Token is expired. You can either do re-authorization or token refresh.',
    revoked: 'Token was revoked. You have to re-authorize from the user.',
  }
  return { status: 401, body: { error: 'invalid_token', error_description: words[state] } }
}

function insufficient(scopes: readonly string[]) {
  const words = 'The request requires higher privileges than provided by the access token.'
  return { status: 403, body: { error: 'insufficient_scope', error_description: words, scope: scopes.join(' ') } }
}

interface Page {
  readonly number: number
  readonly size: number
}

/** lib/api/pagination_params.rb: 20 a page, at most 100 whatever is asked. */
function pageOf(query: URLSearchParams): Page | Exclude<Answer, 'cut'> {
  for (const name of ['page', 'per_page']) {
    if (!/^[1-9]\d*$/.test(query.get(name) ?? '1'))
      return { status: 400, body: { error: `${name} does not have a valid value` } }
  }
  return { number: Number(query.get('page') ?? 1), size: Math.min(100, Number(query.get('per_page') ?? 20)) }
}

/** lib/gitlab/pagination/offset_header_builder.rb: links name GitLab's own host, whichever way the request came. */
function paged(list: readonly unknown[], { number, size }: Page, url: URL, withoutTotals: boolean): Answer {
  const pages = Math.max(1, Math.ceil(list.length / size))
  const href = (page: number) => {
    const query = new URLSearchParams(url.searchParams)
    query.set('page', String(page))
    query.set('per_page', String(size))
    return `<https://gitlab.example.com${url.pathname}?${query}>`
  }
  const next = number < pages ? number + 1 : undefined
  const links = [
    ...(number > 1 ? [`${href(number - 1)}; rel="prev"`] : []),
    ...(next === undefined ? [] : [`${href(next)}; rel="next"`]),
    `${href(1)}; rel="first"`,
    ...(withoutTotals ? [] : [`${href(pages)}; rel="last"`]),
  ]
  const headers = {
    'x-per-page': String(size),
    'x-page': String(number),
    'x-next-page': String(next ?? ''),
    'x-prev-page': number > 1 ? String(number - 1) : '',
    link: links.join(', '),
    ...(withoutTotals ? {} : { 'x-total': String(list.length), 'x-total-pages': String(pages) }),
  }
  return { status: 200, headers, body: list.slice((number - 1) * size, number * size) }
}

/** Grape takes JSON, forms and the query alike. */
function fields({ body, headers, path }: ReceivedRequest): Readonly<Record<string, unknown>> {
  const query = Object.fromEntries(new URL(path, 'http://localhost').searchParams)
  if (body === '') return query
  if ((headers['content-type'] ?? '').includes('json')) return { ...query, ...(JSON.parse(body) as object) }
  return { ...query, ...Object.fromEntries(new URLSearchParams(body)) }
}

function give(response: ServerResponse, given: Answer): void {
  if (given === 'cut') {
    response.socket?.destroy()
    return
  }
  const { status, headers, body, raw } = given
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(raw ?? (body === undefined ? '' : JSON.stringify(body)))
}
