import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../../src/core/outcome.ts'
import { addressOf } from '../../../src/core/resource.ts'
import { outcomeLine, outcomeSummary, outcomesJson } from '../../../src/render/plan/outcome.ts'

const plain = { color: false }
const of = (name: string, environment = 'production') => ({ address: addressOf('policy', name), environment })
const refused = 'PUT sys/policies/acl/b: 403 permission denied'

const done: Outcome = { ...of('a'), action: 'create', status: 'done', warnings: [] }
const failed: Outcome = { ...of('b'), action: 'update', status: 'failed', reason: refused }
const skipped: Outcome = { ...of('c'), action: 'update', status: 'skipped', reason: 'policy/b failed' }
const already: Outcome = { ...of('d'), action: 'create', status: 'already' }

describe('a line as it comes in', () => {
  test.each<[string, Outcome, string]>([
    ['created', done, '  + policy/a created'],
    ['updated', { ...done, action: 'update' }, '  ~ policy/a updated'],
    ['deleted', { ...done, action: 'delete' }, '  - policy/a deleted'],
    ['failed, with the reason', failed, `  ✗ policy/b failed: ${refused}`],
    ['skipped, with the reason', skipped, '  … policy/c skipped: policy/b failed'],
    ['nothing to do any more', already, '  = policy/d was already so'],
    ['nothing to delete any more', { ...already, action: 'delete' }, '  = policy/d was already gone'],
    [
      "the server's warnings",
      { ...done, warnings: ['be\x1bware'] },
      '  + policy/a created\n      warning: be\\x1bware',
    ],
  ])('%s', (_name, outcome, line) => {
    expect(outcomeLine(outcome, plain)).toBe(line)
  })

  test('names the environment where there are several', () => {
    expect(outcomeLine(done, { color: false, environments: true })).toBe('  + policy/a in production created')
  })
})

describe('the summary', () => {
  test('counts what was done, and names what failed', () => {
    expect(outcomeSummary([done, done, failed, skipped, already])).toBe(
      `Applied: 2 created, 0 updated, 0 deleted; 1 failed, 1 skipped, 1 already so.\n\nFailed:\n  policy/b: ${refused}\n`,
    )
  })

  test('says no more than that when all went well', () => {
    expect(outcomeSummary([done])).toBe('Applied: 1 created, 0 updated, 0 deleted.\n')
  })

  test('says in which environment something failed when there are several', () => {
    expect(outcomeSummary([failed, { ...done, ...of('a', 'staging') }])).toContain('  policy/b in production: PUT')
  })
})

test('for programs, each outcome with what belongs to its status', () => {
  expect(JSON.parse(outcomesJson([done, failed, already]))).toEqual({
    format: 'vaultwright-outcome/1',
    summary: { done: 1, already: 1, failed: 1, skipped: 0 },
    outcomes: [
      { environment: 'production', address: 'policy/a', action: 'create', status: 'done', warnings: [] },
      { environment: 'production', address: 'policy/b', action: 'update', status: 'failed', reason: refused },
      { environment: 'production', address: 'policy/d', action: 'create', status: 'already' },
    ],
  })
})
