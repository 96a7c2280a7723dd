import pMap from 'p-map'
import type { Change } from '../core/change.ts'
import type { Ending, Intent } from '../core/journal.ts'
import type { Kinds } from '../core/kind.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Address } from '../core/resource.ts'
import type { VaultWriter } from '../core/server.ts'
import { attempt, messageOf, type Pause, type Result } from './attempt.ts'
import { intentOf } from './intent.ts'
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
  /** Asked immediately before each write: a reason why no further change may begin, such as a lock that was lost. */
  readonly mayGoOn?: () => string | undefined
  readonly journal?: ChangeJournal
  /** Waits so many milliseconds before an object is looked at again; tests bring one that does not. */
  readonly pause?: Pause
  /** Told of each change as soon as it is decided. */
  readonly onOutcome?: (outcome: Outcome) => void
}

/** Where it is kept what is about to be done, so that it can be taken back. */
export interface ChangeJournal {
  /** Resolves when it will outlive a crash, with the number of the change. Rejects when it cannot be kept. */
  begin(intent: Intent): Promise<number>
  end(number: number, ending: Ending): void
}

/**
 * Carries the changes out: stage by stage, in parallel within a stage. Each object is read anew before it is written, and
 * what somebody else has changed since the plan is not overwritten; afterwards it is read back. A failure stops what
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
  const settle = (change: Change, { left: _left, touched: _touched, ...result }: Result) => {
    if (result.status === 'failed' || result.status === 'skipped') {
      failed.add(change.address)
      failedKinds.add(kindNameOf(change))
    }
    const environment = environments.get(change) as string
    const outcome: Outcome = { address: change.address, action: change.action, environment, ...result }
    outcomes.push(outcome)
    options.onOutcome?.(outcome)
  }
  for (const stage of stages(kinds, [...environments.keys()])) {
    const run = async (change: Change) => {
      const hindered = stopped(options) ?? hindrance(kinds, change, failed, failedKinds)
      settle(change, hindered ?? (await carryOut(options, environments.get(change) as string, change)))
    }
    await pMap(stage, run, { concurrency: parallelism })
  }
  return outcomes
}

/** Why nothing more may begin. */
function stopped({ signal, mayGoOn }: ApplyOptions): Result | undefined {
  const reason = signal?.aborted ? 'stopped before it began' : mayGoOn?.()
  return reason === undefined ? undefined : { status: 'skipped', reason }
}

/** Why a change must not even begin. */
function hindrance(
  kinds: Kinds,
  change: Change,
  failed: ReadonlySet<Address>,
  failedKinds: ReadonlySet<string>,
): Result | undefined {
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

async function carryOut(options: ApplyOptions, environment: string, change: Change): Promise<Result> {
  const { kinds, server, journal, pause } = options
  const going = { kinds, server, stopped: () => stopped(options), ...(pause && { pause }) }
  if (journal === undefined) return attempt(going, change)
  let intent: Intent
  try {
    intent = await intentOf(going, environment, change)
  } catch (error) {
    return { status: 'failed', reason: `what it contains could not be kept for a rollback: ${messageOf(error)}` }
  }
  let number: number
  try {
    number = await journal.begin(intent)
  } catch (error) {
    return { status: 'skipped', reason: messageOf(error) }
  }
  const result = await attempt(going, change)
  journal.end(number, endingOf(result))
  return result
}

function endingOf(result: Result): Ending {
  return {
    status: result.status,
    touched: result.touched === true,
    ...('reason' in result ? { reason: result.reason } : {}),
    ...(result.left === undefined ? {} : { left: result.left }),
  }
}
