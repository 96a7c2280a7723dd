import { expect, test } from 'vitest'
import { renderers } from '../../../src/render/plan/index.ts'
import { environmentOf, planOf } from './plans.ts'

test.each(Object.keys(renderers))('%s renders a plan and ends with one line break', async (format) => {
  const renderer = await renderers[format]?.()
  expect(renderer?.plan(planOf(environmentOf([])), { color: false, question: 'plan' })).toMatch(/[^\n]\n$/)
})

test('formats are listed in order', () => {
  expect(Object.keys(renderers)).toEqual(Object.keys(renderers).sort())
})
