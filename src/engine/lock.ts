import { formatLockEntry, type LockEntry, lockPrefix, parseLockEntry } from '../core/lock.ts'
import { VaultError, type VaultWriter } from '../core/server.ts'

/** Time as the lock needs it: milliseconds that only go forward, also while the machine is suspended. */
export interface Clock {
  now(): number
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export interface LockOptions {
  readonly server: VaultWriter
  /** Tells this run from all others: letters and digits. */
  readonly id: string
  /** Who this is, for the eyes of whoever has to wait. */
  readonly holder: string
  /** This process, as `isDead` of a run on the same machine understands it. */
  readonly process?: string
  /** Whether it is sure that such a process is no more: then its entry need not be watched. */
  readonly isDead?: (process: string) => boolean
  /** Seconds for which one sign of life counts; at most `longestTtl`, which is all that others believe. */
  readonly ttl: number
  /** Seconds to wait for others. */
  readonly wait: number
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** Told once of each holder that is waited for. */
  readonly onWait?: (holder: string) => void
}

export type Acquired =
  | { readonly lock: Lock }
  /** Others had it for all the time that this run would wait. */
  | { readonly held: Held }
  /** The server's list leaves out the entry that was just written, so it may leave out those of others. */
  | { readonly held: 'unseen' }

/** Why it was waited for in vain. */
export interface Held {
  readonly holder: string
  /** Of the entry, a policy. */
  readonly name: string
  /** Seconds without a sign of life after which it is taken for dead, where it showed none since it was seen. */
  readonly silent?: number
}

export interface Lock {
  /** Why it is not sure any more that nobody else writes; undefined as long as it is. Asked before every write. */
  lost(): string | undefined
  /** Resolves to false when the entry could not be removed: then others wait until it is taken for dead. */
  release(): Promise<boolean>
}

const path = (name: string) => `sys/policies/acl/${name}`

/**
 * A lock on a server that has no compare-and-set. Whoever wants it writes an entry of its own and then lists all: it has
 * the lock once its own is the only one, because of two that write and then list, at least one sees the other. The
 * one of the greater name takes its entry back, so that both do not wait for each other.
 *
 * The holder renews its entry; one that stays the same for twice its `ttl`, by the clock of whoever watches it, is a
 * crashed run's and is removed, and one of a process that is known to be dead is at once. A holder that could not renew
 * for one `ttl` stops writing, so there is one `ttl` between its last write and somebody else's first. No two clocks are
 * ever compared. Rejects with VaultError.
 */
export async function acquireLock(options: LockOptions): Promise<Acquired> {
  const { clock, signal } = options
  const end = clock.now() + options.wait * 1000
  const watch = watcher(options)
  const own = ownEntry(options)
  try {
    for (let attempt = 0; ; attempt++) {
      await own.write()
      const { rivals, seesOwn } = await watch.living()
      if (rivals.length === 0 && seesOwn && own.fresh()) return { lock: holding(options, own) }
      if (signal?.aborted || clock.now() >= end) {
        await own.remove()
        return { held: heldBy(rivals, seesOwn) }
      }
      for (const { entry } of rivals) watch.tell(entry.holder)
      if (rivals.some(({ name }) => name < own.name)) await own.remove()
      await clock.sleep(Math.min(pauseOf(options, attempt), end - clock.now()), signal)
    }
  } catch (error) {
    await own.remove().catch(() => undefined)
    throw error
  }
}

function heldBy([first]: readonly Rival[], seesOwn: boolean): Held | 'unseen' {
  if (first === undefined) return seesOwn ? { holder: 'nobody any more', name: `${lockPrefix}…` } : 'unseen'
  const { name, entry, silent } = first
  return { holder: entry.holder, name, ...(silent && { silent: deadAfter(entry) }) }
}

/** Seconds. */
function deadAfter({ ttl }: LockEntry): number {
  return 2 * ttl
}

/** Milliseconds until the next look: soon at first, and never longer than half of what a sign of life lasts. */
function pauseOf({ ttl }: LockOptions, attempt: number): number {
  return Math.min(100 * 2 ** Math.min(attempt, 10), ttl * 500)
}

interface OwnEntry {
  readonly name: string
  write(): Promise<void>
  remove(): Promise<void>
  exists(): Promise<boolean>
  /** Whether the last sign of life still counts. It counts from before it was sent. */
  fresh(): boolean
}

function ownEntry({ server, id, holder, process, ttl, clock }: LockOptions): OwnEntry {
  const name = `${lockPrefix}${id}`
  let beat = 0
  let since = Number.NEGATIVE_INFINITY
  return {
    name,
    async write() {
      const start = clock.now()
      const entry = { holder, ttl, beat: beat++, ...(process === undefined ? {} : { process }) }
      await server.write(path(name), { policy: formatLockEntry(entry) })
      since = start
    },
    remove: () => server.remove(path(name)),
    exists: async () => (await server.read(path(name))) !== undefined,
    fresh: () => clock.now() - since < ttl * 1000,
  }
}

interface Rival {
  readonly name: string
  readonly entry: LockEntry
  /** As it was when it was first seen. */
  readonly silent: boolean
}

interface Seen {
  readonly text: string
  readonly since: number
  readonly silent: boolean
}

/** The entries of others, and how long each has been the same. */
function watcher({ server, id, clock, isDead, onWait }: LockOptions) {
  const seen = new Map<string, Seen>()
  const told = new Set<string>()

  const look = async (name: string): Promise<Rival | undefined> => {
    // The answer is as old as the question may be: whoever was paused before it came saw nothing of the time between.
    const asked = clock.now()
    const data = await server.read(path(name))
    if (data === undefined) return undefined
    const text = String(data['policy'])
    const before = seen.get(name)
    const same = before?.text === text
    if (!same) seen.set(name, { text, since: clock.now(), silent: before === undefined })
    const entry = parseLockEntry(text)
    const still = same && asked - before.since >= deadAfter(entry) * 1000
    const dead = still || (entry.process !== undefined && isDead?.(entry.process) === true)
    if (!dead) return { name, entry, silent: same && before.silent }
    await server.remove(path(name))
    return undefined
  }
  return {
    /**
     * Sorted by name. Removes those that show no life. A list need not be whole: policies of OpenBao can filter it
     * (`list_scan_response_keys_filter_path`), and a standby may be behind.
     */
    async living(): Promise<{ readonly rivals: readonly Rival[]; readonly seesOwn: boolean }> {
      const names = (await server.list('sys/policies/acl'))?.keys ?? []
      const own = `${lockPrefix}${id}`
      const others = names.filter((name) => name.startsWith(lockPrefix) && name !== own).sort()
      const rivals = await Promise.all(others.map(look))
      return { rivals: rivals.filter((rival) => rival !== undefined), seesOwn: names.includes(own) }
    },
    tell(holder: string) {
      if (told.has(holder)) return
      told.add(holder)
      onWait?.(holder)
    },
  }
}

/** Keeps the entry alive until it is released. */
function holding({ clock, ttl }: LockOptions, own: OwnEntry): Lock {
  const released = new AbortController()
  let removed = false
  const beat = async () => {
    while (!released.signal.aborted) {
      await clock.sleep(ttl * 333, released.signal)
      if (released.signal.aborted || removed) return
      removed = !(await renew(own))
    }
  }
  const beating = beat()
  return {
    lost() {
      if (removed) return 'the lock was taken away: its policy is not on the server any more'
      return own.fresh() ? undefined : `the lock could not be renewed for ${ttl} s, so another apply may hold it now`
    },
    async release() {
      released.abort()
      await beating
      if (removed) return true
      return own.remove().then(
        () => true,
        () => false,
      )
    },
  }
}

/** False when somebody deleted the entry. What the server refuses for a moment is tried again at the next beat. */
async function renew(own: OwnEntry): Promise<boolean> {
  try {
    if (!(await own.exists())) return false
    // After a long pause somebody else may have it: then a sign of life would be a lie.
    if (own.fresh()) await own.write()
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
  }
  return true
}
