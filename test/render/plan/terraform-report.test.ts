import { expect, test } from 'vitest'
import { terraformReport } from '../../../src/render/plan/terraform-report.ts'
import { created, deleted, environmentOf, planOf, updated } from './plans.ts'

test('exactly three numbers, over all environments', () => {
  const plan = planOf(
    environmentOf([created({}), created({}), updated([])]),
    environmentOf([created({}), deleted({})], { environment: 'staging' }),
  )
  const report = JSON.parse(terraformReport.plan(plan, { color: false, question: 'plan' }))
  expect(report).toEqual({ create: 3, update: 1, delete: 1 })
})
