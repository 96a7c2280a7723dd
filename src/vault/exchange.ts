import type { Dispatcher } from 'undici'
import type { Loss } from './loss.ts'

export interface Outgoing {
  readonly method: string
  /** From the `/` on, with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: string | undefined
}

export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly location: string | undefined
  readonly type: string | undefined
  /** Of a list in pages: the number of the next one, empty after the last. */
  readonly nextPage: string | undefined
  readonly text: string
}

interface Line {
  /** Scheme, host and port. */
  readonly origin: string
  readonly dispatcher: Dispatcher
  /** Milliseconds without a sign of life after which a request counts as lost. */
  readonly timeout: number
}

/** The largest answer that is read: far above 10,000 policies in one listing, far below what would hurt. */
const largestAnswer = 256 * 1024 * 1024

/** A server that sends one byte now and then gives signs of life for ever; so many times the timeout is the end of it. */
const mostTimeouts = 5

/**
 * One request and its answer; never rejects, and follows no redirect. It goes through `dispatch`, which costs half of what
 * `request` does because no stream is made for answers of a few hundred bytes.
 */
export function exchange(
  { origin, dispatcher, timeout }: Line,
  { method, path, headers, body }: Outgoing,
): Promise<Answer | Loss> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    let head: Omit<Answer, 'text'> | undefined
    let deadline: NodeJS.Timeout | undefined
    const dispatch: Dispatcher.DispatchOptions = {
      origin,
      path,
      method: method as Dispatcher.HttpMethod,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
    }
    dispatcher.dispatch(dispatch, {
      onRequestStart(controller) {
        clearTimeout(deadline)
        const tooSlow = () => controller.abort(Object.assign(new Error('too slow'), { code: 'ANSWER_TOO_SLOW' }))
        deadline = setTimeout(tooSlow, mostTimeouts * timeout)
      },
      onResponseStart(_controller, status, headers) {
        head = {
          status,
          retryAfter: first(headers['retry-after']),
          location: first(headers['location']),
          type: first(headers['content-type']),
          nextPage: first(headers['x-next-page']),
        }
      },
      onResponseData(controller, chunk) {
        size += chunk.length
        if (size > largestAnswer) controller.abort(Object.assign(new Error('too large'), { code: 'ANSWER_TOO_LARGE' }))
        else chunks.push(chunk)
      },
      onResponseEnd() {
        clearTimeout(deadline)
        if (head !== undefined)
          resolve({ ...head, text: chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString() })
      },
      onResponseError(_controller, error) {
        clearTimeout(deadline)
        resolve({ lost: (error as NodeJS.ErrnoException).code ?? error.name, detail: error.message })
      },
    })
  })
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
