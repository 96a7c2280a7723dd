import { setTimeout as sleep } from 'node:timers/promises'
import { isPassing, type Loss, wasSent } from './loss.ts'

/** The clock of the retries; tests bring one that does not wait. */
export interface Pace {
  /** Resolves when requests may be sent. */
  ready(): Promise<void>
  /**
   * Waits; `all` holds back every other request too, because the server's quota counts them together. False when the run
   * was stopped meanwhile: then nothing is tried again.
   */
  wait(milliseconds: number, all: boolean): Promise<boolean>
}

export function pause(signal?: AbortSignal): Pace {
  let closedUntil = 0
  const rest = (milliseconds: number) =>
    sleep(milliseconds, true, signal === undefined ? {} : { signal }).catch(() => false)
  return {
    async ready() {
      for (let left = closedUntil - Date.now(); left > 0 && !signal?.aborted; left = closedUntil - Date.now())
        await rest(left)
    },
    wait(milliseconds, all) {
      if (all) closedUntil = Math.max(closedUntil, Date.now() + milliseconds)
      return rest(milliseconds)
    },
  }
}

/** 501 and the health codes are answers; 412 is an Enterprise follower that has not caught up yet. */
const passingStatus = new Set([412, 429, 500, 502, 503, 504])

/** No server is waited for longer than this at a time, in milliseconds. */
const longestWait = 60_000
const quotaAttempts = 10

type Result = Loss | { readonly status: number; readonly retryAfter: string | undefined }

/**
 * Milliseconds to wait before trying again; undefined when the result stands. `repeatable` says that carrying the
 * request out twice ends like carrying it out once.
 */
export function retryDelay(
  result: Result,
  attempt: number,
  retries: number,
  repeatable: boolean,
  random = Math.random,
): number | undefined {
  if ('lost' in result) {
    if (!isPassing(result) || attempt >= retries || (!repeatable && wasSent(result))) return undefined
    return backoff(attempt, random)
  }
  if (!passingStatus.has(result.status)) return undefined
  if (result.status === 429) {
    // A quota says "later", not "no": it gets more patience than a broken server, unless retries are switched off.
    if (retries === 0 || attempt >= Math.max(retries, quotaAttempts)) return undefined
    const asked = retryAfter(result.retryAfter)
    return asked === undefined || asked > longestWait
      ? asked === undefined
        ? backoff(attempt, random)
        : undefined
      : asked + random() * 250
  }
  if (attempt >= retries || !repeatable) return undefined
  const asked = retryAfter(result.retryAfter) ?? backoff(attempt, random)
  return asked > longestWait ? undefined : asked
}

/** 0.25 s, 0.5 s, 1 s … up to 8 s, each between half and all of it. */
function backoff(attempt: number, random: () => number): number {
  return Math.min(250 * 2 ** attempt, 8000) * (0.5 + random() / 2)
}

/** Retry-After in its two forms, seconds or a date (RFC 9110 §10.2.3), as milliseconds from now. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}
