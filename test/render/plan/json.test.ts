import fc from 'fast-check'
import { expect, test } from 'vitest'
import { json } from '../../../src/render/plan/json.ts'
import { created, deleted, environmentOf, hostilePlan, planOf, updated } from './plans.ts'

const options = { color: false, question: 'plan' } as const
// biome-ignore lint/suspicious/noExplicitAny: a test reads the document as its readers do
const report = (...environments: Parameters<typeof planOf>): any =>
  JSON.parse(json.plan(planOf(...environments), options))

test('the report holds what the plan holds, and nothing in it steers a terminal', () => {
  fc.assert(
    fc.property(hostilePlan, (plan) => {
      const rendered = json.plan(plan, options)
      expect(rendered.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      const { environments } = JSON.parse(rendered)
      for (const [i, environment] of plan.environments.entries()) {
        expect(environments[i].notices).toEqual(environment.notices)
        expect(environments[i].changes.map(({ address }: { address: string }) => address)).toEqual(
          environment.changes.map(({ address }) => address),
        )
      }
    }),
  )
})

test('keys come in one order, whatever the order in the plan', () => {
  const first = json.plan(planOf(environmentOf([created({ a: 1, b: { c: 2, d: 3 } })])), options)
  const second = json.plan(planOf(environmentOf([created({ b: { d: 3, c: 2 }, a: 1 })])), options)
  expect(second).toBe(first)
  expect(Object.keys(JSON.parse(first))).toEqual(['format', 'question', 'environments', 'summary'])
})

test('durations stay numbers: the report is for programs', () => {
  expect(report(environmentOf([created({ token_ttl: 300 })])).environments[0].changes[0].fields).toEqual([
    { field: 'token_ttl', after: 300 },
  ])
})

test('each action has the sides that it has, and only updates have a meaning', () => {
  const { changes } = report(environmentOf([created({ a: 1 }), updated([], false), deleted({ a: 1 })])).environments[0]
  const keys = (change: object) => ['source', 'meaning', 'before', 'after'].filter((key) => key in change)
  expect(changes.map(keys)).toEqual([['source', 'after'], ['source', 'meaning', 'before', 'after'], ['before']])
})

test('counts are given for each environment and for all', () => {
  const { environments, summary } = report(environmentOf([created({})]), environmentOf([created({}), deleted({})]))
  expect(environments.map((environment: { summary: object }) => environment.summary)).toEqual([
    { create: 1, update: 0, delete: 0 },
    { create: 1, update: 0, delete: 1 },
  ])
  expect(summary).toEqual({ create: 2, update: 0, delete: 1 })
})
