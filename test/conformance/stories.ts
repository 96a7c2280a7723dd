import { expect } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { addressOf } from '../../src/core/resource.ts'
import type { VaultWriter } from '../../src/core/server.ts'
import { applyChanges } from '../../src/engine/apply.ts'
import { kinds } from '../../src/kinds/index.ts'
import { publicKey } from './id-tokens.ts'
import { config, lines, liveSpec, mount, object, plan, policy, reach, role, type World } from './world.ts'

export interface Story {
  readonly title: string
  /** Servers on which the story can happen; all of them when absent. */
  readonly on?: 'vault' | 'openbao'
  tell(world: World): Promise<void>
}

const read = (path: string) => `path "${path}" {\n  capabilities = ["read"]\n}\n`

/** Each optional field of a role, with a value that is not its default. */
const roleFields: Readonly<Record<string, JsonValue>> = {
  bound_subject: 'project_path:a/b',
  bound_claims: { project_id: '42', ref_protected: 'true' },
  groups_claim: 'groups_direct',
  claim_mappings: { project_path: 'project', user_login: 'user' },
  user_claim_json_pointer: true,
  token_policies: ['b', 'a'],
  token_ttl: '5m',
  token_max_ttl: '1h',
  token_explicit_max_ttl: '2h',
  token_period: '10m',
  token_num_uses: 3,
  token_type: 'service',
  token_no_default_policy: true,
  token_bound_cidrs: ['10.0.0.1/32', '10.1.2.3/16', '2001:0db8:0:0::1/128', 'FE80::0001/64', '::ffff:1.2.3.4'],
  expiration_leeway: '1m',
  not_before_leeway: -1,
  clock_skew_leeway: '90s',
  max_age: '1h',
  allowed_redirect_uris: ['https://b.example.com', 'https://a.example.com'],
  oidc_scopes: ['profile', 'email'],
  verbose_oidc_logging: true,
}

const withFields = (fields: Readonly<Record<string, JsonValue>>): JsonObject => ({
  bound_audiences: ['https://vault'],
  ...fields,
})

const without = (name: string) => Object.fromEntries(Object.entries(roleFields).filter(([field]) => field !== name))

export const stories: readonly Story[] = [
  {
    title: 'from nothing to a mount, its configuration, a policy and a role, and a second apply that writes nothing',
    async tell(world) {
      const { id } = world
      const want = [
        mount(id, { description: 'GitLab CI jobs' }),
        config(id),
        policy(`${id}-read`, read('a')),
        role(id, 'ci', { token_policies: [`${id}-read`] }),
      ]
      await reach(world, want, [
        `create auth-mount/${id}`,
        `create jwt-config/${id}`,
        `create policy/${id}-read`,
        `create jwt-role/${id}/ci`,
      ])
      expect(world.writes()).toHaveLength(4)
      await reach(world, want, [])
      expect(world.writes()).toEqual([])
    },
  },
  {
    title: 'every optional field of a role, all at once, and then each removed in turn',
    async tell(world) {
      const { id } = world
      const want = (spec: JsonObject) => [mount(id), config(id), role(id, 'ci', spec)]
      await reach(world, want(withFields(roleFields)), [
        `create auth-mount/${id}`,
        `create jwt-config/${id}`,
        `create jwt-role/${id}/ci`,
      ])
      for (const name of Object.keys(roleFields)) {
        const planned = await plan(world, want(withFields(without(name))))
        expect(planned.plan.changes, name).toMatchObject([{ action: 'update' }])
        expect(lines(planned)[0], name).toContain(name)
        await reach(world, want(withFields(without(name))), lines(planned))
        expect(await liveSpec(world, role(id, 'ci')), name).not.toHaveProperty(name)
        await reach(world, want(withFields(roleFields)), lines(await plan(world, want(withFields(roleFields)))))
      }
      await reach(world, want(withFields({})), lines(await plan(world, want(withFields({})))))
    },
  },
  {
    title: 'bound claims of every JSON type come back as they are, reordered is no change and retyped is one',
    async tell(world) {
      const { id } = world
      const want = (bound_claims: JsonObject) => [mount(id), role(id, 'ci', { bound_claims })]
      const claims = { s: 'a, b', t: true, n: 22, f: 1.5, list: ['x', 1, false, 'y,z'], empty: [] }
      await reach(world, want(claims), [`create auth-mount/${id}`, `create jwt-role/${id}/ci`])
      expect((await liveSpec(world, role(id, 'ci')))?.['bound_claims']).toEqual({
        ...claims,
        list: [...claims.list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      })
      await reach(world, want({ list: ['y,z', false, 1, 'x'], f: 1.5, empty: [], n: [22], t: true, s: ['a, b'] }), [])
      await reach(world, want({ ...claims, t: 'true' }), [`update jwt-role/${id}/ci: bound_claims.t`])
      await reach(world, want({ ...claims, t: 'true', n: '22' }), [`update jwt-role/${id}/ci: bound_claims.n`])
      await reach(world, want({ s: 'a, b' }), [
        `update jwt-role/${id}/ci: bound_claims.empty, bound_claims.f, bound_claims.list, bound_claims.n, bound_claims.t`,
      ])
    },
  },
  {
    title: 'durations, lists as text and repeated items are spellings, not changes',
    async tell(world) {
      const { id } = world
      const want = (spec: JsonObject) => [mount(id), role(id, 'ci', spec)]
      await reach(world, want({ token_ttl: '1h30m', token_policies: ['a', 'b'], token_type: 'default' }), [
        `create auth-mount/${id}`,
        `create jwt-role/${id}/ci`,
      ])
      await reach(world, want({ token_ttl: 5400, token_policies: 'b, a', token_type: '' }), [])
      await reach(
        world,
        want({ token_ttl: '5400s', token_policies: ['B', 'a', 'a'], bound_audiences: 'https://vault' }),
        [],
      )
    },
  },
  {
    title: 'a role that was written with the old names of its fields is read like any other',
    async tell(world) {
      const { id } = world
      await reach(world, [mount(id)], [`create auth-mount/${id}`])
      const old = {
        role_type: 'jwt',
        user_claim: 'project_id',
        bound_audiences: ['https://vault'],
        policies: ['Reader', 'a'],
        ttl: 300,
        max_ttl: '1h',
        num_uses: 2,
      }
      expect(await world.byHand('POST', `auth/${id}/role/ci`, old)).toBe(204)
      const same = { token_policies: ['a', 'reader'], token_ttl: '5m', token_max_ttl: '1h', token_num_uses: 2 }
      await reach(world, [mount(id), role(id, 'ci', same)], [])
      await reach(
        world,
        [mount(id), role(id, 'ci')],
        [`update jwt-role/${id}/ci: token_max_ttl, token_num_uses, token_policies, token_ttl`],
      )
    },
  },
  {
    title: 'a name that the server lower-cases is the same name',
    async tell(world) {
      const { id } = world
      await reach(
        world,
        [mount(id), role(id, 'MyRole'), policy(`${id}-READ`, read('a'))],
        [`create auth-mount/${id}`, `create policy/${id}-read`, `create jwt-role/${id}/myrole`],
      )
      await reach(world, [mount(id), role(id, 'myrole'), policy(`${id}-read`, read('a'))], [])
    },
  },
  {
    title: 'the same role name on two mounts is two roles',
    async tell(world) {
      const [a, b] = [`${world.id}-a`, `${world.id}-b`]
      const owns = [b].map((path) => ({ kind: 'jwt-role', parent: addressOf('auth-mount', path), name: '*' }))
      await reach(
        world,
        [mount(a), mount(b), role(a, 'ci', { token_ttl: 60 }), role(b, 'ci', { token_ttl: 120 })],
        [`create auth-mount/${a}`, `create auth-mount/${b}`, `create jwt-role/${a}/ci`, `create jwt-role/${b}/ci`],
      )
      await reach(
        world,
        { desired: [mount(a), mount(b), role(a, 'ci', { token_ttl: 60 })], owns, unmanaged: 'delete' },
        [`delete jwt-role/${b}/ci`],
      )
      expect(await liveSpec(world, role(a, 'ci'))).toMatchObject({ token_ttl: 60 })
    },
  },
  {
    title: 'a role removed from the middle of the files goes, and its neighbours stay as they are',
    async tell(world) {
      const { id } = world
      const owns = [{ kind: 'jwt-role', parent: addressOf('auth-mount', id), name: '*' }]
      const all = ['a', 'b', 'c'].map((name, index) =>
        role(id, name, { bound_claims: { project_id: `${index}`, [`only_${name}`]: 'x' } }),
      )
      await reach(
        world,
        [mount(id), ...all],
        [`create auth-mount/${id}`, `create jwt-role/${id}/a`, `create jwt-role/${id}/b`, `create jwt-role/${id}/c`],
      )
      const before = await Promise.all([liveSpec(world, role(id, 'a')), liveSpec(world, role(id, 'c'))])
      await reach(
        world,
        { desired: [mount(id), ...all.filter((_, index) => index !== 1)], owns, unmanaged: 'delete' },
        [`delete jwt-role/${id}/b`],
      )
      expect(await Promise.all([liveSpec(world, role(id, 'a')), liveSpec(world, role(id, 'c'))])).toEqual(before)
    },
  },
  {
    title: 'a policy, a role and a mount that somebody deleted come back',
    async tell(world) {
      const { id } = world
      const want = [mount(id), config(id), policy(`${id}-read`, read('a')), role(id, 'ci')]
      await reach(world, want, [
        `create auth-mount/${id}`,
        `create jwt-config/${id}`,
        `create policy/${id}-read`,
        `create jwt-role/${id}/ci`,
      ])
      await world.byHand('DELETE', `sys/policies/acl/${id}-read`)
      await reach(world, want, [`create policy/${id}-read`])
      await world.byHand('DELETE', `auth/${id}/role/ci`)
      await reach(world, want, [`create jwt-role/${id}/ci`])
      await world.byHand('DELETE', `sys/auth/${id}`)
      await reach(world, want, [`create auth-mount/${id}`, `create jwt-config/${id}`, `create jwt-role/${id}/ci`])
    },
  },
  {
    title: 'a change behind the back of the files is found field by field and mended',
    async tell(world) {
      const { id } = world
      const want = [mount(id), role(id, 'ci', { bound_claims: { project_id: '42', ref_protected: 'true' } })]
      await reach(world, want, [`create auth-mount/${id}`, `create jwt-role/${id}/ci`])
      await world.byHand('POST', `auth/${id}/role/ci`, {
        role_type: 'jwt',
        bound_claims: { project_id: '42' },
        token_policies: ['admin'],
      })
      await reach(world, want, [`update jwt-role/${id}/ci: bound_claims.ref_protected, token_policies`])
    },
  },
  {
    title: 'a policy keeps every byte: comments, tabs, carriage returns, and the line break at its end or none',
    async tell(world) {
      const { id } = world
      for (const text of [
        '# ünïcode\r\npath "a/*" { capabilities = ["read"] }\t\n\n',
        'path "a" {}',
        '{"path":{"a":{"capabilities":["read"]}}}',
        ' \n# only a comment',
      ]) {
        await reach(world, [policy(id, text)], lines(await plan(world, [policy(id, text)])))
        expect(await liveSpec(world, policy(id, text))).toEqual({ policy: text })
      }
    },
  },
  {
    title: 'a policy that changes in layout only is a change of text and not of meaning',
    async tell(world) {
      const { id } = world
      await reach(world, [policy(id, read('a'))], [`create policy/${id}`])
      const reformatted = await reach(
        world,
        [policy(id, 'path "a" { capabilities = ["read"] } # same')],
        [`update policy/${id}: policy`],
      )
      expect(reformatted.plan.changes).toMatchObject([{ meaning: false }])
      const changed = await reach(world, [policy(id, read('b'))], [`update policy/${id}: policy`])
      expect(changed.plan.changes).toMatchObject([{ meaning: true }])
    },
  },
  {
    title: 'a policy whose name holds slashes and odd characters',
    async tell(world) {
      const name = `${world.id}/team a/ü+%20?&=#`
      await reach(world, [policy(name, read('a'))], [`create policy/${name}`])
      await reach(world, { desired: [], owns: [{ kind: 'policy', name: `${world.id}/*` }], unmanaged: 'delete' }, [
        `delete policy/${name}`,
      ])
    },
  },
  {
    title:
      'the policies that the server made itself are never deleted, not even by an environment that owns everything',
    async tell(world) {
      const mine = `${world.id}-mine`
      await reach(world, [policy(mine, read('a'))], [`create policy/${mine}`])
      await world.byHand('POST', 'sys/policies/acl/default-ceiling', { policy: read('ceiling') })
      // Only looked at: this owner of everything would delete what other stories are about.
      const all = await plan(world, { desired: [], owns: [{ kind: 'policy', name: '*' }], unmanaged: 'delete' })
      expect(lines(all)).toContain(`delete policy/${mine}`)
      for (const name of ['default', 'root', 'default-ceiling', 'response-wrapping'])
        expect(lines(all)).not.toContain(`delete policy/${name}`)
    },
  },
  {
    title: 'every tunable field of a mount is set, changed and cleared again',
    async tell(world) {
      const { id } = world
      const tune = {
        default_lease_ttl: '5m',
        max_lease_ttl: '1h',
        listing_visibility: 'unauth',
        token_type: 'batch',
        audit_non_hmac_request_keys: ['role'],
        audit_non_hmac_response_keys: ['a', 'b'],
        passthrough_request_headers: ['X-One', 'X-Two'],
        allowed_response_headers: ['X-Three'],
      }
      await reach(world, [mount(id, { description: 'one', tune })], [`create auth-mount/${id}`])
      await reach(
        world,
        [mount(id, { description: 'two', tune: { ...tune, max_lease_ttl: '2h', token_type: 'service' } })],
        [`update auth-mount/${id}: description, tune.max_lease_ttl, tune.token_type`],
      )
      await reach(
        world,
        [mount(id)],
        [
          `update auth-mount/${id}: description, ${Object.keys(tune)
            .sort()
            .map((name) => `tune.${name}`)
            .join(', ')}`,
        ],
      )
      expect(await liveSpec(world, mount(id))).toEqual({ type: 'jwt' })
    },
  },
  {
    title: 'a new description does not destroy the mount: its roles are still there',
    async tell(world) {
      const { id } = world
      await reach(world, [mount(id), role(id, 'ci')], [`create auth-mount/${id}`, `create jwt-role/${id}/ci`])
      await reach(world, [mount(id, { description: 'new' }), role(id, 'ci')], [`update auth-mount/${id}: description`])
      expect(world.writes().filter((line) => line.startsWith('DELETE'))).toEqual([])
    },
  },
  {
    title: 'what cannot be changed in place is refused with the reason, and nothing is destroyed',
    async tell(world) {
      const { id } = world
      await reach(world, [mount(id)], [`create auth-mount/${id}`])
      const { objections } = await plan(world, [mount(id, { type: 'oidc', local: true })])
      expect(objections.map(({ code, field }) => `${code} ${field.join('.')}`)).toEqual([
        'immutable-field type',
        'immutable-field local',
      ])
    },
  },
  {
    title: 'a configuration is replaced whole: what the files no longer say is gone',
    async tell(world) {
      const { id } = world
      const keys = { jwt_validation_pubkeys: [publicKey] }
      const full = {
        ...keys,
        bound_issuer: 'https://gitlab.example.com',
        default_role: 'CI',
        jwt_supported_algs: ['RS256', 'ES256'],
        namespace_in_state: false,
      }
      await reach(world, [mount(id), config(id, full)], [`create auth-mount/${id}`, `create jwt-config/${id}`])
      await reach(
        world,
        [mount(id), config(id, { ...full, jwt_supported_algs: ['ES256', 'RS256'], default_role: 'ci' })],
        [],
      )
      await reach(
        world,
        [mount(id), config(id, keys)],
        [`update jwt-config/${id}: bound_issuer, default_role, jwt_supported_algs, namespace_in_state`],
      )
    },
  },
  {
    title: 'a field that only the other product has is an objection that names product and version',
    on: 'vault',
    async tell(world) {
      const { id } = world
      const { objections } = await plan(world, [
        mount(id),
        role(id, 'ci', { token_strictly_bind_ip: true, poll_interval: 5 }),
      ])
      expect(objections.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^Vault 1\.\d+\.\d+ has no token_strictly_bind_ip; it needs OpenBao/),
        expect.stringMatching(/^Vault 1\.\d+\.\d+ has no poll_interval; it needs OpenBao/),
      ])
    },
  },
  {
    title: 'fields that only OpenBao has are written, read and cleared there',
    on: 'openbao',
    async tell(world) {
      const { id } = world
      const own = {
        callback_mode: 'device',
        poll_interval: 5,
        token_policies_template_claims: true,
        oauth2_metadata: ['refresh_token', 'access_token'],
        token_strictly_bind_ip: true,
        oidc_disable_confirmation: true,
      }
      await reach(world, [mount(id), role(id, 'ci', own)], [`create auth-mount/${id}`, `create jwt-role/${id}/ci`])
      await reach(
        world,
        [mount(id), role(id, 'ci')],
        [`update jwt-role/${id}/ci: ${Object.keys(own).sort().join(', ')}`],
      )
    },
  },
  {
    title: 'what somebody changed since the plan is not overwritten',
    async tell(world) {
      const { id } = world
      await reach(
        world,
        [mount(id), config(id), role(id, 'ci'), policy(id, read('a'))],
        [`create auth-mount/${id}`, `create jwt-config/${id}`, `create policy/${id}`, `create jwt-role/${id}/ci`],
      )
      const want = [
        mount(id, { description: 'x' }),
        config(id),
        role(id, 'ci', { token_ttl: '1m' }),
        policy(id, read('b')),
      ]
      const { plan: stale } = await plan(world, want)
      await world.byHand('POST', `sys/policies/acl/${id}`, { policy: read('theirs') })
      await world.byHand('POST', `auth/${id}/role/ci`, { role_type: 'jwt', token_ttl: 7 })
      await world.byHand('POST', `sys/mounts/auth/${id}/tune`, { description: 'theirs' })
      world.writes()
      const outcomes = await applyChanges({ kinds, tasks: [stale], server: world.connection, parallelism: 1 })
      expect(outcomes).toMatchObject([
        { status: 'failed', reason: expect.stringMatching(/^somebody changed it .*\(description\)/) },
        { status: 'failed', reason: expect.stringMatching(/^somebody changed it .*\(policy\)/) },
        { status: 'skipped' },
      ])
      expect(world.writes()).toEqual([])
      expect(await liveSpec(world, policy(id, read('a')))).toEqual({ policy: read('theirs') })
    },
  },
  {
    title: 'the server itself refuses a policy that somebody was faster with between a look and a write',
    on: 'openbao',
    async tell(world) {
      const { id } = world
      await reach(world, [policy(id, read('a'))], [`create policy/${id}`])
      const { plan: stale } = await plan(world, [policy(id, read('b'))])
      const late: VaultWriter = {
        ...world.connection,
        async write(...request) {
          await world.byHand('POST', `sys/policies/acl/${id}`, { policy: read('theirs') })
          return world.connection.write(...request)
        },
      }
      const outcomes = await applyChanges({ kinds, tasks: [stale], server: late, parallelism: 1 })
      expect(outcomes).toMatchObject([
        { status: 'failed', reason: expect.stringMatching(/check-and-set.*somebody changed it/) },
      ])
      expect(await liveSpec(world, policy(id, read('a')))).toEqual({ policy: read('theirs') })
    },
  },
  {
    title: 'a policy that must be written with check-and-set stays so',
    on: 'openbao',
    async tell(world) {
      const { id } = world
      await world.byHand('POST', `sys/policies/acl/${id}`, { policy: read('a'), cas_required: true, cas: -1 })
      await reach(world, [policy(id, read('b'))], [`update policy/${id}: policy`])
      expect(await world.connection.read(`sys/policies/acl/${id}`)).toMatchObject({ cas_required: true })
    },
  },
  {
    title: 'all policies are read with one request where the server can, one by one where it cannot',
    async tell(world) {
      const { id } = world
      const policies = ['a', 'b', 'c'].map((name) => policy(`${id}-${name}`, read(name)))
      await reach(
        world,
        policies,
        policies.map(({ address }) => `create ${address}`),
      )
      const asked: string[] = []
      const listening = async (path: string) => {
        asked.push(path)
        return world.connection.read(path)
      }
      const watched: World = { ...world, connection: { ...world.connection, read: listening } }
      expect(lines(await plan(watched, policies))).toEqual([])
      const expected = world.connection.server.product === 'openbao' ? 0 : policies.length
      expect(asked.filter((path) => path.startsWith(`sys/policies/acl/${id}`))).toHaveLength(expected)
    },
  },
  {
    title: 'a mount of another kind is described without a JWT configuration',
    async tell(world) {
      const approle = object('auth-mount', [world.id], { type: 'approle', description: 'machines' })
      await reach(world, [approle], [`create auth-mount/${world.id}`])
    },
  },
]
