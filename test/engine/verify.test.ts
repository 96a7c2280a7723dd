import { describe, expect, test } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import type { GroundedPlan } from '../../src/core/plan.ts'
import { addressOf } from '../../src/core/resource.ts'
import { basisOf, planEnvironment } from '../../src/engine/plan.ts'
import { readLive } from '../../src/engine/read.ts'
import { compareWithSaved } from '../../src/engine/verify.ts'
import { desiredBook, desiredShelf, environmentOf, type ToyServer, toyKinds, toyServer } from '../support/toy-kinds.ts'

async function plan(server: ToyServer, environment: Environment): Promise<GroundedPlan> {
  const input = {
    kinds: toyKinds,
    environment,
    live: await readLive({ kinds: toyKinds, server, environment }),
    server: server.server,
  }
  return { ...planEnvironment(input).plan, ...basisOf(input) }
}

const environment = environmentOf(
  [desiredShelf('a'), desiredBook('a', 'x', { text: 'new' }), desiredBook('a', 'same', { text: 's' })],
  {
    owns: [{ kind: 'book', parent: addressOf('shelf', 'a'), name: '*' }],
    unmanaged: 'delete',
  },
)
const library = () =>
  toyServer({
    'shelves/a': {},
    'shelves/a/books/x': { text: 'old' },
    'shelves/a/books/same': { text: 's' },
    'shelves/a/books/gone': { text: 'g' },
  })

async function afterwards(
  meanwhile: (server: ToyServer) => void,
  alter: (saved: GroundedPlan) => GroundedPlan = (saved) => saved,
) {
  const server = library()
  const saved = alter(await plan(server, environment))
  meanwhile(server)
  return compareWithSaved(saved, await plan(server, environment))
}

test('when nothing has changed, everything is left to do', async () => {
  const result = await afterwards(() => {})
  expect(result).toMatchObject({ stale: [], already: [], altered: [] })
  expect(result.changes.map(({ action, address }) => `${action} ${address}`)).toEqual([
    'update book/a/x',
    'delete book/a/gone',
  ])
})

describe('a second writer', () => {
  test('who changed an object of the plan is not overwritten', async () => {
    expect(await afterwards(({ objects }) => objects.set('shelves/a/books/x', { text: 'theirs' }))).toMatchObject({
      stale: ['book/a/x'],
    })
  })

  test('who changed an object that the plan left alone is noticed', async () => {
    expect(await afterwards(({ objects }) => objects.set('shelves/a/books/same', { text: 'theirs' }))).toMatchObject({
      stale: ['book/a/same'],
    })
  })

  test('who deleted an object is noticed', async () => {
    expect(await afterwards(({ objects }) => objects.delete('shelves/a/books/x'))).toMatchObject({
      stale: ['book/a/x'],
    })
  })

  test('who did just what the plan wants has done that part', async () => {
    const result = await afterwards(({ objects }) => {
      objects.set('shelves/a/books/x', { text: 'new' })
      objects.delete('shelves/a/books/gone')
    })
    expect(result).toMatchObject({ stale: [], altered: [], changes: [] })
    expect(result.already).toHaveLength(2)
  })
})

describe('an edited file', () => {
  test('cannot change what is written', async () => {
    const result = await afterwards(
      () => {},
      (saved) => ({
        ...saved,
        changes: saved.changes.map((change) =>
          change.action === 'update' ? { ...change, after: { ...change.after, spec: { text: 'evil' } } } : change,
        ),
      }),
    )
    expect(result.altered).toEqual(['book/a/x'])
    expect(JSON.stringify(result.changes)).not.toContain('evil')
  })

  test('cannot bring in a change of its own', async () => {
    const after = desiredBook('a', 'same', { text: 'evil' })
    const result = await afterwards(
      () => {},
      (saved) => ({ ...saved, changes: [...saved.changes, { action: 'create', address: after.address, after }] }),
    )
    expect(result.altered).toEqual(['book/a/same'])
    expect(result.changes.map(({ address }) => address)).not.toContain('book/a/same')
  })

  test('may hold another place in the files, which changes nothing', async () => {
    const result = await afterwards(
      () => {},
      (saved) => ({
        ...saved,
        changes: saved.changes.map((change) =>
          change.action === 'update'
            ? { ...change, after: { ...change.after, source: { file: 'b', line: 9, column: 9 } } }
            : change,
        ),
      }),
    )
    expect(result.altered).toEqual([])
  })
})
