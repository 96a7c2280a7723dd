import fc from 'fast-check'
import { parse } from 'lossless-json'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { JsonNumber, parseWritten } from '../../../src/access/login/json-number.ts'

vi.mock('lossless-json', { spy: true })
beforeEach(() => {
  vi.clearAllMocks()
})

describe('numbers are looked for outside of texts only', () => {
  test.each([
    '"2.6.1"',
    '{"server":"openbao@2.6.1","cidr":"10.0.0.0/8","at":"2026-01-01T00:00:00+02:00"}',
    '{"1.0":"a \\" 1.0 \\\\","b":"\\u00311.0"}',
    '[1,-2.5,"",""]',
  ])('%s costs what JSON.parse costs', (json) => {
    expect(parseWritten(json)).toEqual(JSON.parse(json))
    expect(parse).not.toHaveBeenCalled()
  })

  test('whatever texts a value holds, it is read as it is', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '\\', '1', '.', '0', 'e', '-', '\n', 'ä') })
    fc.assert(
      fc.property(fc.array(fc.oneof(text, fc.integer())), fc.dictionary(text, text), (list, map) => {
        expect(parseWritten(JSON.stringify([list, map]))).toEqual([list, map])
      }),
    )
    expect(parse).not.toHaveBeenCalled()
  })

  test('one after a text keeps its own', () => {
    expect(parseWritten('{"a\\"":"2.6.1","b":1.0}')).toEqual({ 'a"': '2.6.1', b: new JsonNumber('1.0') })
  })

  test.each(['"1.0', '"1.0\\', '{"a":"}', '["1.0"1.0]'])('%s is no JSON', (json) => {
    expect(() => parseWritten(json)).toThrow(SyntaxError)
  })
})
