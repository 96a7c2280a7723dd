import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ciRules } from '../../../src/gitlab/check/index.ts'
import { ciRulesPage, updateCiRules, writtenCiRules } from '../../support/gitlab-check-page.ts'

if (process.env['UPDATE_GOLDEN'] === '1') updateCiRules()

test('docs/gitlab-check.md has every rule as the table has it', () => {
  expect(writtenCiRules()).toBe(ciRulesPage())
})

test('no ID stands twice, and none is left out', () => {
  expect(ciRules.map(({ id }) => id)).toEqual(ciRules.map((_, index) => `GLC${String(index + 1).padStart(2, '0')}`))
})

test('every rule says what it finds and why, and its examples are YAML', () => {
  for (const { id, title, why, example } of ciRules) {
    expect([id, title]).toEqual([id, expect.stringMatching(/[^.]$/)])
    expect([id, why]).toEqual([id, expect.stringMatching(/\.$/)])
    for (const text of [example.bad, example.good])
      expect([id, parseAllDocuments(text).flatMap(({ errors }) => errors)]).toEqual([id, []])
  }
})
