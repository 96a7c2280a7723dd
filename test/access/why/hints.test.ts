import { describe, expect, test } from 'vitest'
import { modelOf } from '../../../src/access/model.ts'
import { addressDifference } from '../../../src/access/why/address-hints.ts'
import { hintRules } from '../../../src/access/why/hints.ts'
import { type Bearer, judgeLogin } from '../../../src/access/why/judge.ts'
import type { JsonObject, JsonValue } from '../../../src/core/json.ts'
import { kinds } from '../../../src/kinds/index.ts'

const issuer = 'https://gitlab.example.com'
const audience = 'https://vault.example.com'

/** As GitLab gives them to a push on a protected branch. */
const token: JsonObject = {
  ...{ iss: issuer, aud: audience, sub: 'project_path:g/p:ref_type:branch:ref:main', iat: 1000, nbf: 995, exp: 4600 },
  ...{ project_id: '42', project_path: 'g/p', namespace_id: '9', namespace_path: 'g' },
  ...{ job_project_id: '42', job_project_path: 'g/p', job_namespace_id: '9', job_namespace_path: 'g' },
  ...{ ref: 'main', ref_path: 'refs/heads/main', ref_type: 'branch', ref_protected: 'true', pipeline_source: 'push' },
  ...{ user_login: 'sidney', user_email: null, runner_id: 7, groups: ['a', 1] },
}

const plainRole: JsonObject = { role_type: 'jwt', user_claim: 'project_id', bound_audiences: [audience] }

interface Story {
  readonly claims?: JsonObject
  readonly role?: JsonObject
  readonly config?: JsonObject
  readonly bearer?: Partial<Bearer>
  readonly name?: string
  readonly mount?: string
}

/** The ids of all hints of a login at the mount "jwt", beside which there is "other" with another GitLab. */
function hintsOf({
  claims = {},
  role = {},
  config = {},
  bearer = {},
  name = 'ci-main',
  mount = 'jwt',
}: Story): string[] {
  const at = (kind: string, path: string, spec: JsonObject) =>
    ({ kind, path, address: `${kind}/${path}`, spec }) as never
  const model = modelOf(
    [
      at('auth-mount', 'sys/auth/jwt', { type: 'jwt' }),
      at('jwt-config', 'auth/jwt/config', { bound_issuer: issuer, jwks_url: issuer, ...config }),
      at('jwt-role', 'auth/jwt/role/ci-main', { ...plainRole, ...role }),
      at('auth-mount', 'sys/auth/other', { type: 'jwt' }),
      at('jwt-config', 'auth/other/config', { bound_issuer: 'https://gitlab.other.com', jwks_url: issuer }),
      at('jwt-role', 'auth/other/role/elsewhere', plainRole),
      at('auth-mount', 'sys/auth/bare', { type: 'jwt' }),
    ],
    { kinds, server: { product: 'vault', version: '1.21.0' } },
  )
  const whole = { claims: { ...token, ...claims }, alg: 'RS256', now: 1200, ...bearer }
  return judgeLogin({ model, mount, name }, whole).checks.flatMap(({ hints }) => hints.map(({ id }) => id))
}

function bound(claim: string, value: JsonValue, role: JsonObject = {}): JsonObject {
  return { ...role, bound_claims: { [claim]: value } }
}

/** For each hint a login in which it has to be told, and one near it in which it has not. */
const stories: Readonly<Record<string, { readonly told: Story; readonly not: Story }>> = {
  'not-configured': { told: { mount: 'bare' }, not: {} },
  'role-of-other-mount': { told: { name: 'elsewhere' }, not: { name: 'nowhere-at-all' } },
  'role-name': { told: { name: 'ci-mian' }, not: { name: 'something-else' } },
  'missing-token': { told: { bearer: { claims: undefined } }, not: {} },
  'oidc-role': { told: { role: { role_type: 'oidc', allowed_redirect_uris: ['http://x'] } }, not: {} },
  'source-address': {
    told: { role: { token_bound_cidrs: ['10.0.0.0/8'] }, bearer: { remoteAddress: '192.0.2.1' } },
    not: { role: { token_bound_cidrs: ['10.0.0.0/8'] }, bearer: { remoteAddress: '10.1.2.3' } },
  },
  algorithm: {
    told: { config: { jwt_supported_algs: ['ES256'] } },
    not: { config: { jwt_supported_algs: ['RS256'] } },
  },
  'no-times': { told: { bearer: { claims: { iss: issuer, aud: audience, project_id: '42' } } }, not: {} },
  expired: { told: { claims: { exp: 1100 } }, not: { claims: { exp: 1190 } } },
  clock: { told: { claims: { nbf: 1300 } }, not: { claims: { nbf: 1230 } } },
  'user-claim-null': { told: { role: { user_claim: 'user_email' } }, not: { role: { user_claim: 'user_login' } } },
  'mapped-claim': {
    told: { role: { claim_mappings: { runner_id: 'runner' } } },
    not: { role: { claim_mappings: { user_login: 'user' } } },
  },
  'groups-claim': { told: { role: { groups_claim: 'groups_direct' } }, not: { role: { groups_claim: 'user_login' } } },
  'unassignable-policy': {
    told: { role: { token_policies: ['root'] } },
    not: { role: { token_policies: ['rooted'] } },
  },
  'audience-missing': {
    told: { bearer: { claims: Object.fromEntries(Object.entries(token).filter(([name]) => name !== 'aud')) } },
    not: { claims: { aud: 'https://other' } },
  },
  'audience-unbound': {
    told: { role: bound('project_id', '42', { bound_audiences: [] }) },
    not: { claims: { aud: 'https://other' } },
  },
  'audience-variable': { told: { claims: { aud: '$VAULT_ADDR' } }, not: { claims: { aud: 'https://other' } } },
  'audience-differs': { told: { claims: { aud: `${audience}/` } }, not: {} },
  'issuer-bare-host': {
    told: { config: { bound_issuer: 'gitlab.example.com' } },
    not: { config: { bound_issuer: 'https://gitlab.example.org' } },
  },
  'issuer-of-other-mount': {
    told: { claims: { iss: 'https://gitlab.other.com' } },
    not: { claims: { iss: 'https://gitlab.third.com' } },
  },
  'issuer-differs': {
    told: { claims: { iss: `${issuer}/` } },
    not: { claims: { iss: 'https://gitlab.third.com' } },
  },
  subject: {
    told: { role: { bound_subject: 'project_path:g/p' } },
    not: { role: { bound_subject: token['sub'] as string } },
  },
  regex: { told: { role: bound('ref', '^main$') }, not: { role: bound('ref', 'mian') } },
  'glob-in-string': {
    told: { role: bound('ref', 'ma*') },
    not: { role: bound('ref', 'mai*x', { bound_claims_type: 'glob' }) },
  },
  'boolean-for-string': {
    told: { role: bound('ref_protected', true) },
    not: { role: bound('ref_protected', 'false') },
  },
  'number-for-string': { told: { role: bound('project_id', 42) }, not: { role: bound('project_id', 43) } },
  'string-for-number': { told: { role: bound('runner_id', '7') }, not: { role: bound('runner_id', '8') } },
  'string-for-boolean': {
    told: { role: bound('flag', 'true'), claims: { flag: true } },
    not: { role: bound('flag', 'true'), claims: { flag: false } },
  },
  'number-in-list': {
    told: { role: bound('groups', 1) },
    not: { role: bound('groups', 'b'), claims: { groups: ['c'] } },
  },
  'list-as-text': {
    told: { role: bound('pipeline_source', 'push,web') },
    not: { role: bound('pipeline_source', 'web,api') },
  },
  'letter-case': { told: { role: bound('ref', 'Main') }, not: { role: bound('ref', 'Mian') } },
  'white-space': { told: { role: bound('ref', 'main ') }, not: { role: bound('ref', 'mai n') } },
  fork: {
    told: { role: bound('project_id', '42'), claims: { project_id: '666', project_path: 'm/p' } },
    not: { role: bound('project_id', '42'), claims: { project_id: '666', job_project_id: '666' } },
  },
  'renamed-project': { told: { role: bound('project_path', 'g/old') }, not: { role: bound('project_id', '43') } },
  'other-project': { told: { role: bound('project_id', '43') }, not: { role: bound('project_path', 'g/old') } },
  'environment-missing': {
    told: { role: bound('environment', 'production') },
    not: { role: bound('environment', 'production'), claims: { environment: 'staging' } },
  },
  'other-environment': {
    told: { role: bound('environment', 'production'), claims: { environment: 'staging' } },
    not: { role: bound('environment', 'production') },
  },
  'environment-unprotected': {
    told: { role: bound('environment_protected', 'true'), claims: { environment_protected: 'false' } },
    not: { role: bound('environment_protected', 'true') },
  },
  'newer-claim': {
    told: { role: bound('source_project_id', '42') },
    not: { role: bound('user_access_level', 'owner'), claims: { user_access_level: 'developer' } },
  },
  'groups-direct': {
    told: { role: bound('groups_direct', 'team') },
    not: { role: bound('groups_direct', 'team'), claims: { groups_direct: ['other'] } },
  },
  'unknown-claim': {
    told: { role: bound('deployment_action', 'start') },
    not: { role: bound('environment_action', 'start') },
  },
  'merge-request': {
    told: { role: bound('pipeline_source', 'push'), claims: { pipeline_source: 'merge_request_event' } },
    not: { role: bound('pipeline_source', 'push'), claims: { pipeline_source: 'web' } },
  },
  'other-pipeline-source': {
    told: { role: bound('pipeline_source', 'push'), claims: { pipeline_source: 'web' } },
    not: { role: bound('pipeline_source', 'push'), claims: { pipeline_source: 'merge_request_event' } },
  },
  'unprotected-ref': {
    told: { role: bound('ref_protected', 'true'), claims: { ref_protected: 'false' } },
    not: { role: bound('ref_protected', 'false') },
  },
  'full-ref': { told: { role: bound('ref', 'refs/heads/main') }, not: { role: bound('ref', 'develop') } },
  'other-ref': { told: { role: bound('ref_type', 'tag') }, not: { role: bound('ref_protected', 'false') } },
  'null-claim': {
    told: { role: bound('user_email', 'a@b') },
    not: { role: bound('user_email', 'a@b'), claims: { user_email: 'c@d' } },
  },
}

test('every hint has its story', () => {
  const ids = [...new Set(hintRules.map(({ id }) => id))]
  expect(ids.filter((id) => stories[id] === undefined)).toEqual([])
})

describe.each(Object.entries(stories))('%s', (id, { told, not }) => {
  test('is told where the mistake is', () => expect(hintsOf(told)).toContain(id))
  test('is not told beside it', () => expect(hintsOf(not)).not.toContain(id))
})

test('a token that gets in hears nothing', () => {
  expect(hintsOf({ role: bound('project_id', '42') })).toEqual([])
})

test('the same hint for several checks is told once', () => {
  const role = { bound_claims: { ref_protected: 'true', pipeline_source: 'push', ref: 'x' } }
  const claims = { pipeline_source: 'merge_request_event', ref_protected: 'false' }
  expect(hintsOf({ role, claims }).filter((id) => id === 'merge-request')).toEqual(['merge-request'])
})

describe('in what two addresses differ', () => {
  test.each([
    ['https://vault.example.com', 'https://vault.example.com/', 'by the slash at the end'],
    ['https://Vault.example.com', 'https://vault.example.com', 'in upper and lower case'],
    ['http://vault.example.com', 'https://vault.example.com', 'in the scheme'],
    ['https://vault.example.com:8200', 'https://vault.example.com', 'in the port'],
    ['https://vault.example.com/x', 'https://vault.example.com', 'in the path'],
    ['http://vault.example.com:8200', 'https://vault.example.com', 'in the scheme and in the port'],
    ['vault.example.com', 'https://vault.example.com', 'by "https://", which one of them lacks'],
  ])('%s and %s: %s', (a, b, difference) => {
    expect(addressDifference(a, b)).toBe(difference)
    expect(addressDifference(b, a)).toBe(difference)
  })

  test.each([
    ['https://a.example.com', 'https://b.example.com'],
    ['same', 'same'],
  ])('%s and %s: nothing to be told', (a, b) => expect(addressDifference(a, b)).toBeUndefined())
})
