import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EnvironmentPlan } from '../../../src/core/plan.ts'
import { json } from '../../../src/render/plan/json.ts'
import { commentLimit, renderComment } from '../../../src/render/plan/markdown.ts'
import { planOfReport } from '../../../src/render/plan/read-report.ts'
import { created, deleted, environmentOf, hostile, hostilePlan, planOf, updated } from './plans.ts'

const options = { color: false, question: 'plan' } as const
const shown = (plan: Parameters<typeof renderComment>[0]) => renderComment(plan, options, commentLimit)

const verdict = fc.record({
  objections: fc.array(fc.record({ code: hostile, message: hostile, help: hostile, allow: hostile }), { maxLength: 2 }),
  allowed: fc.array(hostile, { maxLength: 2 }),
})

/** As a plan is: it says something of access where it changes something, and who did it in drift only. */
function asPlanned({ attribution: _, ...plan }: EnvironmentPlan): EnvironmentPlan {
  return plan.changes.length === 0 ? plan : { ...plan, access: { effects: [], beyond: [{ reason: plan.environment }] } }
}

describe('a report that is read back', () => {
  test('shows exactly what its plan shows, whatever stands in it', () => {
    fc.assert(
      fc.property(hostilePlan, verdict, ({ environments }, more) => {
        const plan = planOf(...environments.map((one) => ({ ...asPlanned(one), ...more })))
        const read = planOfReport(JSON.parse(json.plan(plan, options)))
        if ('wrong' in read) throw new Error(read.wrong)
        expect(shown(read.plan)).toBe(shown(plan))
      }),
    )
  })

  test('keeps claims that look like something else to JavaScript', () => {
    const claims = JSON.parse('{ "__proto__": "a", "constructor": "b" }')
    const plan = planOf(environmentOf([created({ bound_claims: claims }), deleted({ bound_claims: claims })]))
    const read = planOfReport(JSON.parse(json.plan(plan, options)))
    expect('plan' in read && shown(read.plan)).toContain('__proto__')
  })
})

describe('what is no report of a plan', () => {
  const report = () =>
    JSON.parse(json.plan(planOf(environmentOf([updated([{ field: ['a.b', ''], after: 1 }])])), options))

  test.each([
    ['format', (value: ReturnType<typeof report>) => ({ ...value, format: 'vaultwright-plan/1' })],
    ['question', (value: ReturnType<typeof report>) => ({ ...value, question: 'drift' })],
    ['environments', (value: ReturnType<typeof report>) => ({ ...value, environments: {} })],
    [
      'environments.0.changes.0.action',
      (value: ReturnType<typeof report>) => {
        value.environments[0].changes[0].action = 'destroy'
        return value
      },
    ],
    [
      'environments.0.changes.0.fields.0.field',
      (value: ReturnType<typeof report>) => {
        value.environments[0].changes[0].fields[0].field = ['a']
        return value
      },
    ],
    ['', () => undefined],
  ])('is told by its %s', (wrong, change) => {
    expect(planOfReport(report())).toHaveProperty('plan')
    expect(planOfReport(change(report()))).toEqual({ wrong })
  })
})
