import { expect, test } from 'vitest'
import { planJunit } from '../../../src/render/plan/junit.ts'
import { created, deleted, environmentOf, planOf, updated } from './plans.ts'

const plan = planOf(
  environmentOf([created({ a: 1 }, 'toy', 'new'), deleted({}, 'toy', 'old')], { unmanaged: ['toy/foreign'] }),
  environmentOf([], { environment: 'staging' }),
)

test('drift fails a case for each object, and one for each that no file describes', () => {
  const text = planJunit.plan(plan, { color: false, question: 'drift' })
  expect(text).toContain('<testsuite name="production" tests="3" failures="3"')
  expect(text).toContain('<testsuite name="staging" tests="1" failures="0"')
  expect(text).toMatch(
    /<testcase classname="production" name="toy\/new" file="new.yaml">\n\s*<failure message="missing/,
  )
  expect(text).toMatch(/name="toy\/old">\n\s*<failure message="added/)
  expect(text).toMatch(/name="toy\/foreign">\n\s*<failure message="no file describes it"/)
  expect(text).toContain('name="staging matches the files."')
})

test('what a plan would change is wanted, so its cases pass and say what they are', () => {
  const text = planJunit.plan(plan, { color: false, question: 'plan' })
  expect(text).toContain('tests="4" failures="0"')
  expect(text).toMatch(/name="toy\/new" file="new.yaml">\n\s*<system-out>/)
})

test('each case shows its own change', () => {
  const change = updated([{ field: ['token_ttl'], before: '5m', after: '77s' }])
  const text = planJunit.plan(planOf(environmentOf([change, created({}, 'toy', 'new')])), {
    color: false,
    question: 'drift',
  })
  expect(text.match(/token_ttl/g)).toHaveLength(1)
  expect(text).toMatch(/name="toy\/x"[\s\S]*token_ttl[\s\S]*name="toy\/new"/)
})
