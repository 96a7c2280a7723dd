import { expect, test } from 'vitest'
import { diffFields, formatField } from '../../src/core/change.ts'

test('maps are entered, also where one side has none; lists are leaves', () => {
  const before = { same: 1, map: { a: 1, b: 2 }, gone: { x: 'y' }, list: [1] }
  const after = { same: 1, map: { a: 1, b: 3 }, come: { deep: { er: true } }, list: [1, 2] }
  expect(diffFields(before, after)).toEqual([
    { field: ['come', 'deep', 'er'], after: true },
    { field: ['gone', 'x'], before: 'y' },
    { field: ['list'], before: [1], after: [1, 2] },
    { field: ['map', 'b'], before: 2, after: 3 },
  ])
})

test('a map that becomes something else is one change', () => {
  expect(diffFields({ a: { b: 1 } }, { a: 'text' })).toEqual([{ field: ['a'], before: { b: 1 }, after: 'text' }])
})

test('a key that is more than a word is quoted', () => {
  expect(formatField(['bound_claims', '/job_config/sha'])).toBe('bound_claims./job_config/sha')
  expect(formatField(['bound_claims', 'https://x.y z'])).toBe('bound_claims."https://x.y z"')
})

test('a key that every object has from its prototype is a key like any other', () => {
  expect(diffFields({ constructor: 'x' }, { toString: 'y' })).toEqual([
    { field: ['constructor'], before: 'x' },
    { field: ['toString'], after: 'y' },
  ])
})
