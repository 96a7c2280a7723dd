import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lockPrefix, parseLockEntry } from '../../src/core/lock.ts'
import { VaultError, type VaultWriter } from '../../src/core/server.ts'
import { assumedServer } from '../../src/core/version.ts'
import { acquireLock, type Clock, type Lock } from '../../src/engine/lock.ts'
import { type VirtualTime, virtualTime } from '../support/virtual-time.ts'

const ttl = 30

/** Policies by name, on a server that takes its time: `latency` milliseconds there, and as many back. */
function slowServer(
  time: VirtualTime,
  policies: Map<string, string>,
  latency: () => number,
  hears: Clock['sleep'] = time.sleep,
): VaultWriter {
  const answer = async <T>(act: () => T): Promise<T> => {
    await time.sleep(latency())
    const result = act()
    await hears(latency())
    return result
  }
  const nameOf = (path: string) => path.slice('sys/policies/acl/'.length)
  return {
    server: { ...assumedServer, address: '', namespace: '', clusterId: '' },
    read: (path) =>
      answer(() => {
        const policy = policies.get(nameOf(path))
        return policy === undefined ? undefined : { policy }
      }),
    list: () => answer(() => ({ keys: ['default', ...policies.keys(), 'root'] })),
    write: (path, body) =>
      answer(() => {
        policies.set(nameOf(path), String(body['policy']))
        return []
      }),
    remove: (path) => answer(() => void policies.delete(nameOf(path))),
  }
}

interface Run {
  readonly start: number
  /** Milliseconds that a request takes in one direction; they come round again. */
  readonly latencies: readonly number[]
  readonly writes: number
  /** Stops for so many milliseconds before its n-th write, as a laptop that sleeps. */
  readonly pause?: readonly [number, number]
  /** Dies before its n-th write and leaves all as it is. */
  readonly dies?: number
  readonly wait: number
}

interface World {
  /** Who wrote, in the order in which the server did it. */
  readonly written: number[]
  readonly lost: number[]
  readonly refused: number[]
  readonly left: readonly string[]
}

async function play(runs: readonly Run[]): Promise<World> {
  const time = virtualTime()
  const policies = new Map<string, string>()
  const [written, lost, refused]: number[][] = [[], [], []]
  const one = async (index: number, { start, latencies, writes, pause, dies, wait }: Run) => {
    let [request, asleepUntil] = [0, 0]
    // What is dead or asleep neither beats nor hears.
    const sleep = async (milliseconds: number, signal?: AbortSignal) => {
      await time.sleep(milliseconds, signal)
      if (asleepUntil === Number.POSITIVE_INFINITY) await new Promise(() => {})
      while (time.now() < asleepUntil) await time.sleep(asleepUntil - time.now())
    }
    const server = slowServer(time, policies, () => latencies[request++ % latencies.length] as number, sleep)
    const clock = { now: time.now, sleep }
    await time.sleep(start)
    const id = `${(index * 7) % 10}-${index}`
    const acquired = await acquireLock({ server, id, holder: `run ${index}`, ttl, wait, clock })
    if (!('lock' in acquired)) return void refused?.push(index)
    for (let n = 0; n < writes; n++) {
      if (n === dies) {
        asleepUntil = Number.POSITIVE_INFINITY
        return
      }
      if (n === pause?.[0]) asleepUntil = time.now() + pause[1]
      await sleep(0)
      if (acquired.lock.lost() !== undefined) {
        lost?.push(index)
        break
      }
      // A write on its way for longer than that is beyond any lock on the holder's side.
      await time.sleep(Math.min(latencies[n % latencies.length] as number, ttl * 1000 - 1))
      written?.push(index)
      await time.sleep(latencies[n % latencies.length] as number)
    }
    await acquired.lock.release()
  }
  const all = runs.map((run, index) => one(index, run))
  await time.run()
  await Promise.all(all.filter((_, index) => runs[index]?.dies === undefined))
  return { written, lost, refused, left: [...policies.keys()] } as World
}

/** Who wrote, without repetitions in a row: a run that comes twice was interleaved with another one. */
const turns = (written: readonly number[]) => written.filter((run, index) => run !== written[index - 1])

const latency = fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 2 * ttl * 1000 }))

const run: fc.Arbitrary<Run> = fc.record(
  {
    start: fc.integer({ min: 0, max: 400 }),
    latencies: fc.array(latency, { minLength: 1, maxLength: 5 }),
    writes: fc.integer({ min: 1, max: 6 }),
    pause: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 200_000 })),
    dies: fc.integer({ min: 0, max: 5 }),
    wait: fc.constantFrom(0, 60, 600, 3600),
  },
  { requiredKeys: ['start', 'latencies', 'writes', 'wait'] },
)

describe('however slow, paused or crashed the runs are', () => {
  test('their writes never interleave', async () => {
    let contested = 0
    await fc.assert(
      fc.asyncProperty(fc.array(run, { minLength: 2, maxLength: 5 }), async (runs) => {
        const { written } = await play(runs)
        const order = turns(written)
        if (order.length > 1) contested++
        expect(order).toEqual([...new Set(order)])
      }),
      { seed: 11, numRuns: 600 },
    )
    expect(contested, 'cases in which several runs wrote').toBeGreaterThan(50)
  })
})

const prompt = { start: 0, latencies: [5], writes: 3, wait: 600 }

test('those that wait all get their turn, and nothing is left on the server', async () => {
  const { written, refused, left } = await play(Array.from({ length: 6 }, () => prompt))
  expect(refused).toEqual([])
  expect(turns(written)).toHaveLength(6)
  expect(left).toEqual([])
})

test('a run that does not wait is told who has it', async () => {
  const { written, refused } = await play([prompt, { ...prompt, start: 20, wait: 0 }])
  expect([written, refused]).toEqual([[0, 0, 0], [1]])
})

test('what a crashed run left is taken for dead after twice its ttl, and not before', async () => {
  const crashed = { ...prompt, dies: 1 }
  expect(await play([crashed, { ...prompt, start: 100, wait: 2 * ttl - 1 }])).toMatchObject({ refused: [1] })
  expect(await play([crashed, { ...prompt, start: 100, wait: 2 * ttl + 20 }])).toMatchObject({
    written: [0, 1, 1, 1],
    refused: [],
    left: [],
  })
})

test('a run that slept for too long stops writing, whether or not anybody else came', async () => {
  const time = virtualTime()
  const server = slowServer(time, new Map(), () => 1)
  const frozen = { now: time.now, sleep: () => new Promise<void>(() => {}) }
  let acquired: Lock | undefined
  void acquireLock({ server, id: 'a', holder: 'a', ttl, wait: 0, clock: frozen }).then((result) => {
    if ('lock' in result) acquired = result.lock
  })
  await time.run()
  expect(acquired?.lost()).toBeUndefined()
  void time.sleep(ttl * 1000)
  await time.run()
  expect(acquired?.lost()).toContain('could not be renewed')
})

test('a holder whose renewal took too long does not renew what another run has by now', async () => {
  const time = virtualTime()
  const policies = new Map<string, string>()
  // Its writing, its listing, and the answer to its first look at its own entry, which comes after three ttl.
  const latencies = [1, 1, 1, 1, 1, 3 * ttl * 1000]
  const slow = slowServer(time, policies, () => latencies.shift() ?? 1)
  const take = (id: string, server: VaultWriter) => acquireLock({ server, id, holder: id, ttl, wait: 600, clock: time })
  const work = async () => {
    const first = await take('a', slow)
    const second = await take(
      'b',
      slowServer(time, policies, () => 1),
    )
    await time.sleep(2 * ttl * 1000)
    if (!('lock' in first && 'lock' in second)) throw new Error('not acquired')
    expect(first.lock.lost()).toBeDefined()
    expect(second.lock.lost()).toBeUndefined()
    expect([...policies.keys()]).toEqual([`${lockPrefix}b`])
    await Promise.all([first.lock.release(), second.lock.release()])
  }
  const all = work()
  await time.run()
  await all
})

test('whoever deletes the policy of a run that hangs takes the lock away from it', async () => {
  const time = virtualTime()
  const policies = new Map<string, string>()
  const server = slowServer(time, policies, () => 1)
  const acquiring = acquireLock({ server, id: 'a', holder: 'a', ttl, wait: 0, clock: time })
  void acquiring.then(async (result) => {
    if (!('lock' in result)) throw new Error('not acquired')
    policies.clear()
    await time.sleep(ttl * 500)
    expect(result.lock.lost()).toContain('taken away')
    expect([...policies]).toEqual([])
    await result.lock.release()
  })
  await time.run()
  await acquiring
})

test('who was paused while an answer was waiting for him does not take a living holder for dead', async () => {
  const time = virtualTime()
  const policies = new Map<string, string>()
  const quick = slowServer(time, policies, () => 1)
  // It writes, lists, looks, removes; and again, but the answer to its second look is heard after three ttl.
  const pauses = [1, 1, 1, 1, 1, 1, 3 * ttl * 1000]
  const paused = slowServer(
    time,
    policies,
    () => 1,
    (milliseconds) => time.sleep(pauses.shift() ?? milliseconds),
  )
  const work = async () => {
    const holder = await acquireLock({ server: quick, id: 'a', holder: 'a', ttl, wait: 0, clock: time })
    if (!('lock' in holder)) throw new Error('not acquired')
    const other = await acquireLock({ server: paused, id: 'b', holder: 'b', ttl, wait: 3 * ttl, clock: time })
    expect(other).toMatchObject({ held: { holder: 'a' } })
    expect([...policies.keys()]).toEqual([`${lockPrefix}a`])
    expect(holder.lock.lost()).toBeUndefined()
    await holder.lock.release()
  }
  const all = work()
  await time.run()
  await all
  expect(pauses).toEqual([])
})

test('a list that leaves out its own entry is no proof that there is no other', async () => {
  const time = virtualTime()
  const policies = new Map([[`${lockPrefix}a`, '#\n# {"holder":"a","ttl":30,"beat":0}']])
  const server = slowServer(time, policies, () => 1)
  const filtered = { ...server, list: async () => ({ keys: ['default', 'root'] }) }
  const acquiring = acquireLock({ server: filtered, id: 'b', holder: 'b', ttl, wait: 1, clock: time })
  await time.run()
  expect(await acquiring).toEqual({ held: 'unseen' })
  expect([...policies.keys()]).toEqual([`${lockPrefix}a`])
})

test('who waits for less than it takes to know that a run crashed is told how long it takes', async () => {
  const time = virtualTime()
  const policies = new Map([[`${lockPrefix}a`, '#\n# {"holder":"a","ttl":300,"beat":0}']])
  const server = slowServer(time, policies, () => 1)
  const acquiring = acquireLock({ server, id: 'b', holder: 'b', ttl, wait: 120, clock: time })
  await time.run()
  expect(await acquiring).toEqual({ held: { holder: 'a', name: `${lockPrefix}a`, silent: 600 } })
})

test('a server that refuses the policy says why, and nothing is waited for', async () => {
  const time = virtualTime()
  const server = slowServer(time, new Map(), () => 1)
  const refusal = new VaultError(403, 'POST', `sys/policies/acl/${lockPrefix}a`, ['permission denied'])
  const acquiring = acquireLock({
    server: { ...server, write: () => Promise.reject(refusal) },
    ...{ id: 'a', holder: 'a', ttl, wait: 600, clock: time },
  })
  const [settled] = await Promise.all([acquiring.catch((error: unknown) => error), time.run()])
  expect(settled).toBe(refusal)
})

test('an entry can be anything: what cannot be read counts like anybody’s', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.json().map((json) => `#\n# ${json}`),
      ),
      (text) => {
        const { holder, ttl: lives, beat } = parseLockEntry(text)
        expect([typeof holder, typeof beat]).toEqual(['string', 'number'])
        expect(lives).toBeGreaterThanOrEqual(1)
        expect(lives).toBeLessThanOrEqual(600)
      },
    ),
    { seed: 3 },
  )
})
