import { describe, expect, test } from 'vitest'
import { buildAcl, rulesOf } from '../../../src/access/acl/acl.ts'
import { capabilitiesOf } from '../../../src/access/acl/capabilities.ts'
import type { PathRule } from '../../../src/access/policy/policy.ts'
import { policy, rule } from './policies.ts'

const vault = { product: 'vault', version: '1.21.0' } as const
const openbao = { product: 'openbao', version: '2.6.1' } as const

const aclOf = (...rules: readonly PathRule[]) => buildAcl([policy('p', ...rules)], vault)

describe('Capabilities', () => {
  test('are sorted, and a path that no rule matches has deny', () => {
    const acl = aclOf(rule('a/b', 'update read create'))
    expect(capabilitiesOf(acl, 'a/b')).toEqual(['create', 'read', 'update'])
    expect(capabilitiesOf(acl, 'a/c')).toEqual(['deny'])
    expect(capabilitiesOf(acl, 'A/b')).toEqual(['deny'])
  })

  test('of a block without any are deny, and it shadows broader ones', () => {
    expect(capabilitiesOf(aclOf(rule('a/*', 'read'), rule('a/b', '')), 'a/b')).toEqual(['deny'])
  })

  test('of root are root, whatever else there is', () => {
    expect(capabilitiesOf(buildAcl([policy('root'), policy('a', rule('a', 'deny'))], vault), 'a')).toEqual(['root'])
  })

  test('of root in a namespace are root on OpenBao, and nothing on Vault', () => {
    const context = { namespace: 'team' }
    expect(capabilitiesOf(buildAcl([policy('root')], openbao, context), 'a')).toEqual(['root'])
    const acl = buildAcl([policy('root')], vault, context)
    expect(capabilitiesOf(acl, 'a')).toEqual(['deny'])
    expect(acl.failure?.policy).toBe('root')
  })

  test('of a token without policies are deny', () => {
    expect(capabilitiesOf(buildAcl([], vault), 'a')).toEqual(['deny'])
  })

  test('do not see leading slashes, except in a namespace', () => {
    const rules = [rule('a/b', 'read')]
    expect(capabilitiesOf(aclOf(...rules), '//a/b')).toEqual(['read'])
    const inside = buildAcl([policy('p', ...rules)], openbao, { namespace: 'team' })
    expect(capabilitiesOf(inside, 'a/b')).toEqual(['read'])
    expect(capabilitiesOf(inside, '/a/b')).toEqual(['deny'])
  })
})

describe('A path with a slash at its end', () => {
  const rules = [rule('foo/+/a', 'update sudo'), rule('foo*', '')]
  const at = (product: 'vault' | 'openbao', version: string) =>
    capabilitiesOf(buildAcl([policy('p', ...rules)], { product, version }), 'foo/data/a/')

  test('is looked up without it first by Vault and by OpenBao before 2.6', () => {
    expect(at('vault', '1.15.2')).toEqual(['sudo', 'update'])
    expect(at('vault', '1.21.0')).toEqual(['sudo', 'update'])
    expect(at('openbao', '2.5.4')).toEqual(['sudo', 'update'])
  })

  test('is looked up with it first by OpenBao since 2.6', () => {
    expect(at('openbao', '2.6.0')).toEqual(['deny'])
  })

  test('is looked up only with it by Vault before 1.15.2, except by exact rules', () => {
    expect(at('vault', '1.15.1')).toEqual(['deny'])
    const exact = buildAcl([policy('p', rule('foo/a', 'list'))], { product: 'vault', version: '1.15.0' })
    expect(capabilitiesOf(exact, 'foo/a/')).toEqual(['list'])
  })
})

describe('Blocks of one path', () => {
  test('add up, across policies in the order of their names', () => {
    const acl = buildAcl(
      [policy('b', rule('a/*', 'read')), policy('a', rule('/a/*', 'list'), rule('a/*', 'delete'))],
      vault,
    )
    const [merged, ...others] = rulesOf(acl)
    expect(others).toEqual([])
    expect([...(merged?.capabilities ?? [])].sort()).toEqual(['delete', 'list', 'read'])
    expect(merged?.from.map((one) => `${one.policy.name} ${one.rule.written}`)).toEqual(['a /a/*', 'a a/*', 'b a/*'])
  })

  test('are another path with and without a *', () => {
    expect(rulesOf(aclOf(rule('a/', 'read'), rule('a/*', 'list')))).toHaveLength(2)
  })

  test('end in deny when one denies, and lose what they ask of parameters', () => {
    const parameters = { allowedParameters: new Map([['a', []]]), deniedParameters: new Map([['b', []]]) }
    for (const rules of [
      [rule('a', 'deny'), rule('a', 'read', parameters)],
      [rule('a', 'read', parameters), rule('a', 'deny'), rule('a', 'list')],
    ]) {
      const [merged] = rulesOf(aclOf(...rules))
      expect(merged?.capabilities).toEqual(new Set(['deny']))
      expect(merged).not.toHaveProperty('allowedParameters')
      expect(merged).not.toHaveProperty('deniedParameters')
    }
  })

  test('unite their parameters, and a parameter with any value keeps it', () => {
    const [merged] = rulesOf(
      aclOf(
        rule('a', 'update', {
          allowedParameters: new Map([
            ['one', ['x']],
            ['any', ['x']],
            ['still', []],
          ]),
          requiredParameters: ['one'],
        }),
        rule('a', 'update', {
          allowedParameters: new Map([
            ['one', ['y']],
            ['any', []],
            ['still', ['z']],
            ['new', ['n']],
          ]),
          deniedParameters: new Map([['no', ['x']]]),
          requiredParameters: ['two', 'one'],
        }),
      ),
    )
    expect(Object.fromEntries(merged?.allowedParameters ?? [])).toEqual({
      one: ['y', 'x'],
      any: [],
      still: [],
      new: ['n'],
    })
    expect(Object.fromEntries(merged?.deniedParameters ?? [])).toEqual({ no: ['x'] })
    expect(merged?.requiredParameters).toEqual(['one', 'two'])
  })

  test('keep the smallest wrapping TTLs and page size, and the first filter of keys', () => {
    const [merged] = rulesOf(
      aclOf(
        rule('a', 'read', { minWrappingTtl: 60, paginationLimit: 9 }),
        rule('a', 'read', { minWrappingTtl: 30, maxWrappingTtl: 20, listScanResponseKeysFilterPath: 'x/{{.key}}' }),
        rule('a', 'read', { maxWrappingTtl: 90, paginationLimit: 3, listScanResponseKeysFilterPath: 'y/{{.key}}' }),
      ),
    )
    expect(merged).toMatchObject({
      minWrappingTtl: 30,
      maxWrappingTtl: 20,
      paginationLimit: 3,
      listScanResponseKeysFilterPath: 'x/{{.key}}',
    })
  })
})

describe('What a pattern matches', () => {
  test.each([
    ['+', 'a', true],
    ['+', 'a/b', false],
    ['a/+/b', 'a//b', true],
    ['a/+', 'a/', true],
    ['a/+', 'a', false],
    ['a/+/b*', 'a/x/bc/d', true],
    ['a/+/b*', 'a/x/c', false],
    ['a/+/*', 'a/x', false],
    ['a/+/*', 'a/x/', true],
    ['+a', '+a', true],
    ['+a', 'xa', false],
    ['a/+b', 'a/+b', true],
    ['a/+b', 'a/xb', false],
    ['a*b', 'a*b', true],
    ['a*b', 'axb', false],
    ['a**', 'a*b', true],
    ['a**', 'ab', false],
    ['*', 'anything/at all', true],
    ['', 'a', false],
  ])('%s and %s: %s', (pattern, path, matches) => {
    expect(capabilitiesOf(aclOf(rule(pattern, 'read')), path)).toEqual([matches ? 'read' : 'deny'])
  })

  test('a + at the beginning of a namespace is one inside it', () => {
    const acl = buildAcl([policy('p', rule('+a*', 'read'))], openbao, { namespace: 'team' })
    expect(rulesOf(acl)[0]).toMatchObject({ pattern: '+a*', match: 'segments' })
    expect(capabilitiesOf(acl, '+ab')).toEqual(['read'])
  })
})

describe('A block that does not count', () => {
  test('has expired', () => {
    const blocks = [rule('a', 'read', { expiration: 1000 }), rule('b', 'read', { expiration: 2000 })]
    const acl = buildAcl([policy('p', ...blocks)], openbao, { now: 1001 })
    expect(acl.rules.map(({ pattern }) => pattern)).toEqual(['b'])
    expect(acl.dropped).toMatchObject([{ because: 'expired', rule: { written: 'a' } }])
  })

  test('asks for an entity where there is none', () => {
    const blocks = [rule('a/{{identity.entity.name}}', 'read'), rule('b', 'read')]
    const acl = aclOf(...blocks)
    expect(acl.rules.map(({ pattern }) => pattern)).toEqual(['b'])
    expect(acl.dropped).toMatchObject([{ because: 'template', error: expect.stringContaining('no entity') }])
    const named = buildAcl([policy('p', ...blocks)], vault, { entity: { name: 'me' } })
    expect(capabilitiesOf(named, 'a/me')).toEqual(['read'])
  })
})

test('A template that becomes +* leaves the token without any rules.', () => {
  const blocks = [rule('a/+{{identity.entity.name}}', 'read'), rule('b', 'read')]
  const acl = buildAcl([policy('p', ...blocks)], vault, { entity: { name: '*' } })
  expect(acl.failure).toEqual({ policy: 'p', error: expect.stringContaining("'+*' is forbidden") })
  expect(capabilitiesOf(acl, 'b')).toEqual(['deny'])
})
