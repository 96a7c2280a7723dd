import { describe, expect, test } from 'vitest'
import { writeConfig } from '../../../src/access/login/config.ts'
import { JsonNumber, parseWritten, type WrittenObject } from '../../../src/access/login/json-number.ts'
import { mountLimits } from '../../../src/access/login/mount-limits.ts'
import { writeRole } from '../../../src/access/login/role.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { call, must, versionOf } from '../../soak/client.ts'
import { liveVault } from '../../support/live-vault.ts'

const vault = { product: 'vault', version: '1.21.0' } as const
const openbao = { product: 'openbao', version: '2.6.1' } as const
const jwt: WrittenObject = { role_type: 'jwt', user_claim: 'u', bound_subject: 's' }

const refused = (role: WrittenObject, server: Parameters<typeof writeRole>[0] = vault, tune: JsonObject = {}) => {
  const written = writeRole(server, { ...jwt, ...role }, mountLimits(tune))
  return 'refused' in written ? written.refused : []
}

describe('a role is refused', () => {
  test.each<[WrittenObject, string]>([
    [{ role_type: 'saml' }, "invalid 'role_type': saml"],
    [{ role_type: '' }, "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified."],
    [{ user_claim: '' }, 'a user claim must be defined on the role'],
    [{ bound_subject: '' }, 'must have at least one bound constraint when creating/updating a role'],
    [{ bound_claims_type: 'regex' }, "invalid 'bound_claims_type': regex"],
    [{ bound_claims_type: 'glob', bound_claims: { a: 1 } }, 'claim is not a string: 1'],
    [{ bound_claims_type: 'glob', bound_claims: { a: { b: 1 } } }, 'claim is not a string or list: map[b:1]'],
    [{ token_type: 'default-batch' }, `invalid 'token_type' value "default-batch"`],
    [{ token_ttl: '2m', token_max_ttl: 60 }, "'token_ttl' cannot be greater than 'token_max_ttl'"],
    [{ ttl: '2m', max_ttl: 60 }, 'ttl should not be greater than max ttl'],
    [
      { token_ttl: '5 minutes' },
      'error converting input for field "token_ttl": time: unknown unit " minutes" in duration "5 minutes"',
    ],
    [{ token_ttl: -1 }, `error converting input for field "token_ttl": cannot provide negative value '-1'`],
    [{ claim_mappings: { a: 'role' } }, 'metadata key "role" is reserved and may not be a mapping destination'],
    [{ claim_mappings: { a: 'x', b: 'x' } }, 'multiple keys are mapped to metadata key "x"'],
    [
      { token_bound_cidrs: 'x' },
      'error parsing address "x": Unable to convert "x" to an IPv4 or IPv6 address, or a UNIX Socket',
    ],
  ])('for %j', (role, words) => {
    expect(refused(role)).toEqual([words])
  })

  test('in the words of its product', () => {
    expect([refused({ bound_claims: 'x' }), refused({ bound_claims: 'x' }, openbao)]).toEqual([
      [`error converting input for field "bound_claims": '' expected a map, got 'string'`],
      [
        `error converting input for field "bound_claims": '' expected type 'map[string]interface {}', got unconvertible type 'string'`,
      ],
    ])
  })

  test('with any of the texts that the server could pick among', () => {
    expect(refused({ token_ttl: 'x', user_claim: [] })).toHaveLength(2)
  })

  test('for a period above the limit of the mount, which is 32 days unless it was tuned', () => {
    const period = (limit: string) =>
      `'period' of '"2h0m0s"' is greater than the backend's maximum lease TTL of '"${limit}"'`
    expect(refused({ token_period: '2h' })).toEqual([])
    expect(refused({ token_period: '2h' }, vault, { max_lease_ttl: '90m' })).toEqual([period('1h30m0s')])
  })

  test('for OpenBao’s own fields by OpenBao only', () => {
    const role = { token_strictly_bind_ip: true, token_bound_cidrs: '10.0.0.0/8' }
    expect([refused(role).length, refused(role, openbao).length]).toEqual([0, 1])
  })
})

describe('what is written becomes', () => {
  const role = (written: WrittenObject) => {
    const made = writeRole(vault, { ...jwt, ...written })
    if ('refused' in made) throw new Error(made.refused.join())
    return made.role
  }

  test('lists of trimmed texts, split at commas only where it is one text', () => {
    expect(role({ bound_audiences: ' a, b' }).boundAudiences).toEqual(['a', 'b'])
    expect(role({ bound_audiences: [' a, b', 5, true] }).boundAudiences).toEqual(['a, b', '5', '1'])
  })

  test('seconds', () => {
    const seconds = ['90', 90, '1h30m', '2d', '1.9s', '', null].map((token_ttl) => role({ token_ttl }).token.ttl)
    expect(seconds).toEqual([90, 90, 5400, 172_800, 1, 0, 0])
  })

  test('policies as they are, and cleaned up under their old name', () => {
    expect(role({ token_policies: ['B', 'a'] }).token.policies).toEqual(['B', 'a'])
    expect(role({ policies: ['B', 'a'] }).token.policies).toEqual(['a', 'b'])
  })

  test('networks as the server prints them', () => {
    const cidrs = ['10.1.2.3/8', '127.0.0.1/32', '2001:DB8:0::/32', '::ffff:10.0.0.1', '127.0.0.1:80']
    expect(role({ token_bound_cidrs: cidrs }).token.boundCidrs).toEqual([
      '10.1.2.3/8',
      '127.0.0.1',
      '2001:db8::/32',
      '10.0.0.1',
      '127.0.0.1:80',
    ])
  })
})

describe('JSON whose numbers keep their text', () => {
  test('has plain numbers where JavaScript spells them the same', () => {
    expect(parseWritten('{"a":[1,1.0,-0,1e2,12345678901234567890,1.5],"b":"1.0"}')).toEqual({
      a: [
        1,
        new JsonNumber('1.0'),
        new JsonNumber('-0'),
        new JsonNumber('1e2'),
        new JsonNumber('12345678901234567890'),
        1.5,
      ],
      b: '1.0',
    })
  })

  test('takes the last of two equal keys, as the servers do', () => {
    expect(parseWritten('{"a":1.0,"a":2}')).toEqual({ a: 2 })
  })

  test('is refused where it is no JSON', () => {
    expect(() => parseWritten('{"a":1.0')).toThrow(SyntaxError)
  })
})

test('a real server refuses the same configurations in the same words', async () => {
  const client = await liveVault()
  const server = await versionOf(client)
  const mount = `config${Date.now()}`
  await must(client, 'POST', `sys/auth/${mount}`, { type: 'jwt' })
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
  const der = Buffer.from(await crypto.subtle.exportKey('spki', pair.publicKey)).toString('base64')
  const key = `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----`
  const keys = { jwt_validation_pubkeys: key }
  const configs: readonly WrittenObject[] = [
    keys,
    { jwt_validation_pubkeys: [key, `${key}\n`], default_role: 'X', jwt_supported_algs: 'ES256, RS256' },
    {},
    { ...keys, jwks_url: 'http://127.0.0.1:1' },
    { ...keys, oidc_client_id: 'x' },
    { ...keys, oidc_client_id: 'x', oidc_client_secret: 'y' },
    { ...keys, jwt_supported_algs: ['RS256', 'HS256'] },
    { ...keys, jwt_supported_algs: [['RS256']] },
    { ...keys, oidc_response_mode: 'odd' },
    { ...keys, oidc_response_types: ['code', 'odd'] },
    { ...keys, oidc_response_types: ['id_token'] },
    { ...keys, oidc_response_types: ['id_token'], oidc_response_mode: 'form_post' },
    { ...keys, default_role: {} },
    { ...keys, provider_config: 'x' },
    { ...keys, namespace_in_state: 'perhaps' },
    { jwt_validation_pubkeys: 'no key' },
    { jwt_validation_pubkeys: key.replaceAll('PUBLIC KEY', 'RSA PUBLIC KEY') },
    { jwt_validation_pubkeys: key.replaceAll('PUBLIC KEY', 'X') },
    { jwt_validation_pubkeys: `of the old issuer\n${key}` },
    { jwt_validation_pubkeys: key.replace('-----\n', '-----\nIssuer: old\nUntil: 2030\n\n') },
    { jwt_validation_pubkeys: key.replace('END PUBLIC', 'END PRIVATE') },
    { jwt_validation_pubkeys: `${key}\n${key}` },
    { jwks_pairs: [{ jwks_url: 'http://127.0.0.1:1' }], bound_issuer: 'x' },
    { jwks_pairs: [{ jwks_url: 'http://127.0.0.1:1' }], jwks_ca_pem: 'x' },
  ]
  for (const config of configs) {
    const ours = writeConfig(server, config)
    const theirs = await call(client, 'POST', `auth/${mount}/config`, config)
    const words = 'refused' in ours ? ours.refused : undefined
    expect([words, config]).toEqual([theirs.body['errors'], config])
  }
  await must(client, 'DELETE', `sys/auth/${mount}`)
})
