import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Alternative,
  type Bound,
  boundsOf,
  type ClaimName,
  type RoleBounds,
} from '../../../src/access/login/bounds.ts'
import { claimAt } from '../../../src/access/login/claims.ts'
import { decideLogin } from '../../../src/access/login/decide.ts'
import { JsonNumber } from '../../../src/access/login/json-number.ts'
import { matchesGlob } from '../../../src/core/glob.ts'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { cases, seed } from '../../support/generated.ts'

const server = { product: 'vault', version: '1.21.0' } as const

/** What the interface promises, read by the letter. */
function admits(bounds: RoleBounds, claims: JsonObject): boolean {
  const at = ({ claim, pointer }: ClaimName): unknown =>
    (pointer ? claimAt('vault', claims, claim) : claims[claim]) ?? undefined
  const audiences = [claims['aud'] ?? []].flat()
  return (
    bounds.impossible === undefined &&
    (bounds.issuer === undefined || bounds.issuer === claims['iss']) &&
    (bounds.subject === undefined || bounds.subject === claims['sub']) &&
    (bounds.audiences.length === 0
      ? audiences.length === 0
      : bounds.audiences.some((aud) => audiences.includes(aud))) &&
    bounds.bounds.every((bound) => holds(bound, at(bound))) &&
    bounds.present.every((name) => typeof at(name) === 'string' && at(name) !== '') &&
    bounds.lists.every(
      (name) => at(name) !== undefined && [at(name)].flat().every((item) => typeof item === 'string'),
    ) &&
    bounds.strings.every((name) => at(name) === undefined || typeof at(name) === 'string')
  )
}

function holds({ alternatives }: Bound, value: unknown): boolean {
  if (Array.isArray(value))
    return value.some((item) => typeof item !== 'number' && alternatives.some((one) => matches(one, item)))
  return alternatives.some((one) => matches(one, value instanceof JsonNumber ? Number(value.text) : value))
}

function matches(alternative: Alternative, value: unknown): boolean {
  if ('glob' in alternative) return typeof value === 'string' && matchesGlob(alternative.glob, value)
  return typeof value === 'number' ? alternative.equals === Math.trunc(value) : alternative.equals === value
}

const value = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom<JsonValue>('a', 'a*') },
  { weight: 1, arbitrary: fc.constantFrom<JsonValue>('a', 'b', 'a/b', '', 'a*', '*b', 1, 2, 1.5, true, false) },
)
const claim = fc.constantFrom('c', 'd', '/e/f', 'u')
const texts = value.filter((one) => typeof one === 'string')
const bounds = (of: fc.Arbitrary<JsonValue>) =>
  fc.dictionary(claim, fc.oneof(of, fc.array(of, { maxLength: 4 })), { maxKeys: 2, noNullPrototype: true })
const bound = fc.oneof(
  fc.record({ bound_claims: bounds(value) }),
  fc.record({ bound_claims: bounds(texts), bound_claims_type: fc.constant('glob') }),
)
const others = fc.record(
  {
    bound_audiences: fc.constantFrom(['v'], ['v', 'w']),
    bound_subject: fc.constant('a'),
    groups_claim: fc.constantFrom('u', 'u', 'c', '/e/f'),
    claim_mappings: fc.dictionary(claim, fc.constant('key'), { maxKeys: 1, noNullPrototype: true }),
    token_policies: fc.constantFrom(['a'], ['a'], ['root'], ['control-group']),
  },
  { requiredKeys: ['bound_audiences'] },
)
const role = fc
  .tuple(bound, others)
  .map(([bound, others]) => ({ role_type: 'jwt', user_claim: 'u', ...others, ...bound }))
const found = fc.oneof(
  value,
  fc.array(value, { maxLength: 2 }),
  fc.constant<JsonValue>(null),
  fc.constant<JsonValue>({ f: 'a' }),
)
const claims = fc.record(
  {
    c: found,
    d: found,
    e: fc.record({ f: found }),
    u: fc.constantFrom<JsonValue>('a', 'a', 'a', 'b', '', 1),
    aud: fc.constantFrom<JsonValue>('v', 'v', 'v', ['v', 'w'], ['w'], []),
    iss: fc.constantFrom('i', 'i', 'j'),
    sub: fc.constantFrom('a', 'a', 'a', 'b'),
  },
  { requiredKeys: ['c', 'u', 'aud', 'iss', 'sub'] },
)

describe('the bounds of a role', () => {
  test('admit exactly the tokens that get in', () => {
    const both = { in: 0, out: 0 }
    fc.assert(
      fc.property(role, claims, fc.constantFrom({}, {}, {}, { bound_issuer: 'i' }), (role, claims, config) => {
        const login = {
          server,
          mount: 'jwt',
          name: 'ci',
          alg: 'RS256',
          now: 0,
          role,
          config,
          claims: { ...claims, exp: 100 },
        }
        const decision = decideLogin({ ...login, now: 50 })
        expect(admits(boundsOf(server, { role, config }), claims)).toBe(decision.ok)
        both[decision.ok ? 'in' : 'out']++
      }),
      { seed: seed(), numRuns: cases(4_000) },
    )
    expect(both.in).toBeGreaterThan(100)
    expect(both.out).toBeGreaterThan(100)
  })

  test('say why nobody gets in', () => {
    const jwt = { role_type: 'jwt', user_claim: 'u' }
    expect(boundsOf(server, { role: jwt }).impossible).toBe('the mount has no configuration')
    expect(boundsOf(server, { role: {}, config: {} }).impossible).toContain('oidc')
    expect(boundsOf(server, { role: { ...jwt, bound_claims: { c: 1.5 } }, config: {} }).impossible).toContain('"c"')
    expect(boundsOf(server, { role: { ...jwt, token_policies: ['root'] }, config: {} }).impossible).toContain('root')
  })

  test('take a slash for a pointer everywhere but in a user claim without its flag', () => {
    const bounds = (flag: boolean) =>
      boundsOf(server, {
        role: {
          role_type: 'jwt',
          user_claim: '/u',
          user_claim_json_pointer: flag,
          bound_claims: { '/a': 'x', a: 'x' },
        },
        config: {},
      })
    expect(bounds(false).present).toEqual([{ claim: '/u', pointer: false }])
    expect(bounds(true).present).toEqual([{ claim: '/u', pointer: true }])
    expect(bounds(true).bounds.map(({ pointer }) => pointer)).toEqual([true, false])
  })

  test('leave out policies whose names OpenBao makes from claims', () => {
    const role = {
      role_type: 'jwt',
      user_claim: 'u',
      token_policies: ['A', 'p-{{.x}}'],
      token_policies_template_claims: true,
    }
    const openbao = { product: 'openbao', version: '2.6.1' } as const
    expect(boundsOf(openbao, { role, config: {} })).toMatchObject({
      policies: ['a', 'default'],
      templatedPolicies: true,
    })
    expect(boundsOf(server, { role, config: {} }).policies).toEqual(['a', 'default', 'p-{{.x}}'])
  })
})
