import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration } from '../../core/duration.ts'
import { VaultError } from '../../core/server.ts'
import type { Term } from '../../vault/secret-session.ts'

/** Something that ends by itself unless it is renewed, while the command runs. */
export interface Watched {
  /** Such as `the lease of database/creds/app (DB_USER, DB_PASSWORD)`. */
  readonly what: string
  readonly term: Term
  renew(): Promise<Term>
}

/** Milliseconds since 1970; tests bring one that does not wait. */
export interface Clock {
  now(): number
  /** Rejects when the signal is aborted. */
  until(time: number, signal: AbortSignal): Promise<void>
}

/** Node's timers count in 31 bits of milliseconds, which is less than Vault's default of 32 days. */
const longestSleep = 2 ** 31 - 1

const wallClock: Clock = {
  now: Date.now,
  async until(time, signal) {
    for (let left = time - Date.now(); left > 0; left = time - Date.now())
      await sleep(Math.min(left, longestSleep), undefined, { signal, ref: false })
  },
}

interface Watch {
  readonly clock: Clock
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * Renews each at two thirds of its time; says when that fails and goes on trying, and says loudly when the end is near.
 * Gives a function that stops it.
 */
export function watchTerms(
  watched: readonly Watched[],
  say: (text: string) => void,
  clock: Clock = wallClock,
): () => void {
  const stop = new AbortController()
  const { signal } = stop
  for (const one of watched) {
    watch(one, { clock, say, signal }).catch((error) => {
      if (!signal.aborted) throw error
    })
  }
  return () => stop.abort()
}

async function watch(watched: Watched, on: Watch): Promise<void> {
  const { clock, signal } = on
  let { ttl, renewable } = watched.term
  if (ttl <= 0) return
  let ends = clock.now() + ttl * 1000
  while (renewable) {
    await clock.until(ends - (ttl * 1000) / 3, signal)
    const renewed = await renew(watched, { ends, ttl }, on)
    if (renewed === undefined) break
    const end = clock.now() + renewed.ttl * 1000
    // At its greatest age a term is renewed to the same end again and again.
    renewable = renewed.renewable && end > ends + 500
    ttl = renewed.ttl
    ends = Math.max(end, ends)
  }
  await announceEnd(watched, { ends, ttl }, on)
}

/** Tries until it works, or until nearly all the time is used up: then undefined. */
async function renew(watched: Watched, span: Span, on: Watch): Promise<Term | undefined> {
  const { what } = watched
  const { ends } = span
  const { clock, say, signal } = on
  for (let attempt = 1; ; attempt++) {
    try {
      return await answered(watched, span, on)
    } catch (error) {
      // Cut by the end of the run, which nobody needs to hear of.
      if (!(error instanceof VaultError) || signal.aborted) throw error
      const left = ends - clock.now()
      if (attempt === 1) say(`${what} could not be renewed (${error.message}); it ends in ${inWords(left)}`)
      // What the policies forbid, they forbid again.
      if (error.status === 403 || error.status === 400 || left < 3000) return undefined
      await clock.until(clock.now() + left / 2, signal)
    }
  }
}

/** As `renew` of the watched; a server that takes its time is told of when the end is near. */
async function answered({ what, renew: ask }: Watched, span: Span, { clock, say, signal }: Watch): Promise<Term> {
  const late = () => {
    if (!signal.aborted)
      say(`WARNING: ${what} ends in ${inWords(span.ends - clock.now())}, and its renewal is not answered yet`)
  }
  const timer = setTimeout(late, Math.min(longestSleep, Math.max(0, nearEnd(span) - clock.now())))
  timer.unref()
  try {
    return await ask()
  } finally {
    clearTimeout(timer)
  }
}

/** When something ends, in milliseconds since 1970, and the seconds that it had. */
interface Span {
  readonly ends: number
  readonly ttl: number
}

/** A tenth of its time before the end, and a minute at most. */
function nearEnd({ ends, ttl }: Span): number {
  return ends - Math.min(60_000, ttl * 100)
}

async function announceEnd({ what }: Watched, span: Span, { clock, say, signal }: Watch): Promise<void> {
  const { ends } = span
  await clock.until(nearEnd(span), signal)
  say(`WARNING: ${what} ends in ${inWords(ends - clock.now())} and cannot be renewed any more`)
  await clock.until(ends, signal)
  say(`WARNING: ${what} has ended; the command still runs`)
}

function inWords(milliseconds: number): string {
  return formatDuration(Math.max(0, Math.round(milliseconds / 1000)))
}
