import { createHash } from 'node:crypto'
import { parseJsonText } from '../core/json-text.ts'
import { openDispatcher } from '../vault/dispatcher.ts'
import { type Answer, exchange } from '../vault/exchange.ts'
import { describeLoss, type Loss } from '../vault/loss.ts'
import { type Pace, pause, retryDelay } from '../vault/retry.ts'
import { scrub } from '../vault/scrub.ts'
import { errorWords, GitlabError } from './error.ts'
import type { GitlabConnection } from './settings.ts'

type Query = Readonly<Record<string, string>>

/** Requests to one GitLab. Paths begin behind `/api/v4`. All reject with GitlabError. */
export interface GitlabClient {
  get(path: string, query?: Query): Promise<unknown>
  /** All entries of a list, page after page. */
  list(path: string, query?: Query): AsyncGenerator<unknown, void, undefined>
  /** Undefined for an answer without content. Sent once more only where it surely was not carried out, or is `repeatable`. */
  send(method: 'POST' | 'PUT' | 'DELETE', path: string, request?: Sending): Promise<unknown>
  /** Cuts what is under way. */
  close(): Promise<void>
}

interface Sending {
  readonly query?: Query
  readonly body?: Readonly<Record<string, unknown>>
  /** Whether carrying it out twice ends like carrying it out once. */
  readonly repeatable?: boolean
}

export interface ClientOptions {
  readonly signal?: AbortSignal
  /** The clock of the retries; tests bring one that does not wait. */
  readonly pace?: Pace
}

/** Milliseconds. Listing the variables of a large group takes GitLab some seconds. */
const timeout = 60_000
const retries = 3
/** As many as GitLab gives. */
const pageSize = 100
/** Far more than any list has that is asked for here: GitLab limits variables to some thousands. */
const mostPages = 1_000
/** A page is empty where the user may read nothing of it. */
const mostEmptyPages = 50
/** Of an error; what is longer is a page of somebody else's. */
const longestPage = 100_000

/**
 * A client of our own instead of a library's, because the one there is (gitbeaker) sends the token after a redirect to any
 * host, keeps it in its errors, answers a 429 with ten requests in a fifth of a second, and repeats a POST that may have
 * been carried out. Redirects are never followed here. Authorities beyond Node's own come from NODE_EXTRA_CA_CERTS.
 */
export async function openGitlab(connection: GitlabConnection, options: ClientOptions = {}): Promise<GitlabClient> {
  const { origin, pathname: base } = new URL(connection.apiUrl)
  const tls = { skipVerify: false }
  const settings = { tls, proxy: connection.proxy, timeout, retries, credentials: { from: 'file' } } as const
  const dispatcher = await openDispatcher(origin, settings, 4)
  const secrets: ReadonlySet<string> = new Set([connection.token])
  const pace = options.pace ?? pause(options.signal)
  const headers = { 'private-token': connection.token, accept: 'application/json', 'user-agent': 'vaultwright' }

  /** Tries again as `retryDelay` says. */
  async function answer(
    method: string,
    path: string,
    { query = {}, body, repeatable = false }: Sending,
  ): Promise<Answer> {
    const search = new URLSearchParams(query).toString()
    const text = body === undefined ? undefined : JSON.stringify(body)
    const outgoing = { method, path: `${base}${path}${search === '' ? '' : `?${search}`}`, headers, body: text }
    for (let attempt = 0; ; attempt++) {
      await pace.ready()
      const result = withoutToken(await exchange({ origin, dispatcher, timeout }, outgoing), secrets)
      const delay = retryDelay(result, attempt, retries, repeatable)
      if (delay === undefined) return accepted(result, origin, method, scrub(path, secrets))
      const waited = await pace.wait(delay, 'status' in result && result.status === 429)
      if (!waited) return accepted(result, origin, method, scrub(path, secrets))
    }
  }

  return {
    async get(path, query = {}) {
      return json(await answer('GET', path, { query, repeatable: true }), 'GET', scrub(path, secrets))
    },
    async *list(path, query = {}) {
      const endless = endlessPages()
      for (let page: number | undefined = 1; page !== undefined; ) {
        const paging = { per_page: String(pageSize), page: String(page) }
        const found = await answer('GET', path, { query: { ...query, ...paging }, repeatable: true })
        const entries = json(found, 'GET', scrub(path, secrets))
        if (!Array.isArray(entries)) throw new GitlabError(found.status, 'GET', path, 'the answer is no list')
        if (endless(found.text, entries.length))
          throw new GitlabError(found.status, 'GET', path, `the list does not end: page ${page} brings nothing new`)
        yield* entries
        page = nextPage(found, page, entries.length)
      }
    },
    async send(method, path, request = {}) {
      const found = await answer(method, path, request)
      return found.text === '' ? undefined : json(found, method, scrub(path, secrets))
    },
    close: () => dispatcher.destroy(),
  }
}

/**
 * A page may be shorter than asked though there is another, because GitLab leaves out what the user may not read; so the
 * header decides, and only where a proxy took it away, the length. A page that leads nowhere new ends the list.
 */
function nextPage({ nextPage: header }: Answer, page: number, length: number): number | undefined {
  if (header === undefined) return length === pageSize ? page + 1 : undefined
  return Number(header) > page ? Number(header) : undefined
}

/** Whether a list that always names a next page will go on for ever. Pages are remembered by hash, as they hold values. */
function endlessPages(): (text: string, length: number) => boolean {
  const seen = new Map<string, number>()
  let pages = 0
  return (text, length) => {
    const page = createHash('sha256').update(text).digest('hex')
    const times = (seen.get(page) ?? 0) + 1
    seen.set(page, times)
    return ++pages > mostPages || times > (length === 0 ? mostEmptyPages : 1)
  }
}

const knobs = { timeout: 'a minute', authority: 'NODE_EXTRA_CA_CERTS' }

/** A server or proxy that repeats what it was sent must not put the token into our output. */
function withoutToken(result: Answer | Loss, secrets: ReadonlySet<string>): Answer | Loss {
  if ('lost' in result) return result
  const { location, type, status, text } = result
  const clean = (said: string | undefined) => said && scrub(said, secrets)
  const shown = status >= 200 && status < 300 ? text : scrub(text.slice(0, longestPage), secrets)
  return { ...result, text: shown, location: clean(location), type: clean(type) }
}

function accepted(result: Answer | Loss, origin: string, method: string, path: string): Answer {
  if ('lost' in result) throw new GitlabError(0, method, path, describeLoss(result, origin, knobs))
  const { status, text, type, location } = result
  if (status >= 300 && status < 400) {
    const words = `it redirects to ${location ?? 'another address'}, which the token does not follow; has the project or the instance moved?`
    throw new GitlabError(status, method, path, words)
  }
  if (status >= 400) throw new GitlabError(status, method, path, errorWords(text, type))
  return result
}

function json({ status, text, type }: Answer, method: string, path: string): unknown {
  try {
    return parseJsonText(text)
  } catch {
    const words = `the answer is not JSON (${type ?? 'no content type'}); is this the address of a GitLab?`
    throw new GitlabError(status, method, path, words)
  }
}
