import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildAcl, rulesOf } from '../../../src/access/acl/acl.ts'
import { findAll } from '../../../src/access/acl/find.ts'
import { compareRules } from '../../../src/access/acl/order.ts'
import { cases, seed } from '../../support/generated.ts'
import { policy, rule } from './policies.ts'

const vault = { product: 'vault', version: '1.21.0' } as const

function rulesFor(...paths: readonly string[]) {
  return rulesOf(buildAcl([policy('p', ...paths.map((path) => rule(path, 'read')))], vault))
}

function preferred(...paths: readonly string[]): readonly string[] {
  return [...rulesFor(...paths)].sort(compareRules).map(({ from }) => from[0]?.rule.written as string)
}

describe('The server prefers', () => {
  test.each([
    ['the later first wildcard', 'a/b*', 'a/+/c'],
    ['the later first wildcard, a prefix of several segments', 'a/b/*', 'a/+/+/d'],
    ['what does not end in *', 'a/+', 'a/*'],
    ['what does not end in *, although it has more +', 'a/+/+', 'a/+/b*'],
    ['fewer +', 'a/+/b/c', 'a/+/+/c'],
    ['a prefix over + and a prefix, for its fewer +', 'a/*', 'a/+/*'],
    ['the longer', 'a/+/bb*', 'a/+/b*'],
    ['the longer in bytes', 'a/+/é*', 'a/+/e*'],
    ['the greater text', 'a/+/b/+', 'a/+/+/b'],
    ['the later + in bytes', 'é/+/a*', 'e/+/b*'],
  ])('%s', (_, winner, loser) => {
    expect(preferred(winner, loser)).toEqual([winner, loser])
    expect(preferred(loser, winner)).toEqual([winner, loser])
  })
})

test('Rules with wildcards have one order, whatever order they come in.', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', '+', 'é', 'a*'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'))
    .filter((text) => !text.includes('+*') && (text.includes('+') || text.endsWith('*')))
  fc.assert(
    fc.property(fc.uniqueArray(path, { minLength: 2, maxLength: 12 }), (paths) => {
      const rules = rulesFor(...paths)
      const sorted = [...rules].sort(compareRules)
      expect([...rules].reverse().sort(compareRules)).toEqual(sorted)
      for (const [index, one] of sorted.entries())
        for (const other of sorted.slice(index + 1)) expect(compareRules(one, other)).toBeLessThan(0)
    }),
    { seed: seed(), numRuns: cases(300) },
  )
})

describe('What did not count is told with the reason', () => {
  const acl = (...paths: readonly string[]) =>
    buildAcl([policy('p', ...paths.map((path) => rule(path, 'read')))], vault)
  const told = (path: string, listing: boolean, ...paths: readonly string[]) => {
    const { winner, beaten } = findAll(acl(...paths), path, listing)
    return [winner?.from[0]?.rule.written, ...beaten.map((one) => `${one.rule.from[0]?.rule.written}: ${one.because}`)]
  }

  test('for an exact rule, which nothing can beat', () => {
    expect(told('a/b', false, 'a/*', 'a/+', 'a/b', 'a/c')).toEqual([
      'a/b',
      'a/+: exact match first',
      'a/*: exact match first',
    ])
  })

  test('for every comparison of wildcards', () => {
    expect(told('a/x/b/x', false, 'a/+/b/+', '*', 'a/+/+/x', 'a/+/b/*', 'a/*', 'a/+/+/+')).toEqual([
      'a/+/b/+',
      'a/+/+/x: lexicographic',
      'a/+/+/+: fewer +',
      'a/*: no trailing *',
      'a/+/b/*: no trailing *',
      '*: first wildcard later',
    ])
    expect(told('a/x', false, 'a/*', 'a*', '*')).toEqual(['a/*', 'a*: longest prefix', '*: longest prefix'])
    expect(told('a/x/bb', false, 'a/+/b*', 'a/+/bb*')).toEqual(['a/+/bb*', 'a/+/b*: longer'])
  })

  test('for a list, whose path is also looked up without its slash', () => {
    const paths = ['a/+/*', 'a/+', 'a*']
    const vaultSays = ['a/+', 'a*: first wildcard later', 'a/+/*: without trailing slash first']
    expect(told('a/b/', true, ...paths)).toEqual(vaultSays)
  })
})
