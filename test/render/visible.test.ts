import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { displayWidth, padEnd, visible, visibleJson, visibleLine } from '../../src/render/visible.ts'
import { hostile } from './plan/plans.ts'

describe('text is spelled so that every character shows', () => {
  test.each([
    ['a terminal escape', '\x1b[31m', '\\x1b[31m'],
    ['an 8-bit control', '\u009b', '\\x9b'],
    ['line break, carriage return and tab', '\n\r\t', '\\n\\r\\t'],
    ['a bidi override', '\u202e', '\\u202e'],
    ['a zero-width space', '\u200b', '\\u200b'],
    ['a line separator', '\u2028', '\\u2028'],
    ['a no-break space', '\u00a0', '\\xa0'],
    ['half of a surrogate pair', '\ud800', '\\ud800'],
    ['a tag character beyond 16 bits', '\u{e0041}', '\\u{e0041}'],
    ['a filler that fonts ignore', '\u3164', '\\u3164'],
  ])('%s', (_name, text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  test('letters of any script and ordinary spaces stay what they are', () => {
    expect(visible('Grüße an 漢字 🙂')).toBe('Grüße an 漢字 🙂')
  })

  test('in a line of a policy a tab is layout', () => {
    expect(visibleLine('\tpath\u202e')).toBe('\tpath\\u202e')
  })
})

test('JSON says the same after its hidden characters are spelled out', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const shown = visibleJson(JSON.stringify({ text }))
      expect(JSON.parse(shown)).toEqual({ text })
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
    }),
  )
})

describe('columns of a terminal', () => {
  test.each([
    ['ascii', 5],
    ['漢字', 4],
    ['🙂', 2],
    ['e\u0301', 1],
  ])('%s takes %i', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  test('padding counts columns, not characters', () => {
    expect(padEnd('漢', 4)).toBe('漢  ')
    expect(padEnd('long', 2)).toBe('long')
  })
})
