import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffList, diffText } from '../../src/render/difference.ts'

const numbered = (from: number, to: number, prefix = 'line') =>
  Array.from({ length: to - from + 1 }, (_, i) => `${prefix} ${from + i}`)
const signs = (before: string, after: string) => diffText(before, after).map(({ sign, text }) => sign + text)

describe('texts', () => {
  test('three lines stand around a difference, the rest is left out', () => {
    const before = `${numbered(1, 20).join('\n')}\n`
    const after = before.replace('line 10\n', 'line ten\n')
    expect(signs(before, after)).toEqual([
      '@@@ -7,7 +7,7 @@',
      ' line 7',
      ' line 8',
      ' line 9',
      '-line 10',
      '+line ten',
      ' line 11',
      ' line 12',
      ' line 13',
    ])
  })

  test('a lost line break at the end is a difference, and said', () => {
    expect(signs('a\nb\n', 'a\nb')).toEqual(['@@@ -1,2 +1,2 @@', ' a', '-b', '+b', '\\ No newline at end of file'])
  })

  test('what was not there before is added line by line, without a heading', () => {
    expect(signs('', 'a\n\nb\n')).toEqual(['+a', '+', '+b'])
    expect(signs('a\n', '')).toEqual(['-a'])
  })

  test('texts with nothing in common are shown one after the other', () => {
    const lines = signs(numbered(1, 3000, 'old').join('\n'), numbered(1, 3000, 'new').join('\n'))
    expect(lines).toHaveLength(6000)
    expect(lines.slice(0, 3000).every((line) => line.startsWith('-old'))).toBe(true)
    expect(lines.slice(3000).every((line) => line.startsWith('+new'))).toBe(true)
  })
})

describe('lists', () => {
  test('what went and what came, in order', () => {
    expect(diffList(['a', 'b', 'c'], ['b', 'c', 'd'])).toEqual({
      elements: [
        { sign: '-', value: 'a' },
        { sign: '+', value: 'd' },
      ],
      unchanged: 2,
    })
  })

  test('"1" and 1 are different elements', () => {
    expect(diffList(['1'], [1]).elements).toEqual([
      { sign: '-', value: '1' },
      { sign: '+', value: 1 },
    ])
  })

  test('an element that moved in an ordered list shows on both sides', () => {
    const { elements, unchanged } = diffList(['a', 'b'], ['b', 'a'])
    expect(elements.map(({ sign }) => sign).sort()).toEqual(['+', '-'])
    expect(unchanged).toBe(1)
  })

  test('the changed and the unchanged elements add up to both lists', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c', 1, true))
    fc.assert(
      fc.property(list, list, (before, after) => {
        const { elements, unchanged } = diffList(before, after)
        const count = (sign: string) => elements.filter((element) => element.sign === sign).length
        expect(count('-') + unchanged).toBe(before.length)
        expect(count('+') + unchanged).toBe(after.length)
      }),
    )
  })
})
