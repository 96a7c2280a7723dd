import { describe, expect, test } from 'vitest'
import { addressOf } from '../../../src/core/resource.ts'
import { desiredBook, desiredShelf, environmentOf, toyServer } from '../../support/toy-kinds.ts'
import { judged, library, verdict, wanting } from './judging.ts'

describe('a removal that destroys more than the object', () => {
  test('takes its name, and no other', async () => {
    const server = toyServer({ 'shelves/a': {}, 'shelves/b': {} })
    const owns = [{ kind: 'shelf', name: '*' }]
    const plan = [await judged(server, environmentOf([desiredShelf('a')], { owns, unmanaged: 'delete' }))]
    const { refused, refusals } = verdict(plan)
    expect(refused).toEqual(['delete:shelf/b'])
    expect(refusals).toMatchObject([{ code: 'unconfirmed-removal', address: 'shelf/b' }])
    expect(refusals[0]?.message).toContain('its books')
    expect(refusals[0]?.help).toContain('--allow delete:shelf/b')
    expect(verdict(plan, 'delete:shelf/b')).toMatchObject({ refused: [], released: ['delete:shelf/b'] })
    for (const other of ['delete:shelf/a', 'delete:shelf/*', 'delete:*', 'delete:shelf/bb', 'touch:shelf/b'])
      expect(verdict(plan, other).refused, other).toEqual(['delete:shelf/b'])
  })

  test('of what nothing depends on is no such removal', async () => {
    expect(verdict([await judged(library(['x', 'y']), wanting(['x']))]).refused).toEqual([])
  })
})

describe('a container that stays and loses all it is there for', () => {
  test('is not emptied unless it is named', async () => {
    const plan = [await judged(library(['x', 'y']), wanting([]))]
    const { refused, refusals } = verdict(plan)
    expect(refused).toEqual(['empty:shelf/a'])
    expect(refusals[0]?.message).toBe(
      'the plan would delete the last book of shelf/a (2 of 2): nobody finds anything there',
    )
    expect(refusals[0]?.help).toContain('--allow empty:shelf/a')
    expect(verdict(plan, 'empty:shelf/a').refused).toEqual([])
    expect(verdict(plan, 'empty:shelf/b').refused).toEqual(['empty:shelf/a'])
  })

  test('is not empty while it holds something that nobody here owns', async () => {
    const owns = [{ kind: 'book', parent: addressOf('shelf', 'a'), name: 'x' }]
    const plan = await judged(library(['x', 'foreign']), wanting([], {}, { owns }))
    expect(plan.plan.changes).toMatchObject([{ action: 'delete', address: 'book/a/x' }])
    expect(verdict([plan]).refused).toEqual([])
  })

  test('is not empty when another object takes the place', async () => {
    expect(verdict([await judged(library(['x']), wanting(['renamed']))]).refused).toEqual([])
  })

  test('is emptied also where two environments take one half each', async () => {
    const server = library(['x', 'y'])
    const half = (name: string, mine: string) =>
      judged(server, wanting([], {}, { name, owns: [{ kind: 'book', parent: addressOf('shelf', 'a'), name: mine }] }))
    const both = [await half('one', 'x'), await half('two', 'y')]
    expect(both.map((one) => verdict([one]).refused)).toEqual([[], []])
    expect(verdict(both).refused).toEqual(['empty:shelf/a'])
  })

  test('is another matter when it goes itself', async () => {
    const owns = [
      { kind: 'shelf', name: '*' },
      { kind: 'book', parent: addressOf('shelf', 'a'), name: '*' },
    ]
    const plan = await judged(library(['x']), environmentOf([], { owns, unmanaged: 'delete' }))
    expect(verdict([plan]).refused).toEqual(['delete:shelf/a'])
  })
})

describe('an object that more stands on than these files', () => {
  test.each([
    ['created', toyServer(), environmentOf([desiredShelf('main')])],
    ['changed', toyServer({ 'shelves/main': {} }), environmentOf([desiredShelf('main', { depth: 2 })])],
  ])('is not %s unless it is named', async (_, server, environment) => {
    const plan = [await judged(server, environment)]
    const { refused, refusals } = verdict(plan)
    expect(refused).toEqual(['touch:shelf/main'])
    expect(refusals[0]?.message).toContain('the house stands on it')
    expect(verdict(plan, 'touch:shelf/main').refused).toEqual([])
    expect(verdict(plan, 'touch:shelf/*').refused).toEqual(['touch:shelf/main'])
  })

  test('may be described as it is', async () => {
    const plan = await judged(toyServer({ 'shelves/main': {} }), environmentOf([desiredShelf('main')]))
    expect(verdict([plan]).refused).toEqual([])
  })
})

describe('an update after which a binding is gone', () => {
  const before = { 'shelves/a': {}, 'shelves/a/books/x': { lock: 'iron' }, 'shelves/a/books/y': { lock: 'iron' } }
  const books = (...specs: readonly { lock?: string }[]) =>
    environmentOf([desiredShelf('a'), ...specs.map((spec, index) => desiredBook('a', 'xy'[index] as string, spec))])

  test('takes the name of the object', async () => {
    const plan = [await judged(toyServer(before), books({}, { lock: 'brass' }))]
    const { refused, refusals } = verdict(plan)
    expect(refused).toEqual(['unbind:book/a/x'])
    expect(refusals).toMatchObject([{ field: ['lock'], message: 'book/a/x would no longer be bound by lock' }])
    expect(verdict(plan, 'unbind:book/a/x').refused).toEqual([])
    expect(verdict(plan, 'unbind:book/a/y').refused).toEqual(['unbind:book/a/x'])
  })

  test('of many objects at once can be named by a pattern, which is recorded as what it released', async () => {
    const plan = [await judged(toyServer(before), books({}, {}))]
    expect(verdict(plan, 'unbind:book/a/*')).toMatchObject({
      refused: [],
      released: ['unbind:book/a/x', 'unbind:book/a/y'],
    })
    for (const wider of ['unbind:*', 'unbind:book/*', 'unbind:book/b/*', '*'])
      expect(verdict(plan, wider).released, wider).toEqual([])
  })
})
