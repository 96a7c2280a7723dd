import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import { UserError } from '../../src/core/diagnostic.ts'
import type { JournalRecord } from '../../src/core/journal.ts'
import { parseJournal } from '../../src/core/journal.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { type Address, addressOf, type Identity } from '../../src/core/resource.ts'
import type { EnvironmentUndo, Rollback } from '../../src/core/rollback.ts'
import { type ApplyOptions, applyChanges } from '../../src/engine/apply.ts'
import { undoOf } from '../../src/engine/journal.ts'
import { brake } from '../../src/engine/objections/index.ts'
import { planEnvironment } from '../../src/engine/plan.ts'
import { look, rollbackEnvironments } from '../../src/engine/rollback.ts'
import { linesOf, memoryJournal } from '../support/memory-journal.ts'
import { desiredBook, desiredShelf, environmentOf, type ToyServer, toyKinds, toyServer } from '../support/toy-kinds.ts'

async function planFor(server: ToyServer, environment: Environment) {
  const live = await look({ kinds: toyKinds, server, environment })
  const input = { kinds: toyKinds, environment, live, server: server.server }
  return { input, ...planEnvironment(input) }
}

/** Applies, and gives the undo that its journal says. */
async function applied(server: ToyServer, environment: Environment, more: Partial<ApplyOptions> = {}) {
  const { plan } = await planFor(server, environment)
  const journal = memoryJournal()
  const outcomes = await applyChanges({
    kinds: toyKinds,
    tasks: [plan],
    server,
    parallelism: 4,
    journal,
    pause: async () => {},
    ...more,
  })
  return { outcomes, journal, undo: undoOf(journal.journal(environment.name, server.server)) }
}

interface Back {
  readonly keep?: readonly string[]
  readonly complete?: boolean
}

function backTo(environment: Environment, environments: readonly EnvironmentUndo[], more: Back = {}): Environment {
  const rollback: Rollback = { journal: 'j', digest: 'd', complete: true, environments, keep: [], ...more }
  return rollbackEnvironments(toyKinds, [environment], rollback)[0] as Environment
}

/** Plans the way back; the refusals are what the brakes that are made for it say. */
async function wayBack(server: ToyServer, back: Environment) {
  const { input, plan, objections } = await planFor(server, back)
  const { refusals } = brake([{ input, plan }], () => [])
  return {
    plan,
    objections,
    refusals: refusals.map(({ allow }) => allow).filter((allow) => !/^(delete|share|empty)/.test(allow)),
  }
}

const says = (changes: readonly { readonly action: string; readonly address: Address }[]) =>
  changes.map(({ action, address }) => `${action} ${address}`)

const start = (): Record<string, JsonObject> => ({
  'shelves/a': { color: 'blue' },
  'shelves/b': { color: 'blue' },
  'shelves/a/books/x': { text: 'old' },
  'shelves/b/books/y': { text: 'gone' },
  'shelves/a/books/z': { text: 'same' },
})

/** Creates a/new, updates a and a/x, deletes b/y, and leaves a/z. */
const wanted = environmentOf(
  [
    desiredShelf('a', { color: 'red' }),
    desiredShelf('b', { color: 'blue' }),
    desiredBook('a', 'new', { text: 'new' }),
    desiredBook('a', 'x', { text: 'newer' }),
    desiredBook('a', 'z', { text: 'same' }),
  ],
  { owns: [{ kind: 'book', parent: addressOf('shelf', 'b'), name: '*' }], unmanaged: 'delete' },
)

describe('the way back from an apply', () => {
  test('undoes each of its changes, in an order that works, and nothing else', async () => {
    const server = toyServer(start())
    const { undo } = await applied(server, wanted)
    const back = backTo(wanted, undo)
    const { plan, objections, refusals } = await wayBack(server, back)
    expect(says(plan.changes)).toEqual(['update shelf/a', 'update book/a/x', 'create book/b/y', 'delete book/a/new'])
    expect([objections, refusals]).toEqual([[], []])
    const { undo: again } = await applied(server, back)
    expect(Object.fromEntries(server.objects)).toEqual(start())
    expect((await wayBack(server, back)).plan.changes, 'a second time there is nothing to do').toEqual([])
    // A way back is an apply, and so it has a way back itself.
    const forth = backTo(wanted, again)
    await applied(server, forth)
    expect((await planFor(server, wanted)).plan.changes).toEqual([])
  })

  test('makes a container again with all that was in it', async () => {
    const objects = start()
    const server = toyServer(objects)
    const without = environmentOf([desiredShelf('a', { color: 'blue' })], {
      owns: [{ kind: 'shelf', name: 'b' }],
      unmanaged: 'delete',
    })
    const { undo } = await applied(server, without)
    server.objects.delete('shelves/b/books/y') // A toy shelf does not take its books along.
    const { plan, refusals } = await wayBack(server, backTo(without, undo))
    expect(says(plan.changes)).toEqual(['create shelf/b', 'create book/b/y'])
    expect(refusals).toEqual([])
    expect(plan.notices.join()).toContain('tokens and write-only values do not come back')
  })

  test('after a crash looks on the server at what the journal does not know', async () => {
    for (const carriedOut of [true, false]) {
      const server = toyServer(start())
      const { journal } = await applied(server, wanted)
      if (!carriedOut) server.objects.set('shelves/a/books/x', { text: 'old' })
      const header = journal.text('toys', server.server).split('\n', 1)[0] as string
      const { digest: _, ...first } = JSON.parse(header) as JournalRecord & { digest: string }
      const begun = journal.records.filter(({ record }) => record === 'begin')
      const cut = parseJournal(linesOf([first as JournalRecord, ...begun]), 'j')
      const { plan, refusals } = await wayBack(server, backTo(wanted, undoOf(cut), { complete: false }))
      expect(says(plan.changes).includes('update book/a/x')).toBe(carriedOut)
      expect(refusals).toEqual([])
      expect(plan.notices.join()).toContain('ends before the apply did')
    }
  })

  test('leaves out what the apply did not touch', async () => {
    const server = toyServer(start())
    server.intercept = (method, path) => {
      if (method === 'POST' && path === 'shelves/a') server.objects.set('shelves/a', { color: 'red' })
    }
    const { undo } = await applied(server, wanted, { mayGoOn: () => 'stop' })
    expect(undo[0]?.undo).toEqual([])
  })
})

test('a small way back out of much that the files describe is no large share', async () => {
  const books = Array.from({ length: 100 }, (_, index) => `b${index}`)
  const want = (text: string) =>
    environmentOf([
      desiredShelf('a'),
      ...books.map((name, index) => desiredBook('a', name, { text: index < 12 ? text : 'same' })),
    ])
  const server = toyServer({})
  await applied(server, want('old'))
  const { undo } = await applied(server, want('new'))
  const { input, plan } = await planFor(server, backTo(want('new'), undo))
  expect(plan.changes).toHaveLength(12)
  expect(brake([{ input, plan }], () => []).refusals.map(({ allow }) => allow)).toEqual([])
})

test('what was removed, made again by somebody and then went with its container comes back as it first was', () => {
  const object = { kind: 'book', address: addressOf('book', 'a', 'x'), path: 'shelves/a/books/x' }
  const common = { at: '', environment: 'production', action: 'delete', after: null } as const
  const image = (text: string) => ({ spec: { text } })
  const shelf = { kind: 'shelf', address: addressOf('shelf', 'a'), path: 'shelves/a' }
  const begins = [
    { ...common, record: 'begin', seq: 1, object, before: image('first') },
    {
      ...common,
      record: 'begin',
      seq: 2,
      object: shelf,
      before: image(''),
      contents: [{ object, image: image('theirs') }],
    },
  ] as const
  const server = { product: 'vault', version: '1.21.0', address: '', namespace: '', clusterId: '' } as const
  const [undone] = undoOf({
    header: {
      ...{ record: 'header', format: 'vaultwright-journal/1', program: '', at: '', plan: '' },
      environments: [{ environment: 'production', server }],
    },
    entries: begins.map((begin, index) => ({ begin, line: index + 2 })),
    digest: '',
  })
  expect(undone?.undo.map(({ object: { address }, before }) => [address, before])).toEqual([
    ['book/a/x', image('first')],
    ['shelf/a', image('')],
  ])
})

describe('what somebody changed after the apply', () => {
  const changed = async (path: string, spec: JsonObject | undefined, keep: readonly string[] = []) => {
    const server = toyServer(start())
    const { undo } = await applied(server, wanted)
    if (spec === undefined) server.objects.delete(path)
    else server.objects.set(path, spec)
    return wayBack(server, backTo(wanted, undo, { keep }))
  }

  test.each<readonly [string, string, JsonObject | undefined, string]>([
    ['an object that it had updated', 'shelves/a/books/x', { text: 'theirs' }, 'book/a/x'],
    ['an object that it had updated, and they deleted', 'shelves/a/books/x', undefined, 'book/a/x'],
    ['an object that it had made', 'shelves/a/books/new', { text: 'theirs' }, 'book/a/new'],
    ['an object that it had deleted', 'shelves/b/books/y', { text: 'theirs' }, 'book/b/y'],
  ])('is not overwritten without a word: %s', async (_, path, spec, address) => {
    expect((await changed(path, spec)).refusals).toEqual([`overwrite:${address}`])
    const kept = await changed(path, spec, [address])
    expect(kept.refusals).toEqual([])
    expect(kept.plan.changes.map((change) => change.address)).not.toContain(address)
  })

  test('back to what it was needs nothing', async () => {
    const { plan, refusals } = await changed('shelves/a/books/x', { text: 'old' })
    expect(refusals).toEqual([])
    expect(says(plan.changes)).not.toContain('update book/a/x')
  })
})

describe('write-only values', () => {
  const noted = environmentOf([
    desiredShelf('a', { color: 'blue' }),
    desiredBook('a', 'x', { text: 'newer', note: '${env:N}' }),
  ])

  test('that a change overwrites are said before it', async () => {
    const { plan } = await planFor(toyServer(start()), noted)
    expect(plan.notices.join()).toMatch(/book\/a\/x: note is sent anew.* no rollback restores it/)
  })

  test('are never taken from a journal, which could name any', () => {
    const object = { kind: 'book', address: addressOf('book', 'a', 'x'), path: 'shelves/a/books/x' }
    const before = { spec: { text: 'old', note: '${env:CI_JOB_TOKEN}' } }
    const undo = [{ object: { ...object, parent: addressOf('shelf', 'a') }, before, after: null, line: 2 }]
    const [desired] = backTo(wanted, [{ environment: 'toys', server: toyServer().server, undo }]).desired
    expect(desired?.spec).toEqual({ text: 'old' })
  })

  test('are said to be lost in the plan back', async () => {
    const server = toyServer(start())
    const { undo } = await applied(server, noted)
    const { plan } = await wayBack(server, backTo(noted, undo))
    expect(plan.notices.join()).toContain('book/a/x: the apply sent note; what was there before cannot be restored')
  })
})

describe('a journal that names what is not so', () => {
  const undo = (object: Partial<Identity>): EnvironmentUndo[] => [
    {
      environment: 'toys',
      server: toyServer().server,
      undo: [
        {
          object: { kind: 'shelf', address: addressOf('shelf', 'a'), path: 'shelves/a', ...object },
          before: { spec: {} },
          after: null,
          line: 2,
        },
      ],
    },
  ]

  test.each<readonly [string, Partial<Identity>]>([
    ['another path than the address', { path: 'sys/seal' }],
    ['another address than the path', { address: addressOf('shelf', 'b') }],
    ['a kind that there is none of', { kind: 'root-token' }],
    ['a kind that the address is not of', { address: addressOf('book', 'a') }],
    ['a container that it has not', { parent: addressOf('shelf', 'b') }],
    ['no name', { address: 'shelf/' as Address, path: 'shelves/' }],
  ])('is refused: %s', (_, object) => {
    expect(() => backTo(wanted, undo(object))).toThrow(UserError)
  })

  test('is refused: the same object twice', () => {
    const [one] = undo({}) as [EnvironmentUndo]
    expect(() => backTo(wanted, [{ ...one, undo: [...one.undo, ...one.undo] }])).toThrow(UserError)
  })

  test('is refused: an environment that no file describes', () => {
    const [one] = undo({}) as [EnvironmentUndo]
    expect(() => backTo(wanted, [{ ...one, environment: 'other' }])).toThrow(/no file describes/)
  })
})

test('nothing goes with its container that is to be left', async () => {
  const server = toyServer()
  const files = environmentOf([desiredShelf('a'), desiredBook('a', 'x')])
  const { undo } = await applied(server, files)
  const { objections } = await wayBack(server, backTo(files, undo, { keep: ['book/a/x'] }))
  expect(objections).toMatchObject([{ code: 'kept-inside', address: 'shelf/a' }])
})
