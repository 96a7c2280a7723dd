import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planHtml } from '../../../src/render/plan/html.ts'
import { created, environmentOf, planOf, updated } from './plans.ts'

const options = { color: false, question: 'plan' } as const

test('shows every change with its fields, and what is left alone', () => {
  const change = updated([{ field: ['token_ttl'], before: '5m', after: '77s' }])
  const page = planHtml.plan(
    planOf(environmentOf([change, created({ policy: 'a\nb' }, 'toy', 'new')], { unmanaged: ['toy/foreign'] })),
    options,
  )
  expect(page).toMatch(/^<!doctype html>/)
  expect(page).toContain('<p>1 to create, 1 to update, 0 to delete; 1 object on the server is in no file.</p>')
  expect(page).toContain('update <code>toy/x</code>')
  expect(page).toMatch(
    /<span style="color:#c22">- token_ttl: .*5m.*<\/span>\n<span style="color:#2a7f3f">\+ token_ttl: .*77s/,
  )
  expect(page).toContain('+   b</span>')
  expect(page).toContain('<li><code>toy/foreign</code></li>')
})

test('says it where nothing would change', () => {
  expect(planHtml.plan(planOf(environmentOf([])), options)).toContain(
    '<p>No changes. production matches the files.</p>',
  )
  const rogue = planHtml.plan(planOf(environmentOf([], { unmanaged: ['toy/foreign'] })), options)
  expect(rogue).toContain('<p>No changes, but 1 object on the server is in no file.</p>')
})

test('no name, value or note becomes a tag', () => {
  const hostile = fc
    .array(fc.constantFrom('<script>', '</pre>', '"', "'", '&', '<!--', '\n', 'x', '</code>'))
    .map((all) => all.join(''))
  const known =
    /<\/?(?:!doctype|html|head|meta|title|style|body|h1|h2|p|strong|small|pre|span|details|summary|code|ul|li)\b[^<>]*>/g
  fc.assert(
    fc.property(hostile, (text) => {
      const plan = planOf(environmentOf([created({ a: text }, 'toy', text)], { environment: text, notices: [text] }))
      const rest = planHtml
        .plan(plan, options)
        .replace(/<style>[\s\S]*?<\/style>/, '')
        .replace(known, '')
      expect(rest).not.toMatch(/[<>]/)
    }),
  )
})
