import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { merge } from '../../src/config/merge.ts'
import { nearest, suggestKey } from '../../src/config/suggest.ts'
import { parseTemplate } from '../../src/config/template.ts'
import { matchesGlob } from '../../src/core/glob.ts'

const joined = (text: string) =>
  parseTemplate(text)
    .parts.map((part) => ('text' in part ? part.text : '?'))
    .join('')

describe('templates', () => {
  test('a text without ${ is itself', () => {
    fc.assert(fc.property(fc.string(), (text) => text.includes('${') || joined(text) === text))
  })

  test('an escaped text is itself again, whatever it holds', () => {
    const texts = fc.array(fc.constantFrom('$', '{', '}', '${', 'a', '\n', '${x}')).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, (text) => {
        const escaped = text.replaceAll('${', () => '$${')
        expect(parseTemplate(escaped).errors).toEqual([])
        expect(joined(escaped)).toBe(text)
      }),
    )
  })

  test('each reference knows its place', () => {
    expect(parseTemplate('a ${b-1} ${env:C}').parts).toEqual([
      { text: 'a ' },
      { variable: 'b-1', at: 2, length: 6 },
      { text: ' ' },
      { env: 'C', at: 9, length: 8 },
    ])
  })

  test('every mistake of a text is found', () => {
    expect(parseTemplate('${} ${a b} ${env:1} ${x').errors.map(({ at }) => at)).toEqual([0, 4, 11, 20])
  })

  test("Vault's own templates pass through", () => {
    expect(parseTemplate('{{identity.entity.id}} $ {x}').parts).toEqual([{ text: '{{identity.entity.id}} $ {x}' }])
  })
})

describe('globs', () => {
  test.each([
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['a*', 'a', true],
    ['*a', 'ba', true],
    ['a*a', 'a', false],
    ['a*b*c', 'a--b--c', true],
    ['a*b*c', 'acb', false],
    ['*b*', 'abc', true],
    ['a*/c', 'a/b/c', true],
    ['a.c', 'abc', false],
  ])('%s fits %j: %s', (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected)
  })

  test('agree with the regular expression that they stand for', () => {
    const short = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
    fc.assert(
      fc.property(short, name, (pattern, text) => {
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('merge', () => {
  test.each([
    [{ a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    [{ a: 1 }, { a: 2 }, { a: 2 }],
    [{ a: 1 }, { a: null }, {}],
    [{ a: { b: 1, c: 2 } }, { a: { b: null, d: 3 } }, { a: { c: 2, d: 3 } }],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
    [{ a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }],
    [{ a: { b: 1 } }, { a: 1 }, { a: 1 }],
    [{}, { a: { b: null, c: { d: null } } }, { a: { c: {} } }],
  ])('%j under %j is %j', (base, over, expected) => {
    expect(merge(base, over, () => {})).toEqual(expected)
  })
})

describe('suggestions', () => {
  test('the nearest name is meant, and nothing when none is near', () => {
    expect(nearest('tokn_ttl', ['token_ttl', 'token_max_ttl'])).toBe('token_ttl')
    expect(nearest('Reader', ['reader'])).toBe('reader')
    expect(nearest('colour', ['token_ttl'])).toBeUndefined()
    expect(nearest('ab', ['xy'])).toBeUndefined()
  })

  test('an old name leads to the new one only where that is valid', () => {
    expect(suggestKey('ttl', ['token_ttl'])).toContain('token_ttl')
    expect(suggestKey('ttl', ['address'])).toBe('Valid keys are: address.')
    expect(suggestKey('constructor', ['address'])).toBe('Valid keys are: address.')
  })
})
