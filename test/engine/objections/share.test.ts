import { describe, expect, test } from 'vitest'
import type { Limits } from '../../../src/core/limits.ts'
import { judged, library, names, verdict, wanting } from './judging.ts'

const ten = names(10)
const text = (value: string) => ({ text: value })

/** A library of so many books of which so many go. */
async function deleting(gone: number, count: number, limits = {}) {
  const books = names(count)
  return judged(library(books), wanting(books.slice(gone)), { limits })
}

describe('a share of what is owned', () => {
  test('exactly 30 % of ten may go, one more is refused with the numbers and the option to copy', async () => {
    expect(verdict([await deleting(3, 10)]).refused).toEqual([])
    const { refused, refusals } = verdict([await deleting(4, 10)])
    expect(refused).toEqual(['share:book'])
    expect(refusals[0]?.message).toBe(
      'the plan would delete 4 of the 10 book objects that are owned (40 %); the limit is 30 % (the default)',
    )
    expect(refusals[0]?.help).toContain('--allow share:book')
  })

  test('the limit is exact with many: 300 of 1,000 pass, 301 do not', async () => {
    expect(verdict([await deleting(300, 1000)]).refused).toEqual([])
    const { refused, refusals } = verdict([await deleting(301, 1000)])
    expect(refused).toEqual(['share:book'])
    expect(refusals[0]?.message).toContain('(30.1 %)')
  })

  test('fewer than ten objects are not weighed, also not where nearly all of them go', async () => {
    // With their shelf, which is there as well, nine objects.
    expect(verdict([await deleting(7, 8)]).refused).toEqual([])
  })

  test('rewriting counts like deleting, and both are added', async () => {
    const rewritten = await judged(library(ten), wanting(ten, text('new')))
    expect(verdict([rewritten]).refusals[0]?.message).toContain('rewrite 10 of the 10 book objects')
    const mixed = environmentWith(2, 2)
    expect(verdict([await judged(library(ten), mixed)]).refusals[0]?.message).toContain(
      'delete 2 and rewrite 2 of the 10',
    )
  })

  test('creating and changing the layout never count', async () => {
    const more = await judged(library(ten), wanting([...ten, ...names(50, 'new')]))
    expect(more.plan.changes).toHaveLength(50)
    expect(verdict([more]).refused).toEqual([])
    const layout = await judged(library(ten), wanting(ten, text(' old ')))
    expect(layout.plan.changes).toMatchObject(ten.map(() => ({ action: 'update', meaning: false })))
    expect(verdict([layout]).refused).toEqual([])
  })

  test('what is created does not dilute the share: it is of what is there', async () => {
    const moved = await judged(library(ten), wanting([...ten.slice(4), ...names(90, 'new')]))
    expect(verdict([moved]).refused).toEqual(['share:book'])
  })

  test('naming it releases it, and another name does not', async () => {
    const much = [await deleting(5, 10)]
    expect(verdict(much, 'share:book')).toMatchObject({ refused: [], released: ['share:book'] })
    for (const other of ['share:shelf', 'share:all', 'share:*', 'share:bo*', '*', 'delete:share:book'])
      expect(verdict(much, other), other).toMatchObject({ refused: ['share:book'], released: [] })
  })

  test('nine of one kind and nine of another together are no way around it', async () => {
    const server = library(names(9))
    for (const name of names(8, 's')) server.objects.set(`shelves/${name}`, {})
    const environment = wanting(names(9).slice(4), text('old'), {
      owns: [
        { kind: 'shelf', name: '*' },
        ...wanting([]).owns, // the books of a
      ],
    })
    const { refused, refusals } = verdict(
      [await judged(server, environment)],
      ...names(8, 's').map((name) => `delete:shelf/${name}`),
    )
    expect(refused).toEqual(['share:all'])
    expect(refusals[0]?.message).toContain('delete 12 of the 18 objects')
  })

  test('what was objected to by kind is not objected to once more with all kinds', async () => {
    expect(verdict([await deleting(9, 10)]).refused).toEqual(['share:book'])
  })
})

describe('limits of a repository', () => {
  test('a limit of a kind goes before that of all, and the message says where it stands', async () => {
    const limits = { share: 50, kinds: { book: { share: 10 } } }
    expect(verdict([await deleting(1, 10, limits)]).refused).toEqual([])
    const { refused, refusals } = verdict([await deleting(2, 10, limits)])
    expect(refused).toEqual(['share:book'])
    expect(refusals[0]?.message).toContain('the limit is 10 % (limits.kinds.book.share in vaultwright.yaml)')
  })

  test('the limit of all, and from how many objects it is weighed, can be set', async () => {
    expect(verdict([await deleting(2, 4, { from: 4, share: 49 })]).refused).toEqual(['share:book'])
    expect(verdict([await deleting(2, 4, { from: 4, share: 50 })]).refused).toEqual([])
    expect(verdict([await deleting(9, 10, { from: 12 })]).refused).toEqual([])
    expect(verdict([await deleting(1, 10, { share: 0 })]).refused).toEqual(['share:book'])
  })

  test('a kind with a limit of its own counts no more with all kinds', async () => {
    expect(verdict([await deleting(9, 10, { kinds: { book: { share: 100 } } })]).refused).toEqual([])
  })

  test('a plan says which raised limit it makes use of, and whether the default would have refused it', async () => {
    const raised = await deleting(5, 10, { kinds: { book: { share: 80 } } })
    expect(raised.notices).toEqual([
      'vaultwright.yaml lets a plan delete or rewrite 80 % of book objects, from 10 objects up; the default is 30 %, from 10; by default this plan would be refused (50 % of 10).',
    ])
    expect((await deleting(1, 10, { from: 99 })).notices).toEqual([
      'vaultwright.yaml lets a plan delete or rewrite 30 % of book objects, from 99 objects up; the default is 30 %, from 10.',
    ])
    expect((await deleting(0, 10, { share: 80 })).notices).toEqual([])
    expect((await deleting(1, 10, { share: 20 })).notices).toEqual([])
  })
})

test('limits of their own, which take kinds out of what is weighed together, are no quiet way around it', async () => {
  const server = library(names(9))
  for (const name of names(8, 's')) server.objects.set(`shelves/${name}`, {})
  const environment = wanting(names(9).slice(4), text('old'), {
    owns: [{ kind: 'shelf', name: '*' }, ...wanting([]).owns],
  })
  const said = async (limits: Limits) =>
    (await judged(server, environment, { limits })).notices.filter((notice) => notice.includes('vaultwright.yaml'))
  expect(await said({})).toEqual([])
  expect(await said({ kinds: { book: {}, shelf: { share: 30 } } })).toEqual([
    'vaultwright.yaml has limits of their own for shelf and book objects; by default all kinds are weighed together, and this plan would be refused (66.7 % of 18).',
  ])
})

describe('environments on one server', () => {
  test('a mass deletion that is spread over them is refused as one', async () => {
    const one = await judged(library(names(6)), wanting(names(6).slice(4), text('old'), { name: 'one' }))
    const two = await judged(
      library(names(6), text('old'), 'z'),
      wanting(names(6).slice(4), text('old'), { name: 'two', shelf: 'z' }),
    )
    expect(verdict([one]).refused).toEqual([])
    expect(verdict([two]).refused).toEqual([])
    const { refused, refusals } = verdict([one, two])
    expect(refused).toEqual(['share:book'])
    expect(refusals[0]?.message).toContain(
      'together with two on the same server, the plan would delete 8 of the 12 book',
    )
    expect(verdict([one, two], 'share:book').refused).toEqual([])
  })

  test('one that is too much alone is not outweighed by another', async () => {
    const small = await judged(library(ten), wanting(ten.slice(5), text('old'), { name: 'small' }))
    const large = await judged(library(names(1000)), wanting(names(1000), text('old'), { name: 'large' }))
    expect(verdict([small, large]).refusals).toMatchObject([{ allow: 'share:book', environment: 'small' }])
  })

  test('what both describe counts once', async () => {
    const server = library(ten)
    const first = await judged(server, wanting(ten, text('old')))
    const elsewhere = new Set(first.input.environment.desired.map(({ address }) => address))
    const second = await judged(server, wanting([...ten], text('old'), { name: 'second' }), { elsewhere })
    expect(verdict([first, second]).refused).toEqual([])
    expect(second.plan.changes).toEqual([])
  })
})

/** Ten books of which some go, some get another text, and the others stay. */
function environmentWith(gone: number, rewritten: number) {
  const kept = wanting(ten.slice(gone))
  const desired = kept.desired.map((object, index) =>
    object.kind === 'book' && index <= rewritten ? { ...object, spec: text('new') } : object,
  )
  return { ...kept, desired }
}
