import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noteMarker, noteTarget, sameTarget } from '../../src/gitlab/note.ts'
import { hostile } from '../render/plan/plans.ts'

test('a marker is one HTML comment on one line, whatever the names, and says them again', () => {
  const names = fc.record({ environment: hostile, name: fc.option(hostile, { nil: undefined }) })
  fc.assert(
    fc.property(names, (target) => {
      const marker = noteMarker(target)
      expect(marker).toMatch(/^<!-- vaultwright:[\x20-\x7e]* -->$/)
      expect(marker.slice(4, -3)).not.toMatch(/--|[<>]/)
      expect(noteTarget(`${marker}\n\nBody`)).toEqual(target)
    }),
  )
})

test('only the first line of a note counts', () => {
  const marker = noteMarker({ environment: 'production' })
  expect(noteTarget(`Look:\n${marker}`)).toBeUndefined()
  expect(noteTarget(`> ${marker}`)).toBeUndefined()
  expect(noteTarget(`${marker}\r\nBody`)).toEqual({ environment: 'production' })
})

test.each([
  '',
  '<!-- vaultwright:{} -->',
  '<!-- vaultwright:{"environment":1} -->',
  '<!-- vaultwright:{oops} -->',
  '<!-- other:{"environment":"production"} -->',
])('%j is nobody’s marker', (body) => {
  expect(noteTarget(body)).toBeUndefined()
})

test('environments and names tell notes apart', () => {
  const production = { environment: 'production' }
  expect(sameTarget(production, { ...production })).toBe(true)
  expect(sameTarget(production, { environment: 'staging' })).toBe(false)
  expect(sameTarget(production, { ...production, name: 'payments' })).toBe(false)
})
