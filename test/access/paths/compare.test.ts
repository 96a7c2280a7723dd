import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Acl, buildAcl, rulesOf } from '../../../src/access/acl/acl.ts'
import { decide } from '../../../src/access/acl/decide.ts'
import type { Operation } from '../../../src/access/acl/decision.ts'
import { comparePaths, type PathPiece } from '../../../src/access/paths/compare.ts'
import { grantsOf } from '../../../src/access/paths/grants.ts'
import { parsePolicy } from '../../../src/access/policy/parse.ts'
import type { ServerVersion } from '../../../src/core/version.ts'
import { policyText } from '../../support/access-models.ts'
import { cases, seed } from '../../support/generated.ts'

const servers: readonly ServerVersion[] = [
  { product: 'vault', version: '1.21.0' },
  { product: 'vault', version: '1.15.0' },
  { product: 'openbao', version: '2.6.1' },
  { product: 'openbao', version: '2.4.0' },
]

type Rules = Readonly<Record<string, string>>

function aclOf(rules: Rules, server: ServerVersion): Acl {
  const parsed = parsePolicy('p', policyText(rules), server)
  if ('refused' in parsed) throw new Error(parsed.refused.errors.join())
  return buildAcl([parsed.policy], server)
}

function compare(a: Rules, others: readonly Rules[], server: ServerVersion = servers[0] as ServerVersion) {
  const grants = (rules: Rules) => grantsOf(rulesOf(aclOf(rules, server)), server)
  return comparePaths(grants(a), others.map(grants))
}

function said(pieces: readonly PathPiece[]): string[] {
  return pieces.map(({ capability, path }) => `${capability} on ${path}`).sort()
}

const expected = (pattern: string): RegExp => {
  const plus = pattern === '+' || pattern.includes('/+') || pattern.startsWith('+/')
  const open = pattern.endsWith('*')
  const text = open ? pattern.slice(0, -1) : pattern
  const parts = text.split('/').map((part) => (plus && part === '+' ? '[^/]*' : part.replace(/[+*]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}${open ? '.*' : ''}$`)
}

/** What the words of a piece mean, read by somebody else than their writer. A list matches without its slash, too. */
function means(text: string, path: string, lists: boolean): boolean {
  const matches = (pattern: string) => {
    const expression = expected(pattern)
    return expression.test(path) || (lists && expression.test(path.replace(/\/$/, '')))
  }
  const [whole = '', except] = text.split(' except ')
  return matches(whole) && !(except?.split(', ').some(matches) ?? false)
}

function pathsUpTo(length: number): string[] {
  const paths = ['']
  for (let at = 0; at < paths.length; at++) {
    const path = paths[at] as string
    if (path.length < length) for (const letter of 'ab/') if (path + letter !== '/') paths.push(path + letter)
  }
  return paths
}

const small = pathsUpTo(6)
const operations: readonly Operation[] = ['read', 'update', 'list']

const part = fc.constantFrom('a', 'b', '+', 'ab', '')
const pattern = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '*', 'a*', 'b'))
  .map(([parts, end]) => parts.join('/') + (parts.at(-1) === '+' && end !== '' ? `/${end}` : end))
  .filter((text) => text !== '' && !text.startsWith('/') && !text.includes('+*'))
const rules: fc.Arbitrary<Rules> = fc.dictionary(
  pattern,
  fc.constantFrom('read', 'list', 'read list', 'update', 'read update list', 'deny', ''),
  { minKeys: 1, maxKeys: 4, noNullPrototype: true },
)

describe('comparing what policies grant', () => {
  test('over all paths, says exactly what the decision says path by path, on every product', () => {
    let exact = 0
    fc.assert(
      fc.property(rules, fc.array(rules, { maxLength: 2 }), fc.constantFrom(...servers), (a, others, server) => {
        const { gained } = compare(a, others, server)
        const [acl, rest] = [aclOf(a, server), others.map((other) => aclOf(other, server))]
        for (const operation of operations) {
          const pieces = gained.filter(({ capability }) => capability === operation)
          for (const piece of pieces) {
            expect(decide(acl, { operation, path: piece.witness }).allowed).toBe(true)
            expect(rest.some((other) => decide(other, { operation, path: piece.witness }).allowed)).toBe(false)
          }
          const vague = pieces.some(({ path }) => path.startsWith('part of '))
          for (const path of small) {
            if (operation === 'list' && !path.endsWith('/')) continue
            const really =
              decide(acl, { operation, path }).allowed &&
              !rest.some((other) => decide(other, { operation, path }).allowed)
            const claimed = pieces.some(({ path: text }) =>
              means(text.replace(/^part of /, ''), path, operation === 'list'),
            )
            if (vague ? really && !claimed : really !== claimed)
              throw new Error(
                `${operation} on ${path}: really ${really}, said ${JSON.stringify(pieces.map((p) => p.path))}`,
              )
            exact += vague ? 0 : 1
          }
        }
      }),
      { numRuns: cases(150), seed: seed() },
    )
    expect(exact).toBeGreaterThan(cases(150) * 500)
  })

  test('the same rules in another order, in more policies or under other words gain nothing', () => {
    const rewritten = compare({ 'ops/*': 'list read', 'ops/data/+': 'read' }, [
      { 'ops/data/+': 'read', 'ops/*': 'read list' },
    ])
    expect(rewritten).toEqual({ gained: [], altered: [] })
  })

  test('a rule that another one hides grants only what is left of it', () => {
    expect(said(compare({ 'ops/*': 'read', 'ops/data/*': 'deny' }, []).gained)).toEqual([
      'read on ops/* except ops/data/*',
    ])
  })

  test('taking a deny away is a gain', () => {
    const { gained } = compare({ 'ops/*': 'read' }, [{ 'ops/*': 'read', 'ops/data/*': 'deny' }])
    expect(said(gained)).toEqual(['read on ops/data/*'])
  })

  test('what two roles grant together is not gained by a third that grants both', () => {
    expect(compare({ 'a/*': 'read update' }, [{ 'a/*': 'read' }, { 'a/*': 'update' }]).gained).toEqual([])
  })

  test('a narrower rule with fewer capabilities loses some of the wider one', () => {
    const { gained } = compare({ 'a/*': 'read update' }, [{ 'a/*': 'read update', 'a/b': 'read' }])
    expect(said(gained)).toEqual(['update on a/b'])
  })

  test('on a path that needs sudo, nothing is granted without it', () => {
    expect(said(compare({ 'sys/auth/jwt': 'update' }, []).gained)).toEqual([])
    expect(said(compare({ 'sys/auth/jwt': 'update sudo' }, []).gained)).toEqual([
      'sudo on sys/auth/jwt',
      'update on sys/auth/jwt',
    ])
    expect(said(compare({ 'sys/*': 'update' }, []).gained).join()).toMatch(/^update on sys\/\* except .*sys\/auth\/\*/)
  })

  test('a rule that asks for a parameter it forbids grants nothing', () => {
    const server = servers[0] as ServerVersion
    const text = 'path "a" { capabilities = ["update"] required_parameters = ["x"] denied_parameters = { "x" = [] } }'
    const parsed = parsePolicy('p', text, server)
    const grants = 'policy' in parsed ? grantsOf(rulesOf(buildAcl([parsed.policy], server)), server) : undefined
    expect(grants && comparePaths(grants, []).gained).toEqual([])
  })
})
