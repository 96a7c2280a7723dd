import { expect, test } from 'vitest'
import { rules } from '../../src/lint/index.ts'
import { titles } from '../../src/lint/titles.ts'
import { rulesPage, updateRules, writtenRules } from '../support/lint-page.ts'

if (process.env['UPDATE_GOLDEN'] === '1') updateRules()

test('docs/lint.md has every rule as the table has it', () => {
  expect(writtenRules()).toBe(rulesPage())
})

test('the table is sorted by ID, and no ID stands twice', () => {
  const ids = rules.map(({ id }) => id)
  expect(ids).toEqual([...new Set(ids)].sort())
})

test('settings know every rule, by its ID and its title, in the order of the table', () => {
  expect(Object.entries(titles)).toEqual(rules.map(({ id, title }) => [id, title]))
})

test('every rule says what it finds, why, and shows the right way', () => {
  for (const { id, title, why, example } of rules) {
    expect([id, id]).toEqual([id, expect.stringMatching(/^(GLV|VWP)\d\d$/)])
    expect([id, title]).toEqual([id, expect.stringMatching(/[^.]$/)])
    expect([id, why]).toEqual([id, expect.stringMatching(/\.$/)])
    expect([id, example]).toEqual([id, { bad: expect.any(String), good: expect.any(String) }])
  }
})
