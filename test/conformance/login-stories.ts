import { expect, inject } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { gitlab, sign } from '../support/issuer.ts'
import { type Claims, idToken, inSeconds, publicKey, strangersToken } from './id-tokens.ts'
import { answerTo, granted, logIn, login, prepareSite } from './jobs.ts'
import type { Story } from './stories.ts'
import { mount, prepare, type World } from './world.ts'

const unverified = 'error validating token: error verifying token signature'

/** Expects a login to be refused with exactly this. */
async function refused(world: World, body: JsonObject, error: string, status = 400): Promise<void> {
  expect(await login(world, body), error).toEqual({ status, body: { errors: [error] } })
}

/** One role a case: what it asks for, what the token claims, and the server's words. */
type Case = readonly [role: JsonObject, claims: Claims, error: string]

async function eachRefused(world: World, cases: readonly Case[], config?: JsonObject): Promise<void> {
  const roles = Object.fromEntries(cases.map(([spec], at) => [`case-${at}`, spec]))
  await prepareSite(world, { roles, ...(config && { config }) })
  for (const [at, [, claims, error]] of cases.entries())
    await refused(world, { role: `case-${at}`, jwt: await idToken(claims) }, error)
}

export const loginStories: readonly Story[] = [
  {
    title: 'a job that logs in gets the policies, the times and the metadata that its role says',
    async tell(world) {
      const { id } = world
      const ci = {
        token_policies: [`${id}-read`],
        token_ttl: '5m',
        token_explicit_max_ttl: '1h',
        claim_mappings: { project_path: 'project', '/nothing/here': 'absent' },
      }
      await prepareSite(world, { roles: { ci }, policies: { read: 'path "a" { capabilities = ["read"] }' } })
      const auth = await granted(world, 'ci')
      const meta = { project: 'group/app', role: 'ci' }
      const policies = ['default', `${id}-read`]
      expect(auth).toMatchObject({
        policies,
        token_policies: policies,
        metadata: meta,
        lease_duration: 300,
        renewable: true,
        token_type: 'service',
        orphan: true,
        num_uses: 0,
        entity_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        accessor: expect.stringMatching(/./),
        client_token: expect.stringMatching(world.connection.server.product === 'vault' ? /^hvs\./ : /^s\./),
      })
      const holder = { token: String(auth['client_token']) }
      const seen = (await answerTo(world, holder, 'GET', 'auth/token/lookup-self')) as JsonObject
      expect(seen).toMatchObject({
        ...{ policies, meta, id: auth['client_token'], accessor: auth['accessor'], entity_id: auth['entity_id'] },
        ...{ display_name: `${id}-42`, path: `auth/${id}/login`, type: 'service', orphan: true, num_uses: 0 },
        ...{ creation_ttl: 300, explicit_max_ttl: 3600, renewable: true },
      })
      expect(seen['ttl']).toBeGreaterThan(0)
      expect(seen['ttl']).toBeLessThanOrEqual(300)
    },
  },
  {
    title: 'the kind of a token, its time and its uses come from its role, and else from its mount',
    async tell(world) {
      const kinds: Readonly<Record<string, readonly [role: JsonObject, auth: JsonObject]>> = {
        plain: [{}, { token_type: 'service', lease_duration: 600, renewable: true, num_uses: 0 }],
        short: [{ token_ttl: 60 }, { lease_duration: 60 }],
        long: [{ token_ttl: '2h' }, { lease_duration: 3600 }],
        capped: [{ token_ttl: '20m', token_explicit_max_ttl: '5m' }, { lease_duration: 300 }],
        periodic: [{ token_period: '4m' }, { lease_duration: 240, renewable: true }],
        counted: [{ token_num_uses: 3 }, { num_uses: 3 }],
        batch: [{ token_type: 'batch' }, { token_type: 'batch', renewable: false, accessor: '', num_uses: 0 }],
        bare: [{ token_no_default_policy: true, token_policies: ['B', 'a'] }, { policies: ['a', 'b'] }],
      }
      const roles = Object.fromEntries(Object.entries(kinds).map(([name, [spec]]) => [name, spec]))
      await prepareSite(world, { roles, tune: { default_lease_ttl: '10m', max_lease_ttl: '1h' } })
      for (const [name, [, auth]] of Object.entries(kinds)) expect(await granted(world, name), name).toMatchObject(auth)
    },
  },
  {
    title: 'a mount of batch tokens gives them where the role does not say otherwise',
    async tell(world) {
      const roles = { unsaid: {}, asked: { token_type: 'service' } }
      await prepareSite(world, { roles, tune: { token_type: 'default-batch' } })
      expect(await granted(world, 'unsaid')).toMatchObject({ token_type: 'batch' })
      expect(await granted(world, 'asked')).toMatchObject({ token_type: 'service' })
      await prepareSite(world, { roles, tune: { token_type: 'batch' } })
      expect(await granted(world, 'asked')).toMatchObject({ token_type: 'batch' })
    },
  },
  {
    title: 'a job that names no role gets the default one, and a name may be written in any case',
    async tell(world) {
      const config = { jwt_validation_pubkeys: [publicKey], default_role: 'ci' }
      await prepareSite(world, { config, roles: { ci: {}, other: {} } })
      const jwt = await idToken()
      for (const [body, name] of [
        [{ jwt }, 'ci'],
        [{ jwt, role: '' }, 'ci'],
        [{ jwt, role: 'OTHER' }, 'other'],
      ] as const) {
        const { body: answer } = await login(world, body)
        expect(answer?.['auth']).toMatchObject({ metadata: { role: name } })
      }
    },
  },
  {
    title: 'the same project is the same user at every login, and another project another one',
    async tell(world) {
      await prepareSite(world, { roles: { ci: {} } })
      const [first, again] = [await granted(world, 'ci'), await granted(world, 'ci')]
      expect(again['entity_id']).toBe(first['entity_id'])
      expect(again['client_token']).not.toBe(first['client_token'])
      expect((await granted(world, 'ci', { project_id: '43' }))['entity_id']).not.toBe(first['entity_id'])
    },
  },
  {
    title: 'bound claims let in who has one of the values of each: texts, lists, globs, numbers, booleans, pointers',
    async tell(world) {
      const glob = { bound_claims_type: 'glob' }
      const cases: readonly (readonly [JsonObject, Claims])[] = [
        [{ bound_claims: { project_id: '42', ref: 'main' } }, {}],
        [{ bound_claims: { ref: ['next', 'main'] } }, {}],
        [{ bound_claims: { groups: ['b', 'z'] } }, { groups: ['a', 'b'] }],
        [{ ...glob, bound_claims: { ref: ['release/*', 'v*.*'] } }, { ref: 'release/1/2' }],
        [{ ...glob, bound_claims: { ref: ['release/*', 'v*.*'] } }, { ref: 'v1.0' }],
        [{ bound_claims: { runner_id: 7, on: true } }, { runner_id: 7, on: true }],
        [{ bound_claims: { '/runner/tags': 'fast' } }, { runner: { tags: ['fast', 'big'] } }],
        [
          { bound_subject: 's', bound_audiences: ['w', 'https://vault'] },
          { sub: 's', aud: ['v', 'w'] },
        ],
        [{ user_claim: '/user/id', user_claim_json_pointer: true }, { user: { id: 'u' } }],
        [{ groups_claim: 'groups' }, { groups: ['a', 'b'] }],
      ]
      const roles = Object.fromEntries(cases.map(([spec], at) => [`case-${at}`, spec]))
      await prepareSite(world, { roles })
      for (const [at, [, claims]] of cases.entries()) await granted(world, `case-${at}`, claims)
    },
  },
  {
    title: 'before the token is looked at: no configuration, no such role, no token, another address',
    async tell(world) {
      const { id } = world
      const jwt = await idToken()
      await prepare(world, [mount(id)])
      await refused(world, { role: 'ci', jwt }, 'could not load configuration')
      const oidc = { role_type: 'oidc', allowed_redirect_uris: ['https://x.example.com'] }
      await prepareSite(world, { roles: { ci: {}, oidc, far: { token_bound_cidrs: ['10.0.0.0/8'] } } })
      await refused(world, { jwt }, 'missing role')
      await refused(world, { role: 'Nobody', jwt }, 'role "nobody" could not be found')
      await refused(world, { role: 'oidc', jwt }, 'role with oidc role_type is not allowed')
      await refused(world, { role: 'ci' }, 'missing token')
      await refused(world, { role: 'far', jwt }, 'permission denied', 403)
    },
  },
  {
    title: 'what is no token, and what another key has signed',
    async tell(world) {
      await prepareSite(world, { roles: { ci: {} } })
      const [header, payload, signature] = (await idToken()).split('.') as [string, string, string]
      const [, theirs] = (await idToken({ project_id: '1' })).split('.') as [string, string]
      const unproved = `${unverified}: no known key successfully validated the token signature`
      const parts = `${unverified}: go-jose/go-jose: compact JWS format must have three parts`
      for (const [jwt, error] of [
        ['no token', parts],
        [`${header}.${payload}`, parts],
        ['a.b.c', `${unverified}: illegal base64 data at input byte 0`],
        [await strangersToken(), unproved],
        [`${header}.${theirs}.${signature}`, unproved],
        [`${header}.${payload}.`, unproved],
      ] as const)
        await refused(world, { role: 'ci', jwt }, error)
    },
  },
  {
    title: "a job of GitLab logs in by the keys of GitLab's discovery, and nobody else",
    async tell(world) {
      await prepareSite(world, {
        config: { oidc_discovery_url: gitlab, bound_issuer: gitlab },
        roles: { ci: { bound_audiences: ['https://vault.example.com'], bound_claims: { project_id: '22' } } },
      })
      const { body } = await login(world, { role: 'ci', jwt: await sign() })
      expect(body?.['auth']).toMatchObject({ metadata: { role: 'ci' } })
      expect(inject('issuerKey').kid).not.toBe('of-this-run')
      await refused(world, { role: 'ci', jwt: await idToken() }, `${unverified}: failed to verify id token signature`)
      const project = 'error validating claims: claim "project_id" does not match any associated bound claim values'
      await refused(world, { role: 'ci', jwt: await sign({ project_id: '23' }) }, project)
      const issuer = 'error validating token: invalid issuer (iss) claim'
      await refused(world, { role: 'ci', jwt: await sign({ iss: 'gitlab.example.com' }) }, issuer)
    },
  },
  {
    title: 'an algorithm or an issuer that the mount does not take',
    async tell(world) {
      const keys = { jwt_validation_pubkeys: [publicKey] }
      const algorithm =
        'error validating token: invalid algorithm (alg) header parameter: token signed with unexpected algorithm'
      await eachRefused(world, [[{}, {}, algorithm]], { ...keys, jwt_supported_algs: ['ES256'] })
      const issuer = 'error validating token: invalid issuer (iss) claim'
      const bound = { ...keys, bound_issuer: 'https://gitlab.example.com' }
      await eachRefused(world, [[{}, { iss: 'gitlab.example.com' }, issuer]], bound)
      await logIn(world, 'case-0')
    },
  },
  {
    title: 'audience, subject and times that are not those of the role or of now',
    async tell(world) {
      const audience =
        'error validating token: invalid audience (aud) claim: audience claim does not match any expected audience'
      const claimless =
        'error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token'
      const early = 'error validating token: invalid not before (nbf) claim: token not yet valid'
      const late = 'error validating token: invalid expiration time (exp) claim: token is expired'
      const future = 'error validating token: invalid issued at (iat) claim: token issued in the future'
      const unbound = { bound_audiences: [], bound_claims: { project_id: '42' } }
      await eachRefused(world, [
        [{}, { aud: 'https://other' }, audience],
        [{}, { aud: ['https://vault/', 'https://other'] }, audience],
        [unbound, {}, 'audience claim found in JWT but no audiences bound to the role'],
        [{ bound_subject: 's' }, {}, 'error validating token: invalid subject (sub) claim'],
        [{}, { iat: undefined, nbf: undefined, exp: undefined }, claimless],
        [{}, { nbf: inSeconds(600) }, early],
        [{}, { exp: inSeconds(-600), iat: inSeconds(-900), nbf: inSeconds(-900) }, late],
        [{}, { iat: inSeconds(600) }, future],
        [{ clock_skew_leeway: -1 }, { exp: inSeconds(-30), iat: inSeconds(-90), nbf: inSeconds(-90) }, late],
      ])
    },
  },
  {
    title: 'claims that are missing, of another kind, or not one of those that the role wants',
    async tell(world) {
      const misses = (claim: string) => `error validating claims: claim "${claim}" is missing`
      const differs = (claim: string) =>
        `error validating claims: claim "${claim}" does not match any associated bound claim values`
      const glob = { bound_claims_type: 'glob' }
      await eachRefused(world, [
        [{}, { project_id: undefined }, 'claim "project_id" not found in token'],
        [{}, { project_id: 42 }, 'claim "project_id" could not be converted to string'],
        [{ claim_mappings: { n: 'n' } }, { n: 5 }, "error converting claim 'n' to string"],
        [{ groups_claim: 'groups' }, {}, 'failed to fetch groups: "groups" claim not found in token'],
        [{ groups_claim: 'groups' }, { groups: { a: 1 } }, '"groups" claim could not be converted to string list'],
        [{ bound_claims: { environment: 'production' } }, {}, misses('environment')],
        [{ bound_claims: { ref: 'next' } }, {}, differs('ref')],
        [{ bound_claims: { ref: 'ma*' } }, {}, differs('ref')],
        [{ bound_claims: { ref: ['next', 'v1'] } }, {}, differs('ref')],
        [{ bound_claims: { ref: [] } }, {}, differs('ref')],
        [{ bound_claims: { ref_protected: true } }, {}, differs('ref_protected')],
        [{ bound_claims: { n: '5' } }, { n: 5 }, differs('n')],
        [{ bound_claims: { groups: ['c'] } }, { groups: ['a', 'b'] }, differs('groups')],
        [{ ...glob, bound_claims: { ref: 'release/*' } }, {}, differs('ref')],
        [{ ...glob, bound_claims: { ref: ['v?', '[m]ain', 'MAIN'] } }, {}, differs('ref')],
        [{ token_policies: ['root'] }, {}, 'auth methods cannot create root tokens'],
      ])
    },
  },
  {
    title: 'of several claims that do not match, the server names one',
    async tell(world) {
      await prepareSite(world, { roles: { ci: { bound_claims: { ref: 'next', project_id: '1' } } } })
      const { status, body } = await login(world, { role: 'ci', jwt: await idToken() })
      expect(status).toBe(400)
      const words = (claim: string) =>
        `error validating claims: claim "${claim}" does not match any associated bound claim values`
      const one = [['ref'], ['project_id']].map(([claim = '']) => ({ errors: [words(claim)] }))
      expect(one).toContainEqual(body)
    },
  },
  {
    title: 'a role that changes decides the next login, and a mount that is gone admits nobody',
    async tell(world) {
      const { id } = world
      const jwt = await idToken()
      await prepareSite(world, { roles: { ci: { bound_claims: { ref: 'main' }, token_policies: ['a'] } } })
      expect(await granted(world, 'ci')).toMatchObject({ policies: ['a', 'default'] })
      await prepareSite(world, { roles: { ci: { bound_claims: { ref: ['main'] }, token_policies: ['b'] } } })
      expect(await granted(world, 'ci')).toMatchObject({ policies: ['b', 'default'] })
      await prepareSite(world, { roles: { ci: { bound_claims: { ref: 'next' } } } })
      await refused(
        world,
        { role: 'ci', jwt },
        'error validating claims: claim "ref" does not match any associated bound claim values',
      )
      expect(await world.byHand('DELETE', `sys/auth/${id}`)).toBe(204)
      expect((await login(world, { role: 'ci', jwt })).status).toBe(403)
    },
  },
]
