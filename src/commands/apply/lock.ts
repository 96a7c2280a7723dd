import { randomBytes } from 'node:crypto'
import { hostname, uptime, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { problem, UserError } from '../../core/diagnostic.ts'
import { parseDuration } from '../../core/duration.ts'
import { longestTtl } from '../../core/lock.ts'
import type { GroundedPlan } from '../../core/plan.ts'
import type { VaultWriter } from '../../core/server.ts'
import { acquireLock, type Clock, type Held, type Lock } from '../../engine/lock.ts'
import { visible } from '../../render/visible.ts'
import { type Context, Interrupted, type OptionSpec, type Options } from '../session/command.ts'
import { text, usage } from '../session/options.ts'
import { isDead, thisProcess } from './process.ts'
import type { Session } from './session.ts'

export const lockOptions: readonly OptionSpec[] = [
  {
    flags: '--lock-timeout <duration>',
    description: 'how long to wait for another apply of the same server and namespace',
    default: '2m',
  },
  {
    flags: '--lock-ttl <duration>',
    description: 'how long the lock counts without a sign of life; a crashed run keeps others out for twice as long',
    default: '30s',
  },
  { flags: '--no-lock', description: 'apply without keeping other applies out' },
]

interface LockTimes {
  readonly ttl: number
  readonly wait: number
}

/** In seconds. Throws UserError for what is no duration. */
export function lockTimes(options: Options): LockTimes {
  const ttl = seconds(options, 'lockTtl', 1)
  // Whoever waits believes no more, and would go on while this run still thought that it held the lock.
  if (ttl > longestTtl)
    throw usage(`--lock-ttl ${text(options, 'lockTtl')}: no lock counts for longer than ${longestTtl} seconds`)
  return { ttl, wait: seconds(options, 'lockTimeout', 0) }
}

/** What is held while changes are made, by the target of an environment. */
export type Locks = ReadonlyMap<string, Lock>

const clock: Clock = {
  // Not performance.now(), which stands still on Linux while the machine is suspended (clock_gettime(2), CLOCK_MONOTONIC).
  now: () => uptime() * 1000,
  sleep: (milliseconds, signal) =>
    sleep(Math.max(0, milliseconds), undefined, signal && { signal }).catch(() => undefined),
}

/** Does the work while no other apply writes to the servers that the plans change. Throws UserError when that cannot be had. */
export async function withLocks<T>(
  session: Session,
  agreed: readonly GroundedPlan[],
  work: (locks: Locks) => Promise<T>,
): Promise<T> {
  const { options } = session
  const locks = new Map<string, Lock>()
  try {
    if (options['lock'] !== false) {
      // In one order for all: two runs that hold one each would wait for each other.
      for (const [target, server] of changedServers(session, agreed)) locks.set(target, await lockOf(session, server))
    }
    return await work(locks)
  } finally {
    await release(session, locks)
  }
}

function changedServers({ workspace, servers }: Session, agreed: readonly GroundedPlan[]): [string, VaultWriter][] {
  const changed = new Set(agreed.filter(({ changes }) => changes.length > 0).map(({ environment }) => environment))
  const mine = workspace.environments.filter(({ name }) => changed.has(name))
  const all = new Map(mine.map((environment) => [servers.target(environment), servers.connection(environment)]))
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1))
}

async function lockOf({ context, options, shown }: Session, server: VaultWriter): Promise<Lock> {
  const acquired = await acquireLock({
    server,
    id: randomBytes(8).toString('hex'),
    holder: holderOf(context),
    ...thisProcess(),
    isDead,
    ...lockTimes(options),
    clock,
    signal: context.signal,
    onWait: (holder) => shown.line(`waiting for another apply: ${visible(holder)}`),
  })
  if ('lock' in acquired) return acquired.lock
  if (context.signal.aborted) throw new Interrupted()
  throw new UserError([acquired.held === 'unseen' ? unseen(server) : locked(server, acquired.held)])
}

function locked(server: VaultWriter, { holder, name, silent }: Held) {
  const end =
    silent === undefined
      ? 'Run again when it has ended, or wait longer with --lock-timeout.'
      : `It showed no sign of life. What a crashed run left behind is removed by whoever watches it for ${silent} s: wait that long with --lock-timeout ${silent + 10}s, or delete the policy ${visible(name)} if that run is sure to be over.`
  return problem(
    'locked',
    `another apply is changing ${placeOf(server)}: ${visible(holder)}`,
    `Nothing was written. ${end}`,
  )
}

function unseen(server: VaultWriter) {
  return problem(
    'no-lock',
    `nothing was written, because the list of policies of ${placeOf(server)} leaves out the lock of this apply, and so may leave out those of others`,
    'Let the token list all of sys/policies/acl: a filter in one of its policies hides some. On a cluster, send applies to the active node. --no-lock applies without keeping others out.',
  )
}

function placeOf({ server: { address, namespace } }: VaultWriter): string {
  return namespace === '' ? address : `namespace ${namespace} of ${address}`
}

/** Whoever waits wants to know for whom. */
function holderOf({ env }: Context): string {
  const job = env['CI_JOB_URL']
  if (job !== undefined) return `job ${job}`
  return `${userName()} on ${hostname()}, process ${process.pid}`
}

/** A container's user may have no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'somebody'
  }
}

function seconds(options: Options, name: string, least: number): number {
  const given = text(options, name) ?? ''
  const value = parseDuration(given)
  if (value !== undefined && value >= least) return value
  const flag = `--${name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`
  throw usage(`${flag} ${given}: this is no duration of ${least} seconds or more`, 'Such as 30s, 2m or 1h.')
}

async function release({ context }: Session, locks: Locks): Promise<void> {
  const left = await Promise.all([...locks.values()].map((lock) => lock.release()))
  if (left.every(Boolean)) return
  context.stderr.write('The lock could not be removed from the server; the next apply will wait for it a little.\n')
}
