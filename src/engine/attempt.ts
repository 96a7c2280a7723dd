import { setTimeout as sleep } from 'node:timers/promises'
import { type Change, type FieldChange, formatField } from '../core/change.ts'
import { isObject } from '../core/json.ts'
import { type Kind, type Kinds, kindOf } from '../core/kind.ts'
import { type Live, liveDigest } from '../core/resource.ts'
import { VaultError, type VaultWriter } from '../core/server.ts'
import { differences } from './compare.ts'

/**
 * What became of one change. `left` is the `liveDigest` of what was found afterwards, where it could be read; `touched` is
 * there where this program may have changed the object.
 */
export type Result = { readonly left?: string | null; readonly touched?: true } & (
  | { readonly status: 'done'; readonly warnings: readonly string[] }
  | { readonly status: 'already' }
  | { readonly status: 'failed' | 'skipped'; readonly reason: string }
)

export interface Attempt {
  readonly kinds: Kinds
  readonly server: VaultWriter
  /** Asked after the last look at the object and before the write. */
  readonly stopped: () => Result | undefined
  /** Waits so many milliseconds; tests bring one that does not. */
  readonly pause?: Pause
}

export type Pause = (milliseconds: number) => Promise<void>

/** Milliseconds between one look and the next, about three seconds in all. */
const pauses = [25, 50, 100, 200, 400, 800, 1600]

/**
 * Looks whether the object is as the plan saw it, writes, and looks again. Between the first look and the write lies one
 * answer of the server and nothing that is waited for; where the server has check-and-set, not even that. Never rejects.
 */
export async function attempt(options: Attempt, change: Change): Promise<Result> {
  const kind = kindOf(options.kinds, change.action === 'delete' ? change.before.kind : change.after.kind)
  let live: Live | undefined
  try {
    live = await look(options, kind, change, () => true)
  } catch (error) {
    return failed(`it could not be read before it is changed, and nothing was sent: ${messageOf(error)}`)
  }
  const standing = standingOf(kind, change, live)
  if (standing !== 'as planned') return standing
  return options.stopped() ?? (await send(options, kind, change, live))
}

/**
 * Reads the object until it is as it should be, or no pause is left; gives what was seen last. Behind a load balancer a read
 * may be answered by another node than the one that writes, and that node be behind: standbys of OpenBao answer reads from
 * 2.5 on (openbao ha.go, StandbyReadsEnabled), and so do performance standbys of Vault.
 */
async function look(
  { server, pause = sleep as Pause }: Attempt,
  kind: Kind,
  change: Change,
  isEnough: (live: Live | undefined) => boolean,
): Promise<Live | undefined> {
  for (const milliseconds of pauses) {
    try {
      const live = await kind.read(server, objectOf(change))
      if (isEnough(live)) return live
    } catch (error) {
      if (!isMissingMount(error)) throw error
    }
    await pause(milliseconds)
  }
  return await kind.read(server, objectOf(change))
}

/** A node that has not heard of a new mount yet has no route to what is in it; an object that is not there is no error. */
function isMissingMount(error: unknown): boolean {
  return error instanceof VaultError && error.status === 404
}

function objectOf(change: Change) {
  return change.action === 'delete' ? change.before : change.after
}

/** Whether the object still is what the plan was made from. */
function standingOf(kind: Kind, change: Change, live: Live | undefined): Result | 'as planned' {
  const before = change.action === 'create' ? undefined : change.before
  const left = liveDigest(live)
  if (left === liveDigest(before)) return 'as planned'
  if (isWanted(kind, change, live)) return { status: 'already', left }
  return { ...failed(changedSince(kind, before, live)), left }
}

function isWanted(kind: Kind, change: Change, live: Live | undefined): boolean {
  if (change.action === 'delete') return live === undefined
  return live !== undefined && differences(kind, live.spec, change.after.spec).length === 0
}

/** What somebody did to the object; said when it is not overwritten. */
function changedSince(kind: Kind, before: Live | undefined, live: Live | undefined): string {
  const notOverwritten = 'and it was not overwritten; plan again'
  if (before === undefined) return `somebody created it since the plan was made, ${notOverwritten}`
  if (live === undefined) return 'somebody deleted it since the plan was made, and nothing was sent; plan again'
  const fields = differences(kind, before.spec, live.spec).map(({ field }) => formatField(field))
  const what = fields.length === 0 ? '' : ` (${fields.join(', ')})`
  return `somebody changed it since the plan was made${what}, ${notOverwritten}`
}

async function send(options: Attempt, kind: Kind, change: Change, live: Live | undefined): Promise<Result> {
  const { server } = options
  if (change.action === 'delete' && kind.remove === undefined) return failed('the server has no way to remove it alone')
  let warnings: readonly string[] = []
  try {
    if (change.action === 'delete') await kind.remove?.(server, change.before)
    else warnings = await kind.write(server, change.after, live)
  } catch (error) {
    return afterError(options, kind, change, error)
  }
  return { ...(await readBack(options, kind, change, warnings)), touched: true }
}

/** After a write that the server accepted. */
async function readBack(options: Attempt, kind: Kind, change: Change, warnings: readonly string[]): Promise<Result> {
  try {
    const live = await look(options, kind, change, (seen) => isWanted(kind, change, seen))
    return judge(kind, change, live, warnings)
  } catch (error) {
    const what = change.action === 'delete' ? 'deletion' : 'write'
    return failed(
      `the server accepted the ${what}, but reading it back failed, so it is not confirmed: ${messageOf(error)}`,
    )
  }
}

function judge(kind: Kind, change: Change, live: Live | undefined, warnings: readonly string[]): Result {
  const left = liveDigest(live)
  if (isWanted(kind, change, live)) return { status: 'done', warnings, left }
  if (change.action === 'delete') return { ...failed('the server accepted the deletion, but it is still there'), left }
  if (live === undefined) return { ...failed('the server accepted the write, but has nothing there now'), left }
  const missed = differences(kind, live.spec, change.after.spec).map(formatMissed)
  return { ...failed(`the server accepted the write, but ${missed.join(' and ')}`), left }
}

/**
 * A request that was refused, or whose answer never came: only the object itself can tell what happened. It is not sent
 * again.
 */
async function afterError(options: Attempt, kind: Kind, change: Change, error: unknown): Promise<Result> {
  const refused = error instanceof VaultError && error.status >= 300 && error.status < 500
  try {
    // What was refused need not be waited for; a lost request may also be on its way still.
    const live = await look(options, kind, change, (seen) => refused || isWanted(kind, change, seen))
    return { ...explain(kind, change, live, { message: messageOf(error), refused }), left: liveDigest(live) }
  } catch (second) {
    const reason = `it is not known whether it was carried out: ${messageOf(error)}; and then: ${messageOf(second)}`
    return { ...failed(refused ? messageOf(error) : reason), touched: true }
  }
}

/**
 * Servers store some fields before they refuse others (vault logical_system.go, handleTuneWriteCommon). What somebody else
 * changed meanwhile would hardly be just what this change wants.
 */
function isPart(kind: Kind, change: Change, live: Live | undefined): boolean {
  if (change.action !== 'update' || live === undefined) return false
  const moved = differences(kind, change.before.spec, live.spec)
  const left = differences(kind, live.spec, change.after.spec).map(({ field }) => formatField(field))
  return moved.every(({ field }) => !left.includes(formatField(field)))
}

interface Refusal {
  readonly message: string
  /** By the server's own word; otherwise nobody knows. */
  readonly refused: boolean
}

function explain(kind: Kind, change: Change, live: Live | undefined, { message, refused }: Refusal): Result {
  const before = change.action === 'create' ? undefined : change.before
  const same = liveDigest(live) === liveDigest(before)
  const wanted = isWanted(kind, change, live)
  if (refused && same) return failed(message)
  if (refused && isPart(kind, change, live))
    return { ...failed(`${message}; the server had taken a part of it before it refused the rest`), touched: true }
  if (refused && !wanted) return failed(`${message}; ${changedSince(kind, before, live)}`)
  if (same && wanted)
    return { ...failed(`it is not known whether its write-only values were taken: ${message}`), touched: true }
  if (same) return { ...failed(`${message}; reading it again showed that nothing had changed`), touched: true }
  if (wanted) {
    const warning = `the answer was lost (${message}); reading it again showed that it had been carried out`
    return { status: 'done', warnings: [warning], touched: true }
  }
  return { ...failed(`${message}; it is now neither as it was nor as it should be`), touched: true }
}

function failed(reason: string): { readonly status: 'failed'; readonly reason: string } {
  return { status: 'failed', reason }
}

function formatMissed({ field, before, after }: FieldChange): string {
  return `${formatField(field)} is ${show(before)} instead of ${show(after)}`
}

/** Long values (policies) are named, not repeated. */
function show(value: unknown): string {
  if (value === undefined) return 'not set'
  const text = JSON.stringify(value)
  return text.length <= 80 ? text : isObject(value) || Array.isArray(value) ? 'another value' : 'another text'
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
