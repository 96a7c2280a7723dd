import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { kindOf } from '../../src/core/kind.ts'
import { kinds } from '../../src/kinds/index.ts'

const [mount, config, policy, role] = ['auth-mount', 'jwt-config', 'policy', 'jwt-role'].map((name) =>
  kindOf(kinds, name),
) as [(typeof kinds)[0], (typeof kinds)[0], (typeof kinds)[0], (typeof kinds)[0]]

const bound = {
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: ['https://vault'],
  bound_subject: 'project_path:a/b',
  bound_claims: { project_id: '42', ref_protected: 'true' },
  token_bound_cidrs: ['10.0.0.0/8'],
}

/** Which bindings a change of the role takes away, as the plan names them. */
function lost(change: JsonObject, before: JsonObject = bound): string[] {
  const canonical = (spec: JsonObject) => role.canonical(spec)
  const fields = role.unbound?.(canonical(before), canonical({ ...before, ...change })) ?? []
  return fields.map((field) => field.join('.'))
}

describe('bindings of a role', () => {
  test.each<[string, JsonObject, readonly string[]]>([
    ['a claim of two', { bound_claims: { project_id: '42' } }, ['bound_claims.ref_protected']],
    ['all claims', { bound_claims: {} }, ['bound_claims.project_id', 'bound_claims.ref_protected']],
    ['a claim for another', { bound_claims: { project_id: '42', ref: 'main' } }, ['bound_claims.ref_protected']],
    ['the audience', { bound_audiences: [] }, ['bound_audiences']],
    ['the subject', { bound_subject: '' }, ['bound_subject']],
    ['the networks', { token_bound_cidrs: [] }, ['token_bound_cidrs']],
    ['the networks for all there are', { token_bound_cidrs: ['0.0.0.0/0'] }, ['token_bound_cidrs']],
    ['the networks for all in two halves', { token_bound_cidrs: ['128.0.0.0/1', '0.0.0.0/1'] }, ['token_bound_cidrs']],
    ['one network beside all of IPv6', { token_bound_cidrs: ['10.0.0.0/8', '::/0'] }, ['token_bound_cidrs']],
    [
      'a value for any text',
      { bound_claims_type: 'glob', bound_claims: { project_id: '*', ref_protected: 'true' } },
      ['bound_claims.project_id'],
    ],
    [
      'a value for any text among others',
      { bound_claims_type: 'glob', bound_claims: { project_id: ['42', '**'], ref_protected: 'true' } },
      ['bound_claims.project_id'],
    ],
  ])('are gone with %s', (_, change, expected) => {
    expect(lost(change)).toEqual(expected)
  })

  test('are gone where * was a character and becomes any text', () => {
    const before = { ...bound, bound_claims: { ref: '*' } }
    expect(lost({ bound_claims_type: 'glob' }, before)).toEqual(['bound_claims.ref'])
  })

  test('are gone where tokens are no longer tied to the address that logged in', () => {
    expect(
      lost({ token_strictly_bind_ip: false }, { ...bound, token_bound_cidrs: [], token_strictly_bind_ip: true }),
    ).toEqual(['token_strictly_bind_ip'])
  })

  test.each<[string, JsonObject]>([
    ['another value', { bound_claims: { project_id: '43', ref_protected: 'true' } }],
    ['one more value', { bound_claims: { project_id: ['42', '43'], ref_protected: 'true' } }],
    ['one more claim', { bound_claims: { ...bound.bound_claims, ref: 'main' } }],
    [
      'a pattern that still says something',
      { bound_claims_type: 'glob', bound_claims: { project_id: '4*', ref_protected: 'true' } },
    ],
    ['* that is a character', { bound_claims: { project_id: '*', ref_protected: 'true' } }],
    ['nearly all networks', { token_bound_cidrs: ['0.0.0.0/1', '128.0.0.0/2', '192.0.0.0/3'] }],
    ['another network', { token_bound_cidrs: ['192.168.0.0/16'] }],
    ['another policy', { token_policies: ['a'] }],
  ])('are still there with %s', (_, change) => {
    expect(lost(change)).toEqual([])
  })
})

test('a configuration that no longer checks the issuer has lost a binding', () => {
  const before = { jwks_url: 'https://gitlab/keys', bound_issuer: 'https://gitlab' }
  const lostBy = (after: JsonObject) => config.unbound?.(config.canonical(before), config.canonical(after))
  expect(lostBy({ jwks_url: 'https://gitlab/keys' })).toEqual([['bound_issuer']])
  expect(lostBy({ ...before, bound_issuer: 'https://other' })).toEqual([])
})

test('the policy that every token has is delicate, and so is the mount that makes tokens; others are not', () => {
  const reason = (kind: typeof policy, name: string) => kind.delicate?.(kind.identify(name))
  expect(reason(policy, 'default')).toContain('every token')
  expect(reason(policy, 'Default')).toContain('every token')
  expect(reason(policy, 'defaults')).toBeUndefined()
  expect(reason(mount, 'token')).toContain('every token')
  expect(reason(mount, 'jwt')).toBeUndefined()
})
