import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import { addressOf } from '../../src/core/resource.ts'
import { applyChanges } from '../../src/engine/apply.ts'
import { type PlanInput, planEnvironment } from '../../src/engine/plan.ts'
import { readLive } from '../../src/engine/read.ts'
import { desiredBook, desiredShelf, environmentOf, type ToyServer, toyKinds, toyServer } from '../support/toy-kinds.ts'

async function planOf(server: ToyServer, environment: Environment, more: Partial<PlanInput> = {}) {
  const live = await readLive({ kinds: toyKinds, server, environment })
  return planEnvironment({ kinds: toyKinds, environment, live, server: server.server, ...more })
}

const lines = ({ plan }: Awaited<ReturnType<typeof planOf>>) =>
  plan.changes.map(({ action, address }) => `${action} ${address}`)

const ownAll = {
  owns: [
    { kind: 'book', parent: addressOf('shelf', 'a'), name: '*' },
    { kind: 'shelf', name: '*' },
  ],
} as const

describe('what changes', () => {
  test('what is absent is created, containers first', async () => {
    const environment = environmentOf([desiredBook('a', 'x'), desiredShelf('b'), desiredShelf('a')])
    expect(lines(await planOf(toyServer(), environment))).toEqual([
      'create shelf/a',
      'create shelf/b',
      'create book/a/x',
    ])
  })

  test('what is the same is not touched', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': { text: 't' } })
    expect(
      lines(await planOf(server, environmentOf([desiredShelf('a'), desiredBook('a', 'x', { text: 't' })]))),
    ).toEqual([])
  })

  test('an update names each field that differs, inside maps as well', async () => {
    const server = toyServer({ 'shelves/a': { tune: { depth: 1, height: 2 }, old: true } })
    const { plan } = await planOf(
      server,
      environmentOf([desiredShelf('a', { tune: { depth: 1, height: 3 }, tags: ['n'] })]),
    )
    expect(plan.changes).toMatchObject([
      {
        action: 'update',
        meaning: true,
        fields: [
          { field: ['old'], before: true },
          { field: ['tags'], after: ['n'] },
          { field: ['tune', 'height'], before: 2, after: 3 },
        ],
      },
    ])
  })

  test('a text that only looks different is said to mean the same', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': { text: ' t ' } })
    const { plan } = await planOf(server, environmentOf([desiredShelf('a'), desiredBook('a', 'x', { text: 't' })]))
    expect(plan.changes).toMatchObject([{ action: 'update', meaning: false }])
  })

  test('the order of the description does not matter', async () => {
    const desired = [desiredShelf('a'), desiredShelf('b'), desiredBook('a', 'x'), desiredBook('b', 'y', { text: '1' })]
    const server = toyServer({ 'shelves/b': { wood: 'oak' } })
    const [first] = [await planOf(server, environmentOf(desired))]
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(desired, { minLength: desired.length }), async (shuffled) => {
        expect((await planOf(server, environmentOf(shuffled))).plan.changes).toEqual(first?.plan.changes)
      }),
    )
  })

  test('planning after applying is empty, whatever there was and whatever is wanted', async () => {
    const spec = fc.record({ text: fc.constantFrom('1', '2', '3') }, { requiredKeys: [] })
    const library = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.dictionary(fc.constantFrom('x', 'y', 'z'), spec), {
      noNullPrototype: true,
    })
    await fc.assert(
      fc.asyncProperty(library, library, async (before, after) => {
        const server = toyServer()
        for (const [on, books] of Object.entries(before)) {
          server.objects.set(`shelves/${on}`, {})
          for (const [name, content] of Object.entries(books))
            server.objects.set(`shelves/${on}/books/${name}`, content)
        }
        const desired = Object.entries(after).flatMap(([on, books]) => [
          desiredShelf(on),
          ...Object.entries(books).map(([name, content]) => desiredBook(on, name, content)),
        ])
        const owns = [
          ...ownAll.owns,
          ...['b', 'c'].map((on) => ({ kind: 'book', parent: addressOf('shelf', on), name: '*' })),
        ]
        const environment = environmentOf(desired, { owns, unmanaged: 'delete' })
        const first = await planOf(server, environment)
        expect(first.objections).toEqual([])
        const outcomes = await applyChanges({
          kinds: toyKinds,
          tasks: [first.plan],
          server,
          parallelism: 2,
        })
        expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([])
        expect(lines(await planOf(server, environment))).toEqual([])
      }),
    )
  })
})

describe('what no file describes', () => {
  const library = () =>
    toyServer({
      'shelves/a': {},
      'shelves/a/books/x': {},
      'shelves/a/books/y': { text: 'mine' },
      'shelves/builtin': {},
    })
  const desired = [desiredShelf('a'), desiredBook('a', 'x')]

  test('is not even mentioned when nobody owns it', async () => {
    const { plan } = await planOf(library(), environmentOf(desired))
    expect(plan).toMatchObject({ changes: [], unmanaged: [] })
  })

  test('is reported when it is owned, without reading it', async () => {
    const server = library()
    const { plan } = await planOf(server, environmentOf(desired, ownAll))
    expect(plan).toMatchObject({ changes: [], unmanaged: ['book/a/y'] })
    expect(server.log).not.toContain('GET shelves/a/books/y')
  })

  test('is deleted when the environment says so, after being read', async () => {
    const { plan } = await planOf(library(), environmentOf(desired, { ...ownAll, unmanaged: 'delete' }))
    expect(plan).toMatchObject({
      changes: [{ action: 'delete', address: 'book/a/y', before: { spec: { text: 'mine' } } }],
      unmanaged: [],
    })
  })

  test('is passed over when the environment says so', async () => {
    const { plan } = await planOf(library(), environmentOf(desired, { ...ownAll, unmanaged: 'ignore' }))
    expect(plan).toMatchObject({ changes: [], unmanaged: [] })
  })

  test('is left alone when another environment of the same server describes it', async () => {
    const described = new Set([...desired.map(({ address }) => address), addressOf('book', 'a', 'y')])
    const { plan } = await planOf(library(), environmentOf(desired, { ...ownAll, described, unmanaged: 'delete' }))
    expect(plan).toMatchObject({ changes: [], unmanaged: [] })
  })

  test('the same name in another container is another object', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': {}, 'shelves/b': {}, 'shelves/b/books/x': {} })
    const { plan } = await planOf(
      server,
      environmentOf([desiredShelf('a'), desiredShelf('b'), desiredBook('b', 'x')], { ...ownAll, unmanaged: 'delete' }),
    )
    expect(plan.changes.map(({ address }) => address)).toEqual(['book/a/x'])
  })
})

describe('what must not be applied', () => {
  test('a field that the server cannot change in place', async () => {
    const server = toyServer({ 'shelves/a': { wood: 'oak' } })
    const { objections } = await planOf(server, environmentOf([desiredShelf('a', { wood: 'ash' })]))
    expect(objections).toMatchObject([{ code: 'immutable-field', field: ['wood'], help: 'Build another.' }])
  })

  test('a field that the connected version lacks, naming product and version', async () => {
    const desired = [desiredShelf('a'), desiredBook('a', 'x', { edition: 2 })]
    const { objections } = await planOf(toyServer({}, '1.21.0'), environmentOf(desired))
    expect(objections).toMatchObject([
      {
        code: 'unsupported-field',
        field: ['edition'],
        message: 'Vault 1.21.0 has no edition; it needs Vault 2.0 or later',
      },
    ])
    expect((await planOf(toyServer({}, '2.0.0'), environmentOf(desired))).objections).toEqual([])
  })
})

describe('values that cannot be read back', () => {
  const server = () => toyServer({ 'shelves/a': {}, 'shelves/a/books/x': { text: 't' } })
  const environment = environmentOf([desiredShelf('a'), desiredBook('a', 'x', { text: 't', note: '${env:NOTE}' })])

  test('are no difference, and the plan says that a new one would not show', async () => {
    const { plan } = await planOf(server(), environment)
    expect(plan.changes).toEqual([])
    expect(plan.notices).toEqual([expect.stringContaining('--rewrite book/a/x')])
  })

  test('are sent again when somebody asks for it', async () => {
    const { plan } = await planOf(server(), environment, { rewrite: ['book/a/x'] })
    expect(plan.changes).toMatchObject([
      { action: 'update', address: 'book/a/x', fields: [{ field: ['note'], after: '${env:NOTE}' }] },
    ])
  })
})

describe('reading', () => {
  test('an object that vanishes between list and read stops the run', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': {} })
    server.intercept = (method, path) => {
      if (method === 'GET' && path.endsWith('/x')) server.objects.delete(path)
    }
    await expect(planOf(server, environmentOf([desiredShelf('a'), desiredBook('a', 'x')]))).rejects.toThrow(
      'reading it found nothing',
    )
  })

  test('a listing that is refused stops the run: it is no empty listing', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/a/books/x': {} })
    server.intercept = (method, path) => {
      if (method === 'LIST' && path === 'shelves/a/books') throw new Error('permission denied')
    }
    await expect(planOf(server, environmentOf([desiredShelf('a'), desiredBook('a', 'x')]))).rejects.toThrow(
      'permission denied',
    )
  })

  test('containers that hold nothing of interest are not looked into', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/other': {}, 'shelves/other/books/secret': {} })
    await planOf(server, environmentOf([desiredShelf('a')]))
    expect(server.log).not.toContain('LIST shelves/other/books')
  })
})
