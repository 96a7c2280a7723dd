import { isObject, type JsonValue } from './json.ts'
import { parseJsonText } from './json-text.ts'

/**
 * Applies of one server and namespace keep out of each other's way by entries that live on the server itself, as
 * policies that grant nothing: every apply may write policies, and neither a bucket nor a database has to be set up.
 */
export const lockPrefix = 'vaultwright-lock-'

export interface LockEntry {
  /** Who holds it, for the eyes of whoever has to wait. */
  readonly holder: string
  /** Seconds for which one sign of life counts. */
  readonly ttl: number
  /** Changes with every sign of life. */
  readonly beat: number
  /** The process that holds it, in the words of its own machine; absent where it has none. */
  readonly process?: string
}

/** Of an entry that cannot be read: somebody else's version wrote it. */
const unreadable: LockEntry = { holder: 'somebody', ttl: 30, beat: 0 }

/** Seconds. Whatever an entry says, it is not believed to live longer. */
export const longestTtl = 600

const notice =
  '# An apply of vaultwright is running. This policy grants nothing: it keeps other applies waiting until it is deleted.'

/** The text of the policy. One line, whatever the holder is called: nothing may leave the comment. */
export function formatLockEntry(entry: LockEntry): string {
  return `${notice}\n# ${JSON.stringify(entry)}\n`
}

/** Never throws: what stands there may be anybody's text. */
export function parseLockEntry(text: string): LockEntry {
  const value = jsonOf(text.split('\n')[1] ?? '')
  if (!isObject(value)) return unreadable
  const { holder, ttl, beat, process } = value
  if (typeof holder !== 'string' || typeof ttl !== 'number' || typeof beat !== 'number') return unreadable
  return {
    holder: holder.slice(0, 200),
    ttl: Math.min(Math.max(ttl, 1), longestTtl),
    beat,
    ...(typeof process === 'string' ? { process } : {}),
  }
}

function jsonOf(comment: string): JsonValue | undefined {
  try {
    return parseJsonText(comment.replace(/^# /, ''))
  } catch {
    return undefined
  }
}
