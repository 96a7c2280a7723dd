import { expect, test } from 'vitest'
import { byBytes, goLower, goTrim, quote, show } from '../../../src/access/login/go-text.ts'
import { JsonNumber } from '../../../src/access/login/json-number.ts'

// What Go 1.26 prints for these, by its documentation of fmt, strconv and strings.
test('a float is shown as fmt does: six digits before an exponent, four zeros after the point', () => {
  const shown = [0, -0, 42, 1.5, 999999, 1e6, 123456789, 0.0001, 0.00001, 1e21].map((value) => show(value))
  expect(shown).toEqual(['0', '-0', '42', '1.5', '999999', '1e+06', '1.23456789e+08', '0.0001', '1e-05', '1e+21'])
})

test('lists and maps are shown with spaces, maps sorted, and written numbers as they were written', () => {
  expect(show({ b: [1, null, true], a: new JsonNumber('1.0') })).toBe('map[a:1.0 b:[1 <nil> true]]')
})

test('a text is quoted with escapes for all that cannot be printed', () => {
  expect(quote('a"\\\n\u0001\u007fé\u200b😀\u{e0001}')).toBe('"a\\"\\\\\\n\\x01\\x7fé\\u200b😀\\U000e0001"')
})

test('letters become small one by one, and white space is what Unicode says', () => {
  expect([goLower('ΑΣ İ'), goTrim('\u0085 a\u00a0'), goTrim('\ufeffa')]).toEqual(['ασ i', 'a', '\ufeffa'])
})

test('texts are sorted by their bytes, which differs from JavaScript above the basic plane', () => {
  expect(['😀', '\uffee', 'b', 'a'].sort(byBytes)).toEqual(['a', 'b', '\uffee', '😀'])
})
