import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { addressOf } from '../../src/core/resource.ts'
import { VaultError } from '../../src/core/server.ts'
import { type ApplyOptions, applyChanges } from '../../src/engine/apply.ts'
import type { Pause } from '../../src/engine/attempt.ts'
import { planEnvironment } from '../../src/engine/plan.ts'
import { readLive } from '../../src/engine/read.ts'
import { memoryJournal } from '../support/memory-journal.ts'
import {
  desiredBook,
  desiredShelf,
  environmentOf,
  planFor,
  refuseWrites,
  type ToyServer,
  toyKinds,
  toyServer,
} from '../support/toy-kinds.ts'
import { virtualTime } from '../support/virtual-time.ts'

async function apply(server: ToyServer, environment: Environment, more: Partial<ApplyOptions> = {}) {
  const tasks = [await planFor(server, environment)]
  server.log.length = 0
  return applyChanges({ kinds: toyKinds, tasks, server, parallelism: 4, ...atOnce, ...more })
}

/** Three seconds that take no time; what `run` gives, and every pause on the way. */
async function timed<T>(run: (pause: Pause) => Promise<T>): Promise<{ readonly result: T; readonly pauses: number[] }> {
  const time = virtualTime()
  const pauses: number[] = []
  const running = run((milliseconds) => {
    pauses.push(milliseconds)
    return time.sleep(milliseconds)
  })
  let over = false
  void running.finally(() => {
    over = true
  })
  while (!over) await time.run()
  return { result: await running, pauses }
}

/** Looks again without a pause. */
const atOnce = { pause: async () => {} }

const writes = (server: ToyServer) => server.log.filter((line) => /^(POST|DELETE)/.test(line))

describe('what somebody changes meanwhile', () => {
  const shelfA = environmentOf([desiredShelf('a', { color: 'red' })])
  const ours = async (
    server: ToyServer,
    environment: Environment,
    theirs: () => void,
    more: Partial<ApplyOptions> = {},
  ) => {
    const tasks = [await planFor(server, environment)]
    theirs()
    server.log.length = 0
    return applyChanges({ kinds: toyKinds, tasks, server, parallelism: 4, ...atOnce, ...more })
  }

  test('between plan and apply is found and not overwritten', async () => {
    const server = toyServer({ 'shelves/a': { color: 'blue' } })
    const [outcome] = await ours(server, shelfA, () => server.objects.set('shelves/a', { color: 'green' }))
    expect(outcome).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^somebody changed it .*\(color\)/),
    })
    expect(server.objects.get('shelves/a')).toEqual({ color: 'green' })
    expect(writes(server)).toEqual([])
  })

  test('a creation of theirs is not overwritten, and neither is their deletion made up for', async () => {
    const created = toyServer()
    const [first] = await ours(created, shelfA, () => created.objects.set('shelves/a', {}))
    expect(first).toMatchObject({ status: 'failed', reason: expect.stringMatching(/^somebody created it/) })
    const deleted = toyServer({ 'shelves/a': {} })
    const [second] = await ours(deleted, shelfA, () => deleted.objects.delete('shelves/a'))
    expect(second).toMatchObject({ status: 'failed', reason: expect.stringMatching(/^somebody deleted it/) })
    expect([...writes(created), ...writes(deleted)]).toEqual([])
  })

  test('what they changed is not deleted', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': {} })
    const owning = environmentOf([desiredShelf('a')], {
      owns: [{ kind: 'book', parent: addressOf('shelf', 'a'), name: '*' }],
      unmanaged: 'delete',
    })
    const [outcome] = await ours(server, owning, () => server.objects.set('shelves/a/books/x', { text: 'new' }))
    expect(outcome).toMatchObject({ status: 'failed', reason: expect.stringContaining('text') })
    expect(writes(server)).toEqual([])
  })

  test('to just what is wanted needs no write', async () => {
    const server = toyServer()
    const [outcome] = await ours(server, shelfA, () => server.objects.set('shelves/a', { color: 'red' }))
    expect(outcome).toMatchObject({ status: 'already' })
    expect(writes(server)).toEqual([])
  })

  test('a reason to stop that comes up after the look still stops the write', async () => {
    const server = toyServer()
    let reason: string | undefined
    server.intercept = (method) => {
      if (method === 'GET') reason = 'the lock was lost'
    }
    const [outcome] = await ours(server, shelfA, () => {}, { mayGoOn: () => reason })
    expect(outcome).toMatchObject({ status: 'skipped', reason: 'the lock was lost' })
    expect(writes(server)).toEqual([])
  })

  test('an object that cannot be read is not written', async () => {
    const server = toyServer()
    const [outcome] = await ours(server, shelfA, () => {
      server.intercept = (method, path) => {
        if (method === 'GET') throw new VaultError(503, method, path, ['Vault is sealed'])
      }
    })
    expect(outcome).toMatchObject({ status: 'failed', reason: expect.stringContaining('nothing was sent') })
    expect(writes(server)).toEqual([])
  })
})

describe('an answer that does not come', () => {
  const wanted = environmentOf([desiredShelf('a', { color: 'red' })])
  const lost = (method: string, path: string, status = 0) => {
    throw new VaultError(status, method, path, ['the connection was cut'])
  }
  /** Carries the request out, or not, and loses the answer. */
  const losing = (carriedOut: boolean, status = 0, objects: Record<string, JsonObject> = {}): ToyServer => {
    const server = toyServer(objects)
    const [write, remove] = [server.write, server.remove]
    server.write = async (path, body, options) => {
      if (carriedOut) await write(path, body, options)
      else server.log.push(`POST ${path}`)
      return lost('POST', path, status)
    }
    server.remove = async (path) => {
      if (carriedOut) await remove(path)
      lost('DELETE', path, status)
    }
    return server
  }

  test.each([0, 500, 502, 504])(
    'with status %i: what was carried out is done, and says how that is known',
    async (status) => {
      const server = losing(true, status)
      const [outcome] = await apply(server, wanted)
      expect(outcome).toMatchObject({ status: 'done', warnings: [expect.stringContaining('had been carried out')] })
      expect(writes(server), 'sent once').toHaveLength(1)
    },
  )

  test.each([0, 500, 502, 504])(
    'with status %i: what was not carried out has failed, and is not sent again',
    async (status) => {
      const server = losing(false, status)
      const [outcome] = await apply(server, wanted)
      expect(outcome).toMatchObject({ status: 'failed', reason: expect.stringContaining('nothing had changed') })
      expect(writes(server)).toHaveLength(1)
    },
  )

  test('a deletion that was carried out is done', async () => {
    const server = losing(true, 0, { 'shelves/a': {}, 'shelves/b': {} })
    const owning = environmentOf([desiredShelf('a')], { owns: [{ kind: 'shelf', name: 'b' }], unmanaged: 'delete' })
    expect(await apply(server, owning)).toMatchObject([{ address: 'shelf/b', status: 'done' }])
  })

  test('where nobody can look, it is said that nobody knows', async () => {
    const server = losing(true)
    const tasks = [await planFor(server, wanted)]
    let reads = 0
    server.intercept = (method, path) => {
      if (method === 'GET' && ++reads > 1) lost(method, path)
    }
    const outcomes = await applyChanges({ kinds: toyKinds, tasks, server, parallelism: 1 })
    expect(outcomes).toMatchObject([{ status: 'failed', reason: expect.stringMatching(/^it is not known whether/) }])
  })

  test('an accepted write that cannot be read back is not called done', async () => {
    const server = toyServer()
    const tasks = [await planFor(server, wanted)]
    let reads = 0
    server.intercept = (method, path) => {
      if (method === 'GET' && ++reads > 1) lost(method, path)
    }
    const outcomes = await applyChanges({ kinds: toyKinds, tasks, server, parallelism: 1 })
    expect(outcomes).toMatchObject([{ status: 'failed', reason: expect.stringContaining('not confirmed') }])
  })

  test('a refusal after a part was taken is not called somebody else’s change, and can be taken back', async () => {
    const server = toyServer({ 'shelves/a': { color: 'blue', size: 'small' } })
    const half = environmentOf([desiredShelf('a', { color: 'red', size: 'large' })])
    server.write = async (path) => {
      server.objects.set(path, { color: 'red', size: 'small' })
      throw new VaultError(400, 'POST', path, ['no such size'])
    }
    const journal = memoryJournal()
    const outcomes = await apply(server, half, { journal })
    expect(outcomes).toMatchObject([{ status: 'failed', reason: expect.stringContaining('had taken a part of it') }])
    expect(journal.records.at(-1)).toMatchObject({ record: 'end', touched: true })
  })

  test('of a rewrite, whose write-only value nobody can see, it is said that nobody knows', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': { text: 't' } })
    const environment = environmentOf([desiredShelf('a'), desiredBook('a', 'x', { text: 't', note: '${env:N}' })])
    const live = await readLive({ kinds: toyKinds, server, environment })
    const { plan } = planEnvironment({
      kinds: toyKinds,
      environment,
      live,
      server: server.server,
      rewrite: [addressOf('book', 'a', 'x')],
    })
    server.intercept = (method, path) => {
      if (method === 'POST') lost(method, path)
    }
    const outcomes = await applyChanges({ kinds: toyKinds, tasks: [plan], server, parallelism: 1 })
    expect(outcomes).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('write-only values were taken') },
    ])
  })
})

/** A cluster whose reads come from a node that is some reads behind what was written to another. */
describe('a node that is behind', () => {
  const red = environmentOf([desiredShelf('a', { color: 'red' })])
  const emptied = environmentOf([], { owns: [{ kind: 'shelf', name: 'a' }], unmanaged: 'delete' })
  const forever = Number.POSITIVE_INFINITY

  /** `reads` that are answered with what was there before each write. */
  const behind = (reads: number, objects: Record<string, JsonObject> = {}): ToyServer => {
    const server = toyServer(objects)
    const { read, write, remove } = server
    const stale = new Map<string, { readonly was: JsonObject | undefined; left: number }>()
    const leaving = (path: string) => stale.set(path, { was: server.objects.get(path), left: reads })
    server.write = async (path, body, options) => {
      leaving(path)
      return write(path, body, options)
    }
    server.remove = async (path) => {
      leaving(path)
      await remove(path)
    }
    server.read = async (path) => {
      const now = await read(path)
      const old = stale.get(path)
      return old !== undefined && old.left-- > 0 ? old.was : now
    }
    return server
  }
  const losesAnswers = (server: ToyServer): ToyServer => {
    const { write, remove } = server
    server.write = async (path, body, options) => {
      await write(path, body, options)
      throw new VaultError(502, 'POST', path, ['bad gateway'])
    }
    server.remove = async (path) => {
      await remove(path)
      throw new VaultError(502, 'DELETE', path, ['bad gateway'])
    }
    return server
  }
  const ways: readonly [string, Environment, Record<string, JsonObject>][] = [
    ['creation', red, {}],
    ['update', red, { 'shelves/a': { color: 'blue' } }],
    ['deletion', emptied, { 'shelves/a': {} }],
  ]
  const total = (pauses: readonly number[]) => pauses.reduce((sum, pause) => sum + pause, 0)
  const applying = (server: ToyServer, environment: Environment, more: Partial<ApplyOptions> = {}) =>
    timed((pause) => apply(server, environment, { ...more, pause }))

  describe.each(ways)('of a %s', (_, environment, objects) => {
    test.each([0, 1, 3, 7])('by %i reads is asked again, and no longer than needed', async (reads) => {
      const accepted = await applying(behind(reads, objects), environment)
      expect(accepted.result).toMatchObject([{ status: 'done', warnings: [] }])
      expect(accepted.pauses).toHaveLength(reads)
      const lost = await applying(losesAnswers(behind(reads, objects)), environment)
      expect(lost.result).toMatchObject([
        { status: 'done', warnings: [expect.stringContaining('had been carried out')] },
      ])
      expect(lost.pauses).toHaveLength(reads)
    })

    test('is believed after three seconds, and not before', async () => {
      const journal = memoryJournal()
      const accepted = await applying(behind(forever, objects), environment, { journal })
      expect(accepted.result).toMatchObject([
        { status: 'failed', reason: expect.stringMatching(/^the server accepted/) },
      ])
      const lost = await applying(losesAnswers(behind(forever, objects)), environment, { journal })
      expect(lost.result).toMatchObject([{ status: 'failed', reason: expect.stringContaining('nothing had changed') }])
      for (const { pauses } of [accepted, lost]) {
        expect(total(pauses)).toBeGreaterThanOrEqual(3000)
        expect(total(pauses)).toBeLessThan(3500)
      }
      const ends = journal.records.filter(({ record }) => record === 'end')
      expect(ends).toMatchObject([{ touched: true }, { touched: true }])
    })
  })

  test('a request without an answer that arrives late was carried out', async () => {
    const server = toyServer()
    const { write } = server
    const { result } = await timed((pause) => {
      server.write = async (path, body, options) => {
        void pause(1000).then(() => write(path, body, options))
        throw new VaultError(0, 'POST', path, ['the connection was cut'])
      }
      return apply(server, red, { pause })
    })
    expect(result).toMatchObject([{ status: 'done' }])
    expect(writes(server)).toEqual(['POST shelves/a'])
  })

  test('a look that fails on the way is not taken for the look before it', async () => {
    const server = losesAnswers(behind(forever))
    const { read } = server
    let reads = 0
    const tasks = [await planFor(server, red)]
    server.read = async (path) => {
      if (++reads > 3) throw new VaultError(503, 'GET', path, ['Vault is sealed'])
      return read(path)
    }
    const { result } = await timed((pause) => applyChanges({ kinds: toyKinds, tasks, server, parallelism: 1, pause }))
    expect(result).toMatchObject([{ status: 'failed', reason: expect.stringMatching(/^it is not known whether/) }])
  })

  test('a refusal is the word of the node that writes, and not waited for', async () => {
    const server = toyServer()
    refuseWrites(server, 'shelves/a')
    const { result, pauses } = await applying(server, red)
    expect(result).toMatchObject([{ status: 'failed', reason: expect.stringContaining('permission denied') }])
    expect(pauses).toEqual([])
  })

  test('what somebody changed is not looked at again until it looks unchanged', async () => {
    const server = toyServer({ 'shelves/a': { color: 'blue' } })
    const tasks = [await planFor(server, red)]
    const looks: JsonObject[] = [{ color: 'green' }, { color: 'blue' }]
    server.read = async () => looks.shift()
    const { result } = await timed((pause) => applyChanges({ kinds: toyKinds, tasks, server, parallelism: 1, pause }))
    expect(result).toMatchObject([{ status: 'failed', reason: expect.stringMatching(/^somebody changed it/) }])
    expect(writes(server)).toEqual([])
  })

  test.each([
    [5, 'done', 5],
    [forever, 'failed', 7],
  ])('one that answers %d reads without a route to a new mount: %s', async (reads, status, pausesExpected) => {
    const server = toyServer()
    const { read } = server
    const tasks = [await planFor(server, red)]
    let left = reads
    server.read = async (path) => {
      if (left-- > 0) throw new VaultError(404, 'GET', path, [`no handler for route "${path}"`])
      return read(path)
    }
    const { result, pauses } = await timed((pause) =>
      applyChanges({ kinds: toyKinds, tasks, server, parallelism: 1, pause }),
    )
    expect(result).toMatchObject([{ status }])
    expect(pauses).toHaveLength(pausesExpected)
    expect(writes(server)).toHaveLength(status === 'done' ? 1 : 0)
  })
})

describe('the journal', () => {
  const two = environmentOf([desiredShelf('a'), desiredShelf('b')])

  test('has the intent before the server hears of the change, and the outcome after it', async () => {
    const server = toyServer({ 'shelves/a': { color: 'blue' } })
    const journal = memoryJournal()
    const seen: string[] = []
    server.intercept = (method, path) => {
      if (method === 'POST') seen.push(`${path} after ${journal.records.length}`)
    }
    const environment = environmentOf([desiredShelf('a', { color: 'red' })])
    await apply(server, environment, { journal })
    expect(seen).toEqual(['shelves/a after 1'])
    expect(journal.records).toMatchObject([
      { record: 'begin', seq: 1, before: { spec: { color: 'blue' } }, after: { color: 'red' } },
      { record: 'end', seq: 1, status: 'done', touched: true },
    ])
  })

  test('that cannot be written lets nothing begin', async () => {
    const server = toyServer()
    const journal = { begin: () => Promise.reject(new Error('the disk is full')), end: () => {} }
    const outcomes = await apply(server, two, { journal })
    expect(outcomes).toMatchObject([
      { status: 'skipped', reason: 'the disk is full' },
      { status: 'skipped', reason: 'the disk is full' },
    ])
    expect(server.log).toEqual([])
  })

  test('says of what was only looked at that it was not touched', async () => {
    const server = toyServer({ 'shelves/a': {} })
    const tasks = [await planFor(server, environmentOf([desiredShelf('a', { color: 'red' })]))]
    server.objects.set('shelves/a', { color: 'theirs' })
    const journal = memoryJournal()
    await applyChanges({ kinds: toyKinds, tasks, server, parallelism: 1, journal })
    expect(journal.records.at(-1)).toMatchObject({ record: 'end', status: 'failed', touched: false })
  })

  test('keeps what a container holds before it goes, and without that the container stays', async () => {
    const objects = { 'shelves/a': {}, 'shelves/b': { color: 'blue' }, 'shelves/b/books/x': { text: 't' } }
    const owning = environmentOf([desiredShelf('a')], { owns: [{ kind: 'shelf', name: 'b' }], unmanaged: 'delete' })
    const journal = memoryJournal()
    await apply(toyServer(objects), owning, { journal })
    expect(journal.records[0]).toMatchObject({
      object: { address: 'shelf/b' },
      before: { spec: { color: 'blue' } },
      after: null,
      contents: [{ object: { address: 'book/b/x' }, image: { spec: { text: 't' } } }],
    })
    const closed = toyServer(objects)
    const tasks = [await planFor(closed, owning)]
    closed.intercept = (method, path) => {
      if (method === 'LIST') throw new VaultError(403, method, path, ['permission denied'])
    }
    const outcomes = await applyChanges({
      kinds: toyKinds,
      tasks,
      server: closed,
      parallelism: 1,
      journal: memoryJournal(),
    })
    expect(outcomes).toMatchObject([{ status: 'failed', reason: expect.stringContaining('permission denied') }])
    expect(closed.objects.has('shelves/b')).toBe(true)
  })

  test('never holds a write-only value, only what refers to it', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': { text: 'old', note: 'a server that tells' } })
    const journal = memoryJournal()
    await apply(server, environmentOf([desiredShelf('a'), desiredBook('a', 'x', { text: 'new', note: '${env:N}' })]), {
      journal,
    })
    expect(journal.records[0]).toMatchObject({ before: { spec: { text: 'old' } }, after: { note: '${env:N}' } })
    expect(JSON.stringify(journal.records)).not.toContain('a server that tells')
  })
})
