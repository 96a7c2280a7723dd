import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { terraformSnapshots } from '../../src/import/terraform.ts'
import { jsonFixture, objectsOf, specs } from './described-objects.ts'
import { asRawState, planOf, resource, state, stateOf } from './terraform-states.ts'

const described = async (json: JsonObject) => specs(await objectsOf(terraformSnapshots(json, 'tf.json')))
const notices = (json: JsonObject) => terraformSnapshots(json, 'tf.json').notices

/** A public key is all that a mount needs here; no server looks at it. */
const keys = { jwt_validation_pubkeys: ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'] }
const backend = (values: JsonObject = {}, more: JsonObject = {}) =>
  resource('vault_jwt_auth_backend', 'ci', { path: 'ci', type: 'jwt', ...keys, ...values }, more)
const role = (values: JsonObject = {}, more: JsonObject = {}) =>
  resource('vault_jwt_auth_backend_role', 'r', { backend: 'ci', role_name: 'r', user_claim: 'sub', ...values }, more)
const policy = (name: string, text = 'path "a" { capabilities = ["read"] }', more: JsonObject = {}) =>
  resource('vault_policy', name, { name, policy: text }, more)

describe('what Terraform really wrote', () => {
  test('a state describes what its configuration says', async () => {
    const shared = {
      ...{ role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['https://vault.example.com'] },
      ...{ bound_claims_type: 'glob', claim_mappings: { project_path: 'project', user_login: 'user' } },
      ...{ token_ttl: 300, token_explicit_max_ttl: 3600, token_bound_cidrs: ['10.0.0.0/8'] },
    }
    const claims = { project_id: '22', ref: ['main', 'release-*'] }
    const objects = await described(jsonFixture('terraform-state.json'))
    expect(objects).toEqual({
      'auth-mount/gitlab': {
        ...{ type: 'jwt', description: 'GitLab CI jobs' },
        tune: { default_lease_ttl: 300, max_lease_ttl: 3600, listing_visibility: 'hidden' },
      },
      'jwt-config/gitlab': {
        ...{ bound_issuer: 'https://gitlab.example.com', default_role: 'reader' },
        jwt_validation_pubkeys: [expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n.*-----END PUBLIC KEY-----$/s)],
      },
      'policy/myproject-production': { policy: expect.stringMatching(/^# production secrets\npath "ops\/data/) },
      'policy/myproject-staging': {
        policy: '# Read-only on staging\npath "ops/data/staging/*" {\n  capabilities = ["read"]\n}\n',
      },
      'jwt-role/gitlab/myproject-production': {
        ...shared,
        bound_claims: { ...claims, environment: 'production*', ref_protected: 'true' },
        token_policies: ['myproject-production'],
      },
      'jwt-role/gitlab/myproject-staging': {
        ...shared,
        bound_claims: { ...claims, environment: 'staging*', ref_protected: 'false' },
        token_policies: ['myproject-staging'],
      },
      'jwt-role/gitlab/reader': {
        ...{ role_type: 'jwt', user_claim: 'user_email', bound_audiences: ['https://vault.example.com'] },
        bound_subject: 'project_path:group/app:ref_type:branch:ref:main',
        ...{ token_policies: ['myproject-staging'], token_num_uses: 2, token_type: 'service' },
      },
    })
  })

  test('the plan that made the state describes the same', async () => {
    const plan = await described(jsonFixture('terraform-plan.json'))
    expect(plan).toEqual(await described(jsonFixture('terraform-state.json')))
  })

  test('the state file itself describes the same', async () => {
    const json = jsonFixture('terraform-state.json')
    expect(await described(asRawState(json))).toEqual(await described(json))
  })

  test('the fixture says which of its resources are not taken over', () => {
    expect(notices(jsonFixture('terraform-state.json'))).toEqual([
      'data.vault_policy_document.production: a data source: Terraform reads it, and does not make it',
      'vault_mount.ops: not taken over: secrets engines are not described by files here',
    ])
  })

  test('the order of the resources does not matter', async () => {
    const json = jsonFixture('terraform-state.json')
    const turned = stateOf(...([...state(json)].reverse() as JsonObject[]))
    expect(await described(turned)).toEqual(await described(json))
  })
})

describe('modules', () => {
  const inModule = (address: string, resources: readonly JsonObject[], ...modules: readonly JsonObject[]) => ({
    address,
    resources: resources.map((entry) => ({ ...entry, address: `${address}.${entry['address']}` })),
    child_modules: modules,
  })

  test('resources of nested modules with for_each and count are found', async () => {
    const inner = inModule('module.a["x.y"].module.b[0]', [policy('inner')])
    const json = {
      ...stateOf(),
      values: {
        root_module: {
          resources: [policy('outer')],
          child_modules: [inModule('module.a["x.y"]', [policy('middle')], inner)],
        },
      },
    }
    expect(Object.keys(await described(json))).toEqual(['policy/outer', 'policy/middle', 'policy/inner'])
  })

  test('the configuration of a module says what nobody wrote in it', async () => {
    const plan = planOf([])
    const made = role(
      { role_type: 'jwt', bound_audiences: ['a'] },
      { address: 'module.a["x.y"].module.b[0].vault_jwt_auth_backend_role.r' },
    )
    const changes = [
      {
        address: made['address'] as string,
        type: made['type'] as string,
        mode: 'managed',
        change: { actions: ['create'], after_unknown: { bound_claims_type: true } },
      },
    ]
    const configuration = (expressions: JsonObject) => ({
      root_module: {
        module_calls: {
          a: {
            module: {
              module_calls: {
                b: { module: { resources: [{ address: 'vault_jwt_auth_backend_role.r', expressions }] } },
              },
            },
          },
        },
      },
    })
    const modules = [
      { address: 'module.a["x.y"]', child_modules: [{ address: 'module.a["x.y"].module.b[0]', resources: [made] }] },
    ]
    const json = { ...plan, planned_values: { root_module: { child_modules: modules } }, resource_changes: changes }
    expect(await described({ ...json, configuration: configuration({}) })).toHaveProperty('jwt-role/ci/r')
    const unclear = { ...json, configuration: configuration({ bound_claims_type: { references: ['var.x'] } }) }
    expect(() => terraformSnapshots(unclear, 'tf.json')).toThrow(/bound_claims_type is known only after the plan/)
  })
})

describe('attributes that are not like the fields of the API', () => {
  const claimsOf = async (values: JsonObject) =>
    (await described(stateOf(backend(), role(values))))['jwt-role/ci/r']?.['bound_claims']

  test('a bound claim is cut at its commas, unless the role says not to', async () => {
    const bound_claims = { ref: 'main, release-1 ,x', id: '1' }
    expect(await claimsOf({ bound_claims })).toEqual({ ref: ['main', 'release-1', 'x'], id: '1' })
    expect(await claimsOf({ bound_claims, disable_bound_claims_parsing: true })).toEqual({
      ref: 'main, release-1 ,x',
      id: '1',
    })
  })

  test('older names of a role’s fields count where the present ones say nothing', async () => {
    const objects = await described(
      stateOf(
        backend(),
        role({ policies: ['a'], token_policies: null, ttl: 60, token_ttl: 0, max_ttl: 90, token_max_ttl: 120 }),
      ),
    )
    expect(objects['jwt-role/ci/r']).toEqual({
      user_claim: 'sub',
      token_policies: ['a'],
      token_ttl: 60,
      token_max_ttl: 120,
    })
  })

  test('settings of a provider get back the types that the provider of Terraform sends', async () => {
    const provider_config = {
      provider: 'gsuite',
      fetch_groups: 'true',
      groups_recurse_max_depth: '5',
      domain: 'example.com',
    }
    const objects = await described(stateOf(backend({ provider_config })))
    expect(objects['jwt-config/ci']?.['provider_config']).toEqual({
      provider: 'gsuite',
      fetch_groups: true,
      groups_recurse_max_depth: 5,
      domain: 'example.com',
    })
  })

  test('a backend of provider 2 has its path in the id alone', async () => {
    const old = resource('vault_jwt_auth_backend', 'old', { id: 'old', ...keys })
    expect(Object.keys(await described(stateOf(old)))).toEqual(['auth-mount/old', 'jwt-config/old'])
  })

  test('names are those that the server gives back', () => {
    const json = stateOf(backend(), role({ role_name: 'Mixed' }), policy('Mixed-Policy'))
    const [server] = terraformSnapshots(json, 'tf.json').servers
    expect(server?.snapshot.list).toEqual({
      'auth/ci/role': { keys: ['mixed'] },
      'sys/policies/acl': { keys: ['mixed-policy'] },
    })
  })

  test('alias_metadata is left out, and that is said', () => {
    expect(notices(stateOf(backend(), role({ alias_metadata: { a: 'b' } })))).toEqual([
      'vault_jwt_auth_backend_role.r: its alias_metadata is left out, because JWT roles have no such field',
    ])
  })
})

describe('lease TTLs that a state says although nobody set them', () => {
  const tune = [{ default_lease_ttl: '768h', max_lease_ttl: '768h0m0s', token_type: 'default-service' }]
  const planned = (expressions: JsonObject) =>
    planOf([{ resource: backend({ tune }), actions: ['no-op'], expressions }])

  test('in a state 768h is taken for not set, and that is said', async () => {
    expect((await described(stateOf(backend({ tune }))))['auth-mount/ci']).toEqual({ type: 'jwt' })
    expect(notices(stateOf(backend({ tune })))).toEqual([
      expect.stringMatching(/^vault_jwt_auth_backend.ci: default_lease_ttl is 768h/),
      expect.stringMatching(/^vault_jwt_auth_backend.ci: max_lease_ttl is 768h/),
    ])
  })

  test('the configuration of a plan tells the two apart', async () => {
    expect((await described(planned({})))['auth-mount/ci']).toEqual({ type: 'jwt' })
    const set = (await described(planned({ tune: {} })))['auth-mount/ci']
    expect(set).toEqual({ type: 'jwt', tune: { default_lease_ttl: 2_764_800, max_lease_ttl: 2_764_800 } })
  })
})

describe('half a truth', () => {
  test('a role of which anything is unknown is left out whole', async () => {
    const plan = planOf([
      { resource: backend(), expressions: {} },
      {
        resource: role({ bound_claims: { a: '1' } }),
        unknown: { bound_claims: { project_id: true } },
        expressions: { bound_claims: {} },
      },
    ])
    expect(Object.keys(await described(plan))).toEqual(['auth-mount/ci', 'jwt-config/ci'])
    expect(notices(plan)).toContain(
      'vault_jwt_auth_backend_role.r: left out, because bound_claims is known only after the plan is applied; take it over from the state then',
    )
  })

  test('without a configuration nothing says that an unknown attribute was not written', async () => {
    const plan = planOf([{ resource: backend() }, { resource: role(), unknown: { role_type: true } }])
    expect(Object.keys(await described(plan))).toEqual(['auth-mount/ci', 'jwt-config/ci'])
  })

  test.each([
    ['in part', { bound_claims: { a: true } }],
    ['in whole', { bound_claims: true }],
  ])('a role of which anything is sensitive is left out whole: %s', async (_how, sensitive_values) => {
    const json = stateOf(backend(), role({ bound_claims: { a: '1' } }, { sensitive_values }))
    expect(Object.keys(await described(json))).toEqual(['auth-mount/ci', 'jwt-config/ci'])
    expect(Object.keys(await described(asRawState(json)))).toEqual(['auth-mount/ci', 'jwt-config/ci'])
  })

  test('what is marked as sensitive and empty holds nothing back', async () => {
    const json = stateOf(backend(), role({ bound_claims: null }, { sensitive_values: { bound_claims: true } }))
    expect(Object.keys(await described(json))).toContain('jwt-role/ci/r')
  })

  test('a policy whose text is unknown is left out', () => {
    const unknown = resource('vault_policy', 'later', { name: 'later' })
    const plan = planOf([
      { resource: policy('now') },
      { resource: unknown, unknown: { policy: true }, expressions: { policy: {} } },
    ])
    expect(terraformSnapshots(plan, 'tf.json').servers[0]?.snapshot.list['sys/policies/acl']?.keys).toEqual(['now'])
  })

  test('a mount whose path is its type is known although Terraform calls the path unknown', async () => {
    const mount = resource('vault_auth_backend', 'jwt', { type: 'jwt', description: null, local: null })
    const planned = (expressions: JsonObject) =>
      planOf([
        { resource: policy('a'), expressions: {} },
        { resource: mount, unknown: { path: true, tune: true, accessor: true }, expressions },
      ])
    expect(Object.keys(await described(planned({ type: {} })))).toContain('auth-mount/jwt')
    expect(Object.keys(await described(planned({ type: {}, path: {} })))).not.toContain('auth-mount/jwt')
  })
})

describe('what is no object of its own', () => {
  test('each is named with its reason, and like ones share a line', () => {
    const mounts = Array.from({ length: 7 }, (_, index) => resource('vault_mount', `m${index}`, { path: `m${index}` }))
    const others = [
      resource('vault_auth_backend', 'users', { type: 'userpass', path: 'userpass' }),
      resource('vault_identity_group', 'g', { name: 'g' }),
      resource('vault_namespace', 'n', { path: 'n' }),
      { ...policy('old'), deposed_key: '01234567' },
      { ...policy('new'), tainted: true },
      resource('aws_instance', 'x', {}),
    ]
    expect(notices(stateOf(policy('a'), ...mounts, ...others))).toEqual([
      'vault_policy.old: what is left of an instance that was replaced is left out',
      'vault_policy.new: tainted: Terraform would destroy it and make it anew; it is taken over as it is',
      'vault_mount.m0, vault_mount.m1, vault_mount.m2, vault_mount.m3, vault_mount.m4 and 2 more: not taken over: secrets engines are not described by files here',
      'vault_auth_backend.users: not taken over: only mounts of type jwt and oidc are',
      'vault_identity_group.g: not taken over: files here do not describe such objects',
      'vault_namespace.n: not taken over: namespaces have to exist; what is in them is taken over for each',
    ])
  })

  test('what a plan removes is left out, what it forgets is kept, and what it makes is not there yet', async () => {
    const plan = planOf(
      [
        { resource: policy('made'), expressions: {} },
        { resource: policy('kept'), actions: ['no-op'], expressions: {} },
        { resource: policy('gone'), actions: ['delete'] },
        { resource: policy('forgotten'), actions: ['forget'] },
      ],
      { vault: { name: 'vault', expressions: {} } },
    )
    expect(Object.keys(await described(plan))).toEqual(['policy/made', 'policy/kept', 'policy/forgotten'])
    expect(notices(plan)).toEqual([
      'vault_policy.gone: left out, because the plan deletes it',
      'vault_policy.forgotten: the plan forgets it and the server keeps it; it is taken over',
      'vault_policy.made: taken over as the plan wants it; the server has it so only after the plan is applied',
    ])
  })

  test('a role in a mount that is not described is found, and the mount is said to be unknown', async () => {
    const { servers, notices } = terraformSnapshots(stateOf(role({ backend: '/elsewhere/' })), 'tf.json')
    expect(servers[0]?.undescribedMounts).toEqual(['elsewhere'])
    expect(Object.keys(await described(stateOf(role({ backend: 'elsewhere' }))))).toContain('jwt-role/elsewhere/r')
    expect(notices).toEqual([
      'auth/elsewhere: not described here, though roles in it are: they are taken over, the mount is not',
    ])
  })

  test.each(['../policies/acl/x', 'a/b', '', 'x y', '..'])('no server has a role called "%s"', (role_name) => {
    const { servers, notices } = terraformSnapshots(stateOf(backend(), role({ role_name })), 'tf.json')
    expect(Object.keys(servers[0]?.snapshot.read ?? {})).toEqual(['sys/auth', 'auth/ci/config'])
    expect(notices).toEqual([
      'vault_jwt_auth_backend_role.r: left out, because no server can have an object of this name',
    ])
  })
})
