import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { addressOf } from '../../src/core/resource.ts'
import { VaultError } from '../../src/core/server.ts'
import { type ApplyOptions, applyChanges } from '../../src/engine/apply.ts'
import { planEnvironment } from '../../src/engine/plan.ts'
import { readLive } from '../../src/engine/read.ts'
import { memoryJournal } from '../support/memory-journal.ts'
import { desiredBook, desiredShelf, environmentOf, type ToyServer, toyKinds, toyServer } from '../support/toy-kinds.ts'

async function planFor(server: ToyServer, environment: Environment) {
  const live = await readLive({ kinds: toyKinds, server, environment })
  return planEnvironment({ kinds: toyKinds, environment, live, server: server.server }).plan
}

async function apply(server: ToyServer, environment: Environment, more: Partial<ApplyOptions> = {}) {
  const tasks = [await planFor(server, environment)]
  server.log.length = 0
  return applyChanges({ kinds: toyKinds, tasks, server, parallelism: 4, ...more })
}

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
    return applyChanges({ kinds: toyKinds, tasks, server, parallelism: 4, ...more })
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
