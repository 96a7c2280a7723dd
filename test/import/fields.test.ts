import { describe, expect, test } from 'vitest'
import { olderNames } from '../../src/access/login/older-names.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { kindOf } from '../../src/core/kind.ts'
import {
  configShapes,
  mountShapes,
  partSecrets,
  roleShapes,
  secretInside,
  tuneShapes,
} from '../../src/import/sources/fields.ts'
import { flag, integer, own, seconds, text, textMaps, texts } from '../../src/import/sources/shapes.ts'
import { kinds } from '../../src/kinds/index.ts'

/** Keys that files may have for a kind. */
const keysOf = (kind: string, at?: string): string[] => {
  const { shape } = kindOf(kinds, kind).schema as unknown as { shape: Record<string, { unwrap(): { shape: object } }> }
  return Object.keys(at === undefined ? shape : (shape[at]?.unwrap().shape ?? {})).sort()
}

describe('no field of a kind is forgotten', () => {
  test('in roles', () => expect(Object.keys(roleShapes).sort()).toEqual(keysOf('jwt-role')))
  test('in configurations, secrets and what the server does not keep apart', () => {
    const kept = keysOf('jwt-config').filter((name) => !['oidc_client_secret', 'skip_jwks_validation'].includes(name))
    expect(Object.keys(configShapes).sort()).toEqual(kept)
  })
  test('in mounts', () => {
    expect(['tune', ...Object.keys(mountShapes)].sort()).toEqual(keysOf('auth-mount'))
    expect(Object.keys(tuneShapes).sort()).toEqual(keysOf('auth-mount', 'tune'))
  })
  test('older names stand for fields that there are', () => {
    expect(Object.values(olderNames).every((name) => Object.hasOwn(roleShapes, name))).toBe(true)
  })
})

describe('shapes', () => {
  test.each([
    [text, 5, '5'],
    [text, {}, undefined],
    [texts, 'a, b,,c', ['a', 'b', 'c']],
    [texts, [' a ', 1], ['a', '1']],
    [texts, [['a']], undefined],
    [texts, { toString: 1 }, undefined],
    [flag, 'T', true],
    [flag, 0, false],
    [flag, 'yes', undefined],
    [integer, '-3', -3],
    [integer, 1.5, undefined],
    [integer, 2 ** 53, undefined],
    [seconds, '1h30m', 5400],
    [seconds, 'soon', undefined],
    [textMaps, [{ jwks_url: 'a' }], [{ jwks_url: 'a' }]],
    [textMaps, { jwks_url: 'a' }, undefined],
  ])('%o reads %j as %j', (shape, value, read) => {
    expect(shape.read(value)).toEqual(read)
  })
})

test('a member that only the prototype has is none', () => {
  expect(own({}, 'constructor')).toBeUndefined()
  expect(own(JSON.parse('{"__proto__":1}'), '__proto__')).toBe(1)
})

describe('secrets of a configuration', () => {
  const secret = crypto.randomUUID()

  test.each<[string, JsonObject, string[][], string[][]]>([
    ['a client secret', { oidc_client_secret: secret }, [['oidc_client_secret']], []],
    ['a client id, which never is without one', { oidc_client_id: 'id' }, [['oidc_client_secret']], []],
    ['an empty one is none', { oidc_client_secret: '', oidc_client_id: '' }, [], []],
    [
      'those of a provider',
      { provider_config: { provider: 'gsuite', gsuite_service_account: secret, api_token: secret } },
      [
        ['provider_config', 'gsuite_service_account'],
        ['provider_config', 'api_token'],
      ],
      [],
    ],
    [
      'what only looks like one',
      { provider_config: { my_password: secret } },
      [],
      [['provider_config', 'my_password']],
    ],
  ])('are parted from it: %s', (_what, config, secrets, suspects) => {
    const parted = partSecrets(config)
    expect(JSON.stringify(parted)).not.toContain(secret)
    expect(parted).toMatchObject({ secrets, suspects })
  })

  test('other settings of a provider stay', () => {
    expect(
      partSecrets({ bound_issuer: 'i', provider_config: { provider: 'azure', api_token: secret } }).values,
    ).toEqual({
      ...{ bound_issuer: 'i', provider_config: { provider: 'azure' } },
    })
  })

  test.each([
    [{ oidc_discovery_url: 'https://user:pass@example.com' }, 'a URL with a user or password'],
    [{ jwks_ca_pem: `-----BEGIN ${'RSA PRIVATE'} KEY-----` }, 'a private key'],
    [{ jwks_url: 'https://example.com/a@b' }, undefined],
  ])('one that stands where none belongs is found: %j', (config, what) => {
    expect(secretInside(config)).toBe(what)
  })
})
