import { describe, expect, test } from 'vitest'
import type { Change } from '../../src/core/change.ts'
import { policyLine } from '../../src/core/policy-line.ts'
import { newestServers } from '../../src/core/version.ts'
import { askedPaths, lacksOf, planDemands } from '../../src/engine/preflight.ts'
import { kinds } from '../../src/kinds/index.ts'
import { desiredBook, toyKinds } from '../support/toy-kinds.ts'

const server = newestServers.vault
const changes: readonly Change[] = [
  { action: 'create', address: desiredBook('a', 'new').address, after: desiredBook('a', 'new') },
  {
    action: 'update',
    address: desiredBook('a', 'old').address,
    before: desiredBook('a', 'old'),
    after: desiredBook('a', 'old'),
    fields: [],
    meaning: true,
  },
  { action: 'delete', address: desiredBook('a', 'gone').address, before: desiredBook('a', 'gone') },
]
const demands = planDemands(toyKinds, changes, server, [{ path: 'lock/*', capabilities: ['update'] }])

describe('what a plan takes', () => {
  test('is each change, its reading before and after, and what the run needs beside', () => {
    expect(demands.apply.map(({ path, capabilities }) => `${capabilities} ${path}`)).toEqual([
      'create shelves/a/books/new',
      'read shelves/a/books/new',
      'update shelves/a/books/old',
      'read shelves/a/books/old',
      'delete shelves/a/books/gone',
      'read shelves/a/books/gone',
      'update lock/*',
    ])
  })

  test('is turned round for the way back', () => {
    expect(demands.rollback.map(({ path, capabilities }) => `${capabilities} ${path}`)).toEqual([
      'delete shelves/a/books/new',
      'update shelves/a/books/old',
      'create shelves/a/books/gone',
    ])
  })

  test('is asked once a path, and for a list with its slash', () => {
    expect(askedPaths(demands.apply)).toEqual([
      'shelves/a/books/new',
      'shelves/a/books/old',
      'shelves/a/books/gone',
      'lock/*',
    ])
    expect(askedPaths([{ path: 'a', capabilities: ['list'] }])).toEqual(['a/'])
  })
})

describe('what a token lacks', () => {
  const answers = (given: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(given))
  const path = 'shelves/a/books/new'
  const some = demands.apply.slice(0, 2)

  test('is nothing where all is granted, and for root', () => {
    expect(lacksOf(some, answers({ [path]: ['create', 'read', 'update'] }))).toEqual([])
    expect(lacksOf(some, answers({ [path]: ['root'] }))).toEqual([])
  })

  test('is exactly what is missing; the rule to add keeps what is had, as it hides those for wider patterns', () => {
    expect(lacksOf(some, answers({ [path]: ['list', 'read'] }), demands.rollback)).toEqual([
      { path, missing: ['create'], granted: ['create', 'read', 'delete', 'list'], nothing: false },
    ])
  })

  test('is everything where the server says deny, or says nothing', () => {
    const all = [{ path, missing: ['create', 'read'], granted: ['create', 'read'], nothing: true }]
    expect(lacksOf(some, answers({ [path]: ['deny'] }))).toEqual(all)
    expect(lacksOf(some, answers({}))).toEqual(all)
  })
})

test('a line of a policy is as people write it', () => {
  expect(policyLine('sys/auth/a"b', ['update', 'sudo'])).toBe(
    'path "sys/auth/a\\"b" { capabilities = ["update", "sudo"] }',
  )
})

test('every kind says what each of its methods takes', () => {
  for (const { name, demands: own, remove, identify, parent } of kinds) {
    const object = parent === undefined ? identify('a') : identify('m', 'a')
    const all = [own.list([]), own.read(object), own.create(object, server), own.update(object, server)]
    expect(
      all.slice(1).every((some) => some.length > 0),
      name,
    ).toBe(true)
    expect(own.remove === undefined, name).toBe(remove === undefined)
  }
})
