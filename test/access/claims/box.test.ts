import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  allTokens,
  type Box,
  contains,
  intersectBoxes,
  isInside,
  narrow,
  someToken,
  subtractBox,
} from '../../../src/access/claims/box.ts'
import type { ClaimWord, ClaimWords } from '../../../src/core/access-effect.ts'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { cases, seed } from '../../support/generated.ts'

/** Texts long enough to tell all globs below apart. */
const texts = ['', 'a', 'b', 'c', 'ab', 'ba', 'ac', 'cb']
const named = texts.filter((text) => text !== '')
const listsOf = (values: readonly JsonValue[]) => values.flatMap((a) => [[a], ...values.map((b) => [a, b])])

/** Every value that a claim can have, as far as the words below can tell. */
const universe: Readonly<Record<string, readonly (JsonValue | undefined)[]>> = {
  ref_protected: ['true', 'false'],
  environment: [undefined, ...named],
  project_id: named,
  runner_id: [0, 1, 2, 3, 4],
  groups_direct: [undefined, ...named, [], ...listsOf(named)],
  custom: [
    undefined,
    ...texts,
    true,
    false,
    1,
    2,
    3,
    [],
    [{}],
    ...listsOf([...texts, true, false]),
    ...listsOf(texts).map((list) => [...list, {}]),
  ],
}

const text = fc.constantFrom<ClaimWord>('a', 'b', 'ab', { glob: 'a*' }, { glob: '*b' }, { glob: '*a*' }, { glob: '*' })
const other = fc.constantFrom<ClaimWord>(
  true,
  1,
  2,
  { form: 'absent' },
  { form: 'text' },
  { form: 'string' },
  { form: 'strings' },
)
const words = (word: fc.Arbitrary<ClaimWord>): fc.Arbitrary<ClaimWords> =>
  fc.record({
    allOf: fc.array(fc.array(word, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
    noneOf: fc.array(word, { maxLength: 2 }),
  })
const anyWord = fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: other })
const claim = fc.constantFrom(...Object.keys(universe))
const demands = fc.array(fc.tuple(claim, words(anyWord)), { minLength: 1, maxLength: 2 })

function boxOf(list: readonly (readonly [string, ClaimWords])[]): Box | undefined {
  let box: Box | undefined = allTokens
  for (const [name, said] of list) box = box && narrow(box, name, said)
  return box
}

/** All tokens that differ in the claims that any of the boxes speaks of. */
function tokens(...lists: readonly (readonly (readonly [string, unknown])[])[]): JsonObject[] {
  const names = [...new Set(lists.flat().map(([name]) => name))]
  let all: Record<string, JsonValue>[] = [{}]
  for (const name of names) {
    const values = universe[name] ?? []
    const some = names.length > 1 && values.length > 20 ? values.filter((_, i) => i < 12 || i % 6 === 0) : values
    all = all.flatMap((token) => some.map((value) => (value === undefined ? token : { ...token, [name]: value })))
  }
  return all
}

/** Read word by word from the rules of bound claims, by nobody's algebra. */
function admits(list: readonly (readonly [string, ClaimWords])[], token: JsonObject): boolean {
  return list.every(([name, { allOf, noneOf }]) => {
    const value = token[name]
    return (
      allOf.every((or) => or.some((word) => fitsWord(word, value))) && !noneOf.some((word) => fitsWord(word, value))
    )
  })
}

function fitsWord(word: ClaimWord, value: JsonValue | undefined): boolean {
  if (typeof word === 'object' && 'form' in word) {
    const list = Array.isArray(value) && value.every((element) => typeof element === 'string')
    return {
      absent: value === undefined,
      text: typeof value === 'string' && value !== '',
      string: typeof value === 'string',
      strings: typeof value === 'string' || list,
    }[word.form]
  }
  const elements: readonly JsonValue[] = Array.isArray(value)
    ? value.filter((element) => typeof element !== 'number')
    : value === undefined
      ? []
      : [value]
  if (typeof word !== 'object') return elements.some((element) => element === word)
  const expression = new RegExp(`^${word.glob.replaceAll('*', '.*')}$`)
  return elements.some((element) => typeof element === 'string' && expression.test(element))
}

const options = { numRuns: cases(200), seed: seed() }

describe('sets of claims', () => {
  test('hold exactly the tokens that their words hold for, and are empty only where there are none', () => {
    fc.assert(
      fc.property(demands, (list) => {
        const box = boxOf(list)
        const admitted = tokens(list).filter((token) => admits(list, token))
        if (box === undefined) {
          expect(admitted).toEqual([])
          return
        }
        for (const token of tokens(list)) expect(contains(box, token)).toBe(admits(list, token))
        expect(contains(box, someToken(box))).toBe(true)
        expect(admits(list, someToken(box))).toBe(true)
      }),
      options,
    )
  })

  test('have in common what both hold', () => {
    fc.assert(
      fc.property(demands, demands, (a, b) => {
        const [left, right] = [boxOf(a), boxOf(b)]
        if (left === undefined || right === undefined) return
        const both = intersectBoxes(left, right)
        for (const token of tokens(a, b)) {
          expect(both !== undefined && contains(both, token)).toBe(admits(a, token) && admits(b, token))
        }
      }),
      options,
    )
  })

  test('without one another are parts that share no token', () => {
    fc.assert(
      fc.property(demands, demands, (a, b) => {
        const [left, right] = [boxOf(a), boxOf(b)]
        if (left === undefined || right === undefined) return
        const parts = subtractBox(left, right)
        for (const part of parts) expect(contains(part, someToken(part))).toBe(true)
        for (const token of tokens(a, b)) {
          const holding = parts.filter((part) => contains(part, token)).length
          expect(holding).toBe(admits(a, token) && !admits(b, token) ? 1 : 0)
        }
      }),
      options,
    )
  })

  test('what is not true of a protected ref is false', () => {
    const box = boxOf([['ref_protected', { allOf: [], noneOf: ['true'] }]]) as Box
    expect([...box]).toEqual([['ref_protected', { allOf: [['false']], noneOf: [] }]])
  })

  test('a list satisfies two demands with two elements, a text cannot', () => {
    const both: ClaimWords = { allOf: [['a'], ['b']], noneOf: [] }
    expect(boxOf([['environment', both]])).toBeUndefined()
    expect(someToken(boxOf([['groups_direct', both]]) as Box)['groups_direct']).toEqual(['a', 'b'])
  })

  test('a number never is the text of an ID', () => {
    expect(boxOf([['project_id', { allOf: [[42]], noneOf: [] }]])).toBeUndefined()
  })

  test('globs that can only meet at one text are found to meet there', () => {
    const said: ClaimWords = { allOf: [[{ glob: 'ab*' }], [{ glob: '*ba' }]], noneOf: [{ glob: '*b*b*' }] }
    expect(someToken(boxOf([['environment', said]]) as Box)['environment']).toBe('aba')
  })

  test('globs that never meet leave nobody', () => {
    expect(boxOf([['environment', { allOf: [[{ glob: 'a*' }], [{ glob: 'b*' }]], noneOf: [] }]])).toBeUndefined()
  })

  test('fewer values are inside more', () => {
    const one = boxOf([['project_id', { allOf: [['1']], noneOf: [] }]]) as Box
    const two = boxOf([['project_id', { allOf: [['1', '2']], noneOf: [] }]]) as Box
    expect([isInside(one, two), isInside(two, one)]).toEqual([true, false])
  })
})
