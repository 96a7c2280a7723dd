import pMap from 'p-map'
import { type Change, formatField } from '../core/change.ts'
import { isObject } from '../core/json.ts'
import { type Kinds, kindOf } from '../core/kind.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Address } from '../core/resource.ts'
import type { VaultWriter } from '../core/server.ts'
import { differences } from './compare.ts'
import { dependants, kindNameOf, stages } from './order.ts'

/** What is to be done for one environment. */
interface Task {
  readonly environment: string
  readonly changes: readonly Change[]
}

export interface ApplyOptions {
  readonly kinds: Kinds
  /** All of one server: an order that holds for each environment alone would let one delete what another still needs. */
  readonly tasks: readonly Task[]
  readonly server: VaultWriter
  readonly parallelism: number
  /** Once aborted, no further change begins; those under way are finished. */
  readonly signal?: AbortSignal
  /** Told of each change as soon as it is decided. */
  readonly onOutcome?: (outcome: Outcome) => void
}

type Result =
  | { readonly status: 'done'; readonly warnings: readonly string[] }
  | { readonly status: 'failed' | 'skipped'; readonly reason: string }

/**
 * Carries the changes out: stage by stage, in parallel within a stage, each read back afterwards. A failure stops what
 * depends on it and nothing else. Never rejects for a server's refusal; every change has exactly one outcome.
 */
export async function applyChanges(options: ApplyOptions): Promise<Outcome[]> {
  const { kinds, tasks, parallelism } = options
  const environments = new Map(
    tasks.flatMap(({ environment, changes }) => changes.map((change) => [change, environment] as const)),
  )
  const failed = new Set<Address>()
  const failedKinds = new Set<string>()
  const outcomes: Outcome[] = []
  const settle = (change: Change, result: Result) => {
    if (result.status !== 'done') {
      failed.add(change.address)
      failedKinds.add(kindNameOf(change))
    }
    const environment = environments.get(change) as string
    const outcome: Outcome = { address: change.address, action: change.action, environment, ...result }
    outcomes.push(outcome)
    options.onOutcome?.(outcome)
  }
  for (const stage of stages(kinds, [...environments.keys()])) {
    const run = async (change: Change) =>
      settle(change, hindrance(options, change, failed, failedKinds) ?? (await attempt(options, change)))
    await pMap(stage, run, { concurrency: parallelism })
  }
  return outcomes
}

/** Why a change must not even begin. */
function hindrance(
  { kinds, signal }: ApplyOptions,
  change: Change,
  failed: ReadonlySet<Address>,
  failedKinds: ReadonlySet<string>,
): Result | undefined {
  if (signal?.aborted) return { status: 'skipped', reason: 'stopped before it began' }
  if (change.action === 'delete') {
    // Whatever could not be rewritten may still refer to this object.
    const holder = dependants(kinds, change.before.kind).find((kind) => failedKinds.has(kind))
    return holder === undefined
      ? undefined
      : { status: 'skipped', reason: `a ${holder} that may still need it was not changed` }
  }
  const missing = change.after.needs.find((address) => failed.has(address))
  return missing === undefined ? undefined : { status: 'skipped', reason: `it needs ${missing}, which was not applied` }
}

async function attempt(options: ApplyOptions, change: Change): Promise<Result> {
  try {
    return change.action === 'delete' ? await remove(options, change) : await write(options, change)
  } catch (error) {
    return { status: 'failed', reason: error instanceof Error ? error.message : String(error) }
  }
}

async function write(
  { kinds, server }: ApplyOptions,
  change: Change & { action: 'create' | 'update' },
): Promise<Result> {
  const kind = kindOf(kinds, change.after.kind)
  const warnings = await kind.write(server, change.after, change.action === 'update' ? change.before : undefined)
  const live = await kind.read(server, change.after)
  if (live === undefined)
    return { status: 'failed', reason: 'the server accepted the write, but has nothing there now' }
  const missed = differences(kind, live.spec, change.after.spec)
  if (missed.length === 0) return { status: 'done', warnings }
  const fields = missed.map(
    ({ field, before, after }) => `${formatField(field)} is ${show(before)} instead of ${show(after)}`,
  )
  return { status: 'failed', reason: `the server accepted the write, but ${fields.join(' and ')}` }
}

async function remove({ kinds, server }: ApplyOptions, { before }: Change & { action: 'delete' }): Promise<Result> {
  const kind = kindOf(kinds, before.kind)
  if (kind.remove === undefined) return { status: 'failed', reason: 'the server has no way to remove it alone' }
  await kind.remove(server, before)
  const left = await kind.read(server, before)
  return left === undefined
    ? { status: 'done', warnings: [] }
    : { status: 'failed', reason: 'the server accepted the deletion, but it is still there' }
}

/** Long values (policies) are named, not repeated. */
function show(value: unknown): string {
  if (value === undefined) return 'not set'
  const text = JSON.stringify(value)
  return text.length <= 80 ? text : isObject(value) || Array.isArray(value) ? 'another value' : 'another text'
}
