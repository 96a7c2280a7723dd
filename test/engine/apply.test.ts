import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import { addressOf } from '../../src/core/resource.ts'
import { type ApplyOptions, applyChanges } from '../../src/engine/apply.ts'
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

async function apply(
  server: ToyServer,
  environment: Environment,
  more: Partial<ApplyOptions> = {},
): Promise<Outcome[]> {
  const tasks = [await planFor(server, environment)]
  server.log.length = 0
  return applyChanges({ kinds: toyKinds, tasks, server, parallelism: 4, pause: async () => {}, ...more })
}

const says = (outcomes: readonly Outcome[]) => outcomes.map(({ address, status }) => `${address} ${status}`).sort()
const writes = (server: ToyServer) => server.log.filter((line) => /^(POST|DELETE)/.test(line))

test('everything is written, containers first, and read back', async () => {
  const server = toyServer()
  const outcomes = await apply(server, environmentOf([desiredBook('a', 'x'), desiredShelf('a')]))
  expect(says(outcomes)).toEqual(['book/a/x done', 'shelf/a done'])
  expect(server.log).toEqual([
    'GET shelves/a',
    'POST shelves/a',
    'GET shelves/a',
    'GET shelves/a/books/x',
    'POST shelves/a/books/x',
    'GET shelves/a/books/x',
  ])
})

test('a second apply sends no write at all', async () => {
  const server = toyServer()
  const environment = environmentOf([desiredShelf('a'), desiredBook('a', 'x', { text: 't' })])
  await apply(server, environment)
  expect(await apply(server, environment)).toEqual([])
  expect(writes(server)).toEqual([])
})

describe('after a failure', () => {
  test('what depends on it is skipped, and nothing else', async () => {
    const server = toyServer()
    refuseWrites(server, 'shelves/a')
    const outcomes = await apply(
      server,
      environmentOf([desiredShelf('a'), desiredShelf('b'), desiredBook('a', 'x'), desiredBook('b', 'y')]),
    )
    expect(says(outcomes)).toEqual(['book/a/x skipped', 'book/b/y done', 'shelf/a failed', 'shelf/b done'])
    expect(outcomes.find(({ address }) => address === 'shelf/a')).toMatchObject({
      reason: expect.stringContaining('permission denied'),
    })
    expect(outcomes.find(({ address }) => address === 'book/a/x')).toMatchObject({
      reason: expect.stringContaining('shelf/a'),
    })
  })

  test('skipping is passed on', async () => {
    const server = toyServer()
    refuseWrites(server, 'shelves/a')
    const second = desiredBook('b', 'y', {}, [addressOf('book', 'a', 'x')])
    const chained = await apply(
      server,
      environmentOf([desiredShelf('a'), desiredBook('a', 'x'), desiredShelf('b'), second]),
      { parallelism: 1 },
    )
    expect(says(chained)).toContain('book/b/y skipped')
  })

  test('of another environment on the same server, its objects count, too', async () => {
    const server = toyServer()
    refuseWrites(server, 'shelves/a')
    const [first, second] = [[desiredShelf('a')], [desiredBook('a', 'x')]].map((desired) => environmentOf(desired))
    const tasks = await Promise.all(
      [first, second].map(async (environment) => planFor(server, environment as Environment)),
    )
    const outcomes = await applyChanges({ kinds: toyKinds, tasks, server, parallelism: 4 })
    expect(says(outcomes)).toEqual(['book/a/x skipped', 'shelf/a failed'])
  })

  test('what another environment could not change keeps what it may still need', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/b': {}, 'shelves/a/books/x': { text: 'old' } })
    refuseWrites(server, 'shelves/a/books/x')
    const rewriting = environmentOf([desiredShelf('a'), desiredBook('a', 'x', { text: 'new' })])
    const deleting = environmentOf([desiredShelf('a')], { owns: [{ kind: 'shelf', name: 'b' }], unmanaged: 'delete' })
    // The one that deletes comes first: the order of the environments must not matter.
    const tasks = [await planFor(server, deleting), await planFor(server, rewriting)]
    expect(says(await applyChanges({ kinds: toyKinds, tasks, server, parallelism: 4 }))).toEqual([
      'book/a/x failed',
      'shelf/b skipped',
    ])
  })

  test('nothing is deleted that something unchanged may still need', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/b': {}, 'shelves/a/books/x': { text: 'old' } })
    refuseWrites(server, 'shelves/a/books/x')
    const environment = environmentOf([desiredShelf('a'), desiredBook('a', 'x', { text: 'new' })], {
      owns: [{ kind: 'shelf', name: '*' }],
      unmanaged: 'delete',
    })
    expect(says(await apply(server, environment))).toEqual(['book/a/x failed', 'shelf/b skipped'])
    expect(server.objects.has('shelves/b')).toBe(true)
  })
})

describe('reading back', () => {
  test('a field that did not take is a failure that names it', async () => {
    const server = toyServer()
    server.write = async (path) => {
      server.objects.set(path, { text: 'something else' })
      return []
    }
    const [outcome] = await apply(server, environmentOf([desiredShelf('a', { text: 'wanted' })]))
    expect(outcome).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/text is "something else" instead of "wanted"/),
    })
  })

  test('an object that is not there after its write is a failure', async () => {
    const server = toyServer()
    server.write = async () => []
    const [outcome] = await apply(server, environmentOf([desiredShelf('a')]))
    expect(outcome).toMatchObject({ status: 'failed', reason: expect.stringContaining('nothing there') })
  })

  test('a deletion that did not take is a failure', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': {} })
    server.remove = async () => {}
    const environment = environmentOf([desiredShelf('a')], {
      owns: [{ kind: 'book', parent: addressOf('shelf', 'a'), name: '*' }],
      unmanaged: 'delete',
    })
    expect(await apply(server, environment)).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('still there') },
    ])
  })

  test('a write-only value is not expected back', async () => {
    const server = toyServer()
    const outcomes = await apply(
      server,
      environmentOf([desiredShelf('a'), desiredBook('a', 'x', { note: '${env:N}' })]),
    )
    expect(says(outcomes)).toEqual(['book/a/x done', 'shelf/a done'])
  })
})

describe('stopping', () => {
  test('what is under way is finished, what has not begun is skipped, and each is said', async () => {
    const server = toyServer()
    const stop = new AbortController()
    server.intercept = (method, path) => {
      if (method === 'POST' && path === 'shelves/a') stop.abort()
    }
    const outcomes = await apply(server, environmentOf([desiredShelf('a'), desiredShelf('b'), desiredBook('a', 'x')]), {
      signal: stop.signal,
      parallelism: 1,
    })
    expect(says(outcomes)).toEqual(['book/a/x skipped', 'shelf/a done', 'shelf/b skipped'])
    expect(outcomes.at(-1)).toMatchObject({ reason: 'stopped before it began' })
  })

  test('no more changes are under way at once than asked for', async () => {
    const server = toyServer()
    let [now, most] = [0, 0]
    server.intercept = async (method) => {
      if (method !== 'POST') return
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, 1))
      now--
    }
    const shelves = Array.from({ length: 20 }, (_, index) => desiredShelf(`s${index}`))
    await apply(server, environmentOf(shelves), { parallelism: 3 })
    expect(most).toBe(3)
  })
})
