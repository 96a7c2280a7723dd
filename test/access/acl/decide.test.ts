import { describe, expect, test } from 'vitest'
import { buildAcl } from '../../../src/access/acl/acl.ts'
import { decide } from '../../../src/access/acl/decide.ts'
import type { AccessRequest, Denial } from '../../../src/access/acl/decision.ts'
import type { PathRule } from '../../../src/access/policy/policy.ts'
import type { JsonValue } from '../../../src/core/json.ts'
import type { ServerVersion } from '../../../src/core/version.ts'
import { policy, rule } from './policies.ts'

const vault = { product: 'vault', version: '1.21.0' } as const
const vaultBefore = { product: 'vault', version: '1.20.4' } as const
const openbao = { product: 'openbao', version: '2.6.1' } as const

function denialOf(rules: readonly PathRule[], request: AccessRequest, server: ServerVersion = vault) {
  const { allowed, denial } = decide(buildAcl([policy('p', ...rules)], server), request)
  expect(allowed).toBe(denial === undefined)
  return denial
}

describe('A request is let through', () => {
  test('by root, whatever it does', () => {
    const decision = decide(buildAcl([policy('root')], vault), { operation: 'update', path: 'sys/auth/jwt' })
    expect(decision).toEqual({ allowed: true, root: true, beaten: [] })
  })

  test('by the capability of its operation, and the rule is named', () => {
    const own = rule('a/*', 'create read', { position: { line: 7, column: 1 } })
    const decision = decide(buildAcl([{ ...policy('p', own), file: 'policies/p.hcl' }], vault), {
      operation: 'read',
      path: '/a/b',
    })
    expect(decision).toMatchObject({
      allowed: true,
      rule: { pattern: 'a/', from: [{ policy: { file: 'policies/p.hcl' }, rule: { position: { line: 7 } } }] },
    })
  })
})

describe('A request is refused', () => {
  test('where no rule is', () => {
    expect(denialOf([], { operation: 'read', path: 'a' })).toEqual({ why: 'no rule' })
  })

  test('where a rule denies', () => {
    expect(denialOf([rule('a', 'deny')], { operation: 'read', path: 'a' })).toEqual({ why: 'deny' })
  })

  test('where the rule lacks the capability, although another rule that matches has it', () => {
    const rules = [rule('a', 'read'), rule('*', 'update')]
    const decision = decide(buildAcl([policy('p', ...rules)], vault), { operation: 'update', path: 'a' })
    expect(decision).toMatchObject({
      denial: { why: 'capability', missing: 'update' },
      beaten: [{ rule: { pattern: '' }, because: 'exact match first' }],
    })
  })

  test('where the path asks for sudo', () => {
    const request = { operation: 'read', path: 'sys/auth/jwt/tune' } as const
    expect(denialOf([rule('sys/*', 'read')], request)).toEqual({ why: 'sudo' })
    expect(denialOf([rule('sys/*', 'read sudo')], request)).toBeUndefined()
    expect(denialOf([rule('sys/*', 'read')], { operation: 'read', path: 'sys/auth' })).toBeUndefined()
  })

  test('where a template broke all policies', () => {
    const broken = policy('p', rule('a/+{{identity.entity.name}}', 'read'))
    const acl = buildAcl([broken, policy('q', rule('b', 'read'))], vault, { entity: { name: '*' } })
    expect(decide(acl, { operation: 'read', path: 'b' }).denial).toMatchObject({
      why: 'broken policies',
      failure: { policy: 'p' },
    })
  })
})

describe('A list', () => {
  test('has a slash at its end, whether asked with it or not', () => {
    const rules = [rule('a/', 'list'), rule('a', 'read')]
    expect(denialOf(rules, { operation: 'list', path: 'a' })).toBeUndefined()
    expect(denialOf(rules, { operation: 'list', path: 'a/' })).toBeUndefined()
    expect(denialOf(rules, { operation: 'read', path: 'a' })).toBeUndefined()
    expect(denialOf(rules, { operation: 'read', path: 'a/' })).toEqual({ why: 'capability', missing: 'read' })
  })

  test('may not ask OpenBao for more names than its rule allows', () => {
    const rules = [rule('a/*', 'list', { paginationLimit: 5 })]
    const limited = (limit?: JsonValue) =>
      denialOf(rules, { operation: 'list', path: 'a', ...(limit !== undefined && { parameters: { limit } }) }, openbao)
    for (const passes of [undefined, '5', '0', '', 'max']) expect(limited(passes)).toBeUndefined()
    for (const refused of ['6', '-1', 'many', '1.5'])
      expect(limited(refused)).toEqual({ why: 'pagination limit', limit: 5 })
  })

  test('has to name a limit where OpenBao requires it', () => {
    const rules = [rule('a/*', 'list', { paginationLimit: 5, requiredParameters: ['Limit'] })]
    const request = { operation: 'list', path: 'a' } as const
    expect(denialOf(rules, request, openbao)).toEqual({ why: 'required parameter', parameter: 'Limit' })
    expect(denialOf(rules, { ...request, parameters: { limit: 'max' } }, openbao)).toBeUndefined()
  })

  test('is not looked at for other parameters', () => {
    const rules = [rule('a/*', 'list', { requiredParameters: ['x'], deniedParameters: new Map([['*', []]]) })]
    expect(denialOf(rules, { operation: 'list', path: 'a', parameters: { y: '1' } })).toBeUndefined()
  })
})

describe('Wrapping', () => {
  const wrapped = (limits: Partial<PathRule>, wrapTtl?: number) =>
    denialOf([rule('a', 'read', limits)], { operation: 'read', path: 'a', ...(wrapTtl !== undefined && { wrapTtl }) })

  test('has to be asked for where the rule limits it', () => {
    expect(wrapped({ minWrappingTtl: 10 })).toEqual({ why: 'wrapping', min: 10 })
    expect(wrapped({ maxWrappingTtl: 10 })).toEqual({ why: 'wrapping', max: 10 })
    expect(wrapped({})).toBeUndefined()
  })

  test('has to keep the limits', () => {
    const limits = { minWrappingTtl: 10, maxWrappingTtl: 20 }
    expect([9, 10, 20, 21].map((ttl) => wrapped(limits, ttl) === undefined)).toEqual([false, true, true, false])
    expect(wrapped({ maxWrappingTtl: 10 }, 0)).toBeUndefined()
  })

  test('cannot be right where merging left the minimum above the maximum', () => {
    const rules = [rule('a', 'read', { minWrappingTtl: 30 }), rule('a', 'read', { maxWrappingTtl: 20 })]
    for (const wrapTtl of [10, 25, 40])
      expect(denialOf(rules, { operation: 'read', path: 'a', wrapTtl })).toEqual({ why: 'wrapping', min: 30, max: 20 })
  })
})

type Lists = Readonly<Record<string, readonly (string | number | boolean | readonly string[])[]>>

describe('Parameters', () => {
  const asked = (
    parameters: Readonly<Record<string, JsonValue>>,
    { allowed, denied, required }: { allowed?: Lists; denied?: Lists; required?: readonly string[] },
    server: ServerVersion = vault,
  ): Denial | undefined =>
    denialOf(
      [
        rule('a', 'update', {
          ...(allowed && { allowedParameters: new Map(Object.entries(allowed)) }),
          ...(denied && { deniedParameters: new Map(Object.entries(denied)) }),
          ...(required && { requiredParameters: required }),
        }),
      ],
      { operation: 'update', path: 'a', parameters },
      server,
    )

  test('that are required have to be there in lower case', () => {
    expect(asked({ ttl: 1 }, { required: ['TTL'] })).toBeUndefined()
    expect(asked({ TTL: 1 }, { required: ['TTL'] })).toEqual({ why: 'required parameter', parameter: 'TTL' })
    expect(asked({}, { required: ['ttl'] })).toEqual({ why: 'required parameter', parameter: 'ttl' })
  })

  test('do not matter where there are none', () => {
    expect(asked({}, { allowed: { a: ['x'] }, denied: { '*': [] } })).toBeUndefined()
  })

  test('have their names compared in lower case', () => {
    expect(asked({ Bad: 'x' }, { denied: { bad: [] } })).toEqual({ why: 'denied parameter', parameter: 'Bad' })
    expect(asked({ Good: 'x' }, { allowed: { good: [] } })).toBeUndefined()
  })

  test('are all denied by a *', () => {
    expect(asked({ x: 1 }, { denied: { '*': [] }, allowed: { x: [] } })).toEqual({
      why: 'denied parameter',
      parameter: 'x',
    })
  })

  test('beside an allowed * are all allowed, those with values only with these', () => {
    expect(asked({ x: 1, y: 'no' }, { allowed: { '*': [] } })).toBeUndefined()
    expect(asked({ x: 1 }, { allowed: { '*': [], y: ['yes'] } })).toBeUndefined()
    expect(asked({ y: 'no' }, { allowed: { '*': [], y: ['yes'] } })).toEqual({
      why: 'not an allowed value',
      parameter: 'y',
    })
  })

  test('that are not named are not allowed where some are', () => {
    expect(asked({ y: 'yes', z: 1 }, { allowed: { y: ['yes'] } })).toEqual({
      why: 'not an allowed parameter',
      parameter: 'z',
    })
  })

  test.each<[expected: string, value: string, same: boolean]>([
    ['x*', 'xyz', true],
    ['*z', 'xyz', true],
    ['*y*', 'xyz', true],
    ['x*z', 'xyz', false],
    ['*', 'xyz', false],
    ['*', '*', true],
    ['**', 'xyz', true],
    ['X', 'x', false],
  ])('of the value %s: %s is one of them: %s', (expected, value, same) => {
    expect(asked({ p: value }, { allowed: { p: [expected] } }) === undefined).toBe(same)
  })

  test('that are numbers match no number of a policy', () => {
    for (const value of [1, '1']) expect(asked({ p: value }, { allowed: { p: [1] } })).toBeDefined()
    expect(asked({ p: true }, { allowed: { p: [true] } })).toBeUndefined()
  })

  test('that are lists are looked into by Vault since 1.21, and compared whole by all others', () => {
    const allowed = { p: ['x*', 'y'] }
    expect(asked({ p: ['xx', 'y'] }, { allowed })).toBeUndefined()
    expect(asked({ p: ['xx', 'z'] }, { allowed })).toBeDefined()
    expect(asked({ p: [] }, { allowed })).toBeUndefined()
    for (const server of [vaultBefore, openbao]) {
      expect(asked({ p: ['xx', 'y'] }, { allowed }, server)).toBeDefined()
      expect(asked({ p: ['x', 'y'] }, { allowed: { p: [['x', 'y']] } }, server)).toBeUndefined()
      expect(asked({ p: ['y', 'x'] }, { allowed: { p: [['x', 'y']] } }, server)).toBeDefined()
    }
  })

  test('that are text with commas are lists for Vault since 1.21', () => {
    expect(asked({ p: ' x , y' }, { allowed: { p: ['x', 'y'] } })).toBeUndefined()
    expect(asked({ p: 'a,x' }, { denied: { p: ['x'] } })).toBeDefined()
    expect(asked({ p: ['a', 'x'] }, { denied: { p: ['x'] } })).toBeDefined()
    for (const server of [vaultBefore, openbao]) {
      expect(asked({ p: 'x,y' }, { allowed: { p: ['x', 'y'] } }, server)).toBeDefined()
      expect(asked({ p: 'a,x' }, { denied: { p: ['x'] } }, server)).toBeUndefined()
      expect(asked({ p: ['a', 'x'] }, { denied: { p: ['x'] } }, server)).toBeUndefined()
    }
  })

  test('of a read stand in its query, whose lists are never those of a policy', () => {
    const own = rule('a', 'read', { allowedParameters: new Map([['p', ['x', ['x', 'x']]]]) })
    const read = (value: JsonValue) => denialOf([own], { operation: 'read', path: 'a', parameters: { p: value } })
    expect(read('x')).toBeUndefined()
    expect(read(['x', 'x'])).toEqual({ why: 'not an allowed value', parameter: 'p' })
  })

  test('of a deletion are not looked at', () => {
    const own = rule('a', 'delete', { requiredParameters: ['x'] })
    expect(denialOf([own], { operation: 'delete', path: 'a' })).toBeUndefined()
  })
})
