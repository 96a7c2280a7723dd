import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digest } from '../../src/core/digest.ts'
import { deepEqual, type JsonValue, stableStringify } from '../../src/core/json.ts'

test('the order of keys makes no difference, the order of a list does', () => {
  expect(digest({ a: 1, b: { c: 2, d: 3 } })).toBe(digest({ b: { d: 3, c: 2 }, a: 1 }))
  expect(digest([1, 2])).not.toBe(digest([2, 1]))
})

test('types are kept apart', () => {
  const values: JsonValue[] = ['1', 1, true, 'true', null, 'null', [], {}, '', [1], ['1']]
  expect(new Set(values.map(digest)).size).toBe(values.length)
})

test('equal values have equal text, different ones different', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [left, right] = [a, b] as [JsonValue, JsonValue]
      expect(JSON.parse(stableStringify(left))).toEqual(JSON.parse(JSON.stringify(left)))
      expect(deepEqual(left, right)).toBe(stableStringify(left) === stableStringify(right))
    }),
  )
})
