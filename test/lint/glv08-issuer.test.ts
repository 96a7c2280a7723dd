import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { glv01 } from '../../src/lint/rules/glv01-no-project.ts'
import { glv08 } from '../../src/lint/rules/glv08-issuer.ts'
import { boundOnlyTo, findings, found } from './glv.ts'

const url = 'https://git.example.com'

describe('GLV08: an issuer that is not checked, or that no token has', () => {
  test.each<[string, JsonObject, boolean]>([
    ['no bound_issuer', { oidc_discovery_url: url }, true],
    ['a bare host', { oidc_discovery_url: url, bound_issuer: 'git.example.com' }, true],
    ['a slash at its end', { oidc_discovery_url: url, bound_issuer: `${url}/` }, true],
    ['another scheme', { oidc_discovery_url: url, bound_issuer: 'http://git.example.com' }, true],
    ['another host', { oidc_discovery_url: url, bound_issuer: 'https://gitlab.com' }, false],
    ['no bound_issuer and only keys', { jwks_url: `${url}/-/jwks` }, false],
    ['a bare host and only keys', { jwks_url: `${url}/-/jwks`, bound_issuer: 'git.example.com' }, false],
  ])('is found with %s', (_, config, mended) => {
    const [finding, ...others] = findings(glv08, { config })
    expect(others).toEqual([])
    expect(finding).toMatchObject({ object: { address: 'jwt-config/jwt' }, field: ['bound_issuer'] })
    expect(finding?.fix).toEqual(mended ? { field: ['bound_issuer'], value: url } : undefined)
  })

  test('says what the configuration has', () => {
    expect(found(glv08, { config: { oidc_discovery_url: url, bound_issuer: 'git.example.com' } })).toEqual([
      'bound_issuer: the mount jwt has bound_issuer "git.example.com", which is no URL: every login is refused with "invalid issuer (iss) claim"',
    ])
  })

  test.each<[string, JsonObject]>([
    ['the same URL twice', { oidc_discovery_url: url, bound_issuer: url }],
    ['an issuer beside keys', { jwks_url: `${url}/-/jwks`, bound_issuer: url }],
    ['several key URLs, with which the server takes none', { jwks_pairs: [{ jwks_url: `${url}/-/jwks` }] }],
    ['logins by browser', { oidc_discovery_url: url, oidc_client_id: 'id' }],
  ])('is not found with %s', (_, config) => {
    expect(found(glv08, { config })).toEqual([])
  })
})

describe('which mounts trust a GitLab', () => {
  const role = boundOnlyTo({ repository: 'a/b' })

  test.each([
    'https://token.actions.githubusercontent.com',
    'https://oidc.eks.eu-west-1.amazonaws.com/id/ABC',
    'https://login.microsoftonline.com/tenant/v2.0',
    'https://kubernetes.default.svc.cluster.local',
    'https://company.okta.com',
  ])('not one whose issuer is %s', (issuer) => {
    expect(found(glv01, { role, config: { oidc_discovery_url: issuer, bound_issuer: issuer } })).toEqual([])
    expect(found(glv08, { config: { oidc_discovery_url: issuer } })).toEqual([])
  })

  test('not one with a provider of its own', () => {
    expect(found(glv01, { role, config: { oidc_discovery_url: url, provider_config: { provider: 'azure' } } })).toEqual(
      [],
    )
  })

  test.each(['https://gitlab.com', 'https://git.example.com', 'https://gitlab.amazonaws.com', 'gitlab.example.com'])(
    'one whose issuer is %s',
    (issuer) => {
      expect(
        found(glv01, { role, config: { jwks_url: 'https://keys.example.com', bound_issuer: issuer } }),
      ).toHaveLength(1)
    },
  )

  test('one that other files configure', () => {
    expect(found(glv01, { role, config: {} })).toHaveLength(1)
  })
})
