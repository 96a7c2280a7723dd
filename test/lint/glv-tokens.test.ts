import { describe, expect, test } from 'vitest'
import type { SecretUse } from '../../src/core/configuration.ts'
import { glv03 } from '../../src/lint/rules/glv03-no-audience.ts'
import { glv19 } from '../../src/lint/rules/glv19-entity-per-job.ts'
import { glv20 } from '../../src/lint/rules/glv20-person-as-identity.ts'
import { glv21 } from '../../src/lint/rules/glv21-long-tokens.ts'
import { glv22 } from '../../src/lint/rules/glv22-leases-end-early.ts'
import { glv23 } from '../../src/lint/rules/glv23-batch-limits.ts'
import { glv24 } from '../../src/lint/rules/glv24-role-type.ts'
import { glv28 } from '../../src/lint/rules/glv28-leeway.ts'
import { type Changes, found, type World } from './glv.ts'

describe('GLV03: no audience', () => {
  const role = { bound_audiences: undefined }

  test.each<[World['server'], string]>([
    [{ product: 'vault', version: '1.21.0' }, 'audience claim found in JWT but no audiences bound to the role'],
    [{ product: 'vault', version: '1.17.0' }, 'audience claim found in JWT but no audiences bound to the role'],
    [{ product: 'openbao', version: '2.0.0' }, 'audience claim found in JWT but no audiences bound to the role'],
    [{ product: 'vault', version: '1.16.3' }, 'a token that a job made for any other service logs in here'],
  ])('says what %o does', (server, consequence) => {
    expect(found(glv03, { role, server: server as NonNullable<World['server']> })).toEqual([
      expect.stringMatching(new RegExp(`^bound_audiences: .*${consequence}`)),
    ])
  })

  test('is found for an empty list as well, and not with an audience', () => {
    expect(found(glv03, { role: { bound_audiences: [] } })).toHaveLength(1)
    expect(found(glv03)).toEqual([])
  })
})

describe('the user claim', () => {
  test.each(['job_id', 'pipeline_id', 'jti', 'sha'])('GLV19 is found for %s', (claim) => {
    expect(found(glv19, { role: { user_claim: claim } })).toEqual([expect.stringContaining(`user_claim ${claim}`)])
  })

  test.each(['user_email', 'user_login'])('GLV20 is found for %s', (claim) => {
    expect(found(glv20, { role: { user_claim: claim } })).toEqual([expect.stringContaining(`user_claim ${claim}`)])
  })

  test('a JSON pointer is the claim at its top, where the role says that it is one', () => {
    const pointer = (name: string) => ({ role: { user_claim: name, user_claim_json_pointer: true } })
    expect(found(glv19, pointer('/job_id'))).toHaveLength(1)
    expect(found(glv20, pointer('/user_email'))).toHaveLength(1)
    expect(found(glv19, { role: { user_claim: '/job_id' } })).toEqual([])
  })

  test.each(['project_id', 'user_id', 'sub', 'namespace_id'])('neither is found for %s', (claim) => {
    expect([
      ...found(glv19, { role: { user_claim: claim } }),
      ...found(glv20, { role: { user_claim: claim } }),
    ]).toEqual([])
  })
})

const service = { token_type: undefined }

describe('GLV21: tokens that outlive their job', () => {
  test.each<[string, string, World]>([
    ['nothing limits them', 'for up to 768h', { role: service }],
    ['the limit is above an hour', 'for up to 1h1s', { role: { ...service, token_explicit_max_ttl: 3601 } }],
    ['the maximum is', 'for up to 2h', { role: { ...service, token_max_ttl: '2h' } }],
    ['the mount allows it', 'for up to 2h', { role: service, tune: { max_lease_ttl: '2h' } }],
    ['a batch token has a long TTL', 'for up to 3h', { role: { token_ttl: '3h' } }],
    ['a batch token has no TTL', 'for up to 768h', { role: { token_ttl: undefined } }],
    ['they are periodic', 'for ever', { role: { ...service, token_period: '10m', token_max_ttl: '1h' } }],
    ['the mount makes them service tokens', 'for up to 768h', { tune: { token_type: 'service' } }],
  ])('is found where %s', (_, how, world) => {
    expect(found(glv21, world)).toEqual([expect.stringContaining(`can be kept alive ${how}`)])
  })

  test.each<[string, World]>([
    ['a limit of an hour', { role: { ...service, token_explicit_max_ttl: '1h' } }],
    ['a maximum of an hour', { role: { ...service, token_max_ttl: '1h' } }],
    ['a mount with a limit of an hour', { role: service, tune: { max_lease_ttl: '1h' } }],
    ['short batch tokens, which nobody can renew', {}],
    ['short batch tokens by the mount', { role: service, tune: { token_type: 'default-batch' } }],
    ['a period with an end', { role: { ...service, token_period: '10m', token_explicit_max_ttl: '1h' } }],
    ['batch tokens with the mount’s short TTL', { role: { token_ttl: undefined }, tune: { default_lease_ttl: '5m' } }],
  ])('is not found with %s', (_, world) => {
    expect(found(glv21, world)).toEqual([])
  })
})

describe('GLV22: credentials that end before the job', () => {
  const database: SecretUse = { engine: 'generic', mount: 'database', path: 'creds/app', field: 'password' }
  const kv: SecretUse = { engine: 'kv-v2', mount: 'ops', path: 'app', field: 'password' }

  test.each<[string, string, Changes, World['tune']]>([
    ['token_ttl', '5m', {}, {}],
    ['token_explicit_max_ttl', '1m', { token_ttl: '1h', token_explicit_max_ttl: '1m' }, {}],
    ['token_max_ttl', '10m', { ...service, token_ttl: '2h', token_max_ttl: '10m' }, {}],
    ['token_period', '5m', { ...service, token_ttl: undefined, token_period: '5m' }, {}],
    ['token_ttl', '30m', { token_ttl: '2h' }, { max_lease_ttl: '30m' }],
    ['token_ttl', '15m', { token_ttl: undefined }, { default_lease_ttl: '15m' }],
  ])('is found at %s where tokens live %s', (field, life, role, tune = {}) => {
    expect(found(glv22, { role, tune, secrets: { DB: database } })).toEqual([
      `${field}: tokens of role jwt/ci live ${life}, and with them the credentials in DB; a job may run for 1h`,
    ])
  })

  test('is found for tokens of one use', () => {
    const role = { ...service, token_ttl: '1h', token_num_uses: 1 }
    expect(found(glv22, { role, secrets: { DB: database, APP: kv } })).toEqual([
      expect.stringMatching(/^token_num_uses: .* the credentials in DB back at once$/),
    ])
  })

  test('is not found for an hour, several uses, nor for secrets that are only stored', () => {
    expect(found(glv22, { role: { token_ttl: '1h' }, secrets: { DB: database } })).toEqual([])
    const twice = { ...service, token_ttl: '1h', token_num_uses: 2 }
    expect(found(glv22, { role: twice, secrets: { DB: database } })).toEqual([])
    expect(found(glv22, { role: { ...service, token_num_uses: 1 }, secrets: { APP: kv } })).toEqual([])
    expect(found(glv22)).toEqual([])
  })
})

test('GLV23: batch tokens cannot be counted or be periodic', () => {
  expect(found(glv23, { role: { token_num_uses: 1, token_period: '5m' } })).toEqual([
    expect.stringMatching(/^token_num_uses: .* token_type batch and token_num_uses 1: /),
    expect.stringMatching(/^token_period: /),
  ])
  expect(found(glv23, { role: { ...service, token_num_uses: 1 } })).toEqual([])
  expect(found(glv23)).toEqual([])
})

describe('GLV24: a role that takes no ID tokens', () => {
  const browser = {
    oidc_discovery_url: 'https://git.example.com',
    oidc_client_id: 'id',
    oidc_client_secret: { file: 's' },
  }

  test('is found for oidc, said or left out', () => {
    expect(found(glv24, { role: { role_type: undefined } })).toEqual([
      expect.stringContaining('role_type oidc, which is what'),
    ])
    expect(found(glv24, { role: { role_type: 'oidc' } })).toHaveLength(1)
    expect(found(glv24)).toEqual([])
  })

  test('is not found in a mount where people log in by browser', () => {
    expect(found(glv24, { role: { role_type: 'oidc' }, config: browser })).toEqual([])
  })
})

test('GLV28: more leeway than the server gives by itself', () => {
  const role = { clock_skew_leeway: '61s', expiration_leeway: 151, not_before_leeway: '3m' }
  expect(found(glv28, { role })).toEqual([
    'clock_skew_leeway: role jwt/ci has clock_skew_leeway 1m1s; the default is 1m',
    'expiration_leeway: role jwt/ci has expiration_leeway 2m31s; the default is 2m30s',
    'not_before_leeway: role jwt/ci has not_before_leeway 3m; the default is 2m30s',
  ])
  expect(found(glv28, { role: { clock_skew_leeway: 60, expiration_leeway: 150, not_before_leeway: -1 } })).toEqual([])
})
