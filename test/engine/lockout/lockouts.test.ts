import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { type Asking, type Change, files, lockoutsBetween, usual } from './world.ts'

const rules = (...left: readonly string[]) => usual.policy.filter((line) => !left.some((part) => line.includes(part)))
const claims = usual.role['bound_claims'] as JsonObject

async function refused(change: Change, asking?: Asking) {
  return (await lockoutsBetween(files(), files(change), asking)).map(({ address, allow, message }) => ({
    address,
    allow,
    message,
  }))
}

describe('a plan that changes nothing of theirs', () => {
  test('locks nobody out: no change at all, another policy, another role', async () => {
    expect(await refused({})).toEqual([])
    expect(await refused({ files: { 'policies/other.hcl': 'path "a" { capabilities = ["read"] }\n' } })).toEqual([])
    expect(await refused({ role: { token_ttl: '5m', claim_mappings: { project_id: 'p' } } })).toEqual([])
  })
})

describe('what the apply role may do', () => {
  const losses: readonly (readonly [what: string, change: Change, lost: string])[] = [
    ['writing roles', { policy: rules('auth/jwt/role/*') }, 'create, read, update and delete auth/jwt/role/*'],
    ['listing roles', { policy: rules('auth/jwt/role"') }, 'list auth/jwt/role'],
    ['writing policies', { policy: rules('sys/policies/acl/*') }, 'sys/policies/acl/*'],
    ['listing policies', { policy: rules('sys/policies/acl"') }, 'list sys/policies/acl'],
    ['reading mounts', { policy: rules('sys/auth"') }, 'read sys/auth'],
    ['tuning', { policy: rules('tune') }, 'update sys/mounts/auth/jwt/tune'],
    ['the configuration', { policy: rules('auth/jwt/config') }, 'read and update auth/jwt/config'],
    [
      'one policy among all, by a denial',
      { policy: [...usual.policy, 'path "sys/policies/acl/prod" { capabilities = ["deny"] }'] },
      'sys/policies/acl/* (such as sys/policies/acl/prod)',
    ],
    [
      'everything, by a narrower rule that shadows the other',
      { policy: [...usual.policy, 'path "auth/jwt/role/prod-*" { capabilities = ["read"] }'] },
      'auth/jwt/role/* (such as auth/jwt/role/prod-',
    ],
    [
      'parameters that it sends',
      {
        policy: [
          ...rules('auth/jwt/config'),
          'path "auth/jwt/config" { capabilities = ["read", "update"]\n denied_parameters = { "bound_issuer" = [] } }',
        ],
      },
      'update auth/jwt/config',
    ],
  ]
  test.each(losses)('is missed: %s', async (_what, change, lost) => {
    const [first, ...more] = await refused(change)
    expect(more).toEqual([])
    expect(first).toMatchObject({
      address: 'policy/vaultwright-apply',
      allow: 'lockout:jwt-role/jwt/vaultwright-apply',
    })
    expect(first?.message).toContain(lost)
    expect(first?.message).toContain('policy/vaultwright-apply is changed')
  })

  test('is not missed where other rules say the same, or the lost rule was for nothing that it does', async () => {
    const split = [
      ...rules('auth/jwt/role/*'),
      'path "auth/+/role/*" { capabilities = ["create", "read", "update", "delete"] }',
    ]
    expect(await refused({ policy: split })).toEqual([])
    const more = [...usual.policy, 'path "secret/*" { capabilities = ["read"] }']
    expect(await lockoutsBetween(files({ policy: more }), files())).toEqual([])
    const parameters = [
      ...rules('auth/jwt/config'),
      'path "auth/jwt/config" { capabilities = ["read", "update"]\n allowed_parameters = { "*" = [] } }',
    ]
    expect(await refused({ policy: parameters })).toEqual([])
  })

  test('is missed when the role gives other policies, and the role is blamed', async () => {
    const other = { 'policies/less.hcl': 'path "sys/auth" { capabilities = ["read"] }\n' }
    const [found] = await refused({ role: { token_policies: ['less'] }, files: other })
    expect(found).toMatchObject({ address: 'jwt-role/jwt/vaultwright-apply' })
    expect(found?.message).toContain('jwt-role/jwt/vaultwright-apply is changed')
  })

  test('is not missed when the other policy gives the same, and the token is not in use now', async () => {
    const same = { 'policies/renamed.hcl': `${usual.policy.join('\n')}\n`, 'policies/vaultwright-apply.hcl': undefined }
    const change = { role: { token_policies: ['renamed'] }, files: same }
    expect(await refused(change)).toEqual([])
    // The token that applies keeps the name of the old one, which is deleted before the apply is over.
    const token = { policies: ['vaultwright-apply'], login: { mount: 'jwt', role: 'vaultwright-apply' } }
    const [found] = await refused(change, { token })
    expect(found?.message).toMatch(/the token that applies could no longer .*: policy\/vaultwright-apply is deleted/)
    expect(found?.allow).toBe('lockout:jwt-role/jwt/vaultwright-apply')
  })

  test('is not missed where somebody else keeps a policy that grants it', async () => {
    const role = { token_policies: ['vaultwright-apply', 'admin'] }
    const own = files({ role, files: { 'vaultwright.yaml': 'external_policies: [admin]\n' } })
    const less = files({
      role,
      policy: rules('auth/jwt/role/*'),
      files: { 'vaultwright.yaml': 'external_policies: [admin]\n' },
    })
    const admin = (policy: JsonObject | 'forbidden') => ({ beside: { 'sys/policies/acl/admin': policy } })
    const text = {
      name: 'admin',
      policy: 'path "auth/*" { capabilities = ["create", "read", "update", "delete", "list"] }',
    }
    expect(await lockoutsBetween(own, less, admin(text))).toEqual([])
    const [unread] = await lockoutsBetween(own, less, admin('forbidden'))
    expect(unread?.message).toContain('(unless the policy admin, which could not be read, allows it)')
  })

  test('counts for plan and drift as far as they read', async () => {
    const drift = {
      'vaultwright.yaml': 'gitlab: { pipeline: { roles: { apply: no-such, drift: vaultwright-apply } } }\n',
    }
    const between = (policy: readonly string[]) =>
      lockoutsBetween(files({ files: drift }), files({ policy, files: drift }))
    expect(await between(rules('tune'))).toEqual([])
    expect((await between(rules('sys/auth"')))[0]?.message).toContain('read sys/auth')
  })
})

describe('the login of the apply role', () => {
  const role = (fields: JsonObject): Change => ({ role: fields })
  const lost: readonly (readonly [what: string, change: Change, address: string, why: string])[] = [
    [
      'another branch',
      role({ bound_claims: { ...claims, ref_path: 'refs/heads/master' } }),
      'jwt-role',
      'no token that could log in',
    ],
    ['another audience', role({ bound_audiences: ['https://other'] }), 'jwt-role', 'none of the audiences'],
    ['no audience', role({ bound_audiences: null }), 'jwt-role', 'nobody could log in by it'],
    ['a user claim that jobs have not', role({ user_claim: 'no_such_claim_of_a_job' }), 'jwt-role', ''],
    ['the type for browsers', role({ role_type: 'oidc', allowed_redirect_uris: ['https://v/cb'] }), 'jwt-role', ''],
    [
      'another issuer',
      { config: { ...usual.environment.config, bound_issuer: 'https://other' } },
      'jwt-config/jwt',
      'no token that could log in',
    ],
    [
      'other keys',
      { config: { ...usual.environment.config, oidc_discovery_url: 'https://other' } },
      'jwt-config/jwt',
      'none of the keys',
    ],
    [
      'another algorithm',
      { config: { ...usual.environment.config, jwt_supported_algs: ['ES256'] } },
      'jwt-config/jwt',
      'algorithm',
    ],
    ['deletion', { files: { 'roles/vaultwright-apply.yaml': undefined } }, 'jwt-role', 'the role is deleted'],
  ]
  test.each(lost)('is lost: %s', async (_what, change, address, why) => {
    const [first, ...more] = await refused(change)
    expect(more).toEqual([])
    expect(first?.address).toContain(address)
    expect(first?.message).toMatch(/^after this plan, nobody could log in by jwt-role\/jwt\/vaultwright-apply: /)
    expect(first?.message).toContain(why)
    expect(first?.allow).toBe('lockout:jwt-role/jwt/vaultwright-apply')
  })

  const kept: readonly (readonly [what: string, change: Change])[] = [
    ['one more branch', role({ bound_claims: { ...claims, ref_path: ['refs/heads/main', 'refs/heads/master'] } })],
    ['fewer sources', role({ bound_claims: { ...claims, pipeline_source: 'web' } })],
    ['one more audience', role({ bound_audiences: ['https://vault.example.com', 'https://other'] })],
    ['another user claim', role({ user_claim: 'project_path' })],
    [
      'keys from another path of the same host',
      {
        config: {
          jwks_url: 'https://gitlab.example.com/oauth/discovery/keys',
          bound_issuer: 'https://gitlab.example.com',
        },
      },
    ],
    ['no issuer', { config: { oidc_discovery_url: 'https://gitlab.example.com' } }],
    ['the algorithm of GitLab', { config: { ...usual.environment.config, jwt_supported_algs: ['RS256'] } }],
  ]
  test.each(kept)('is not lost: %s', async (_what, change) => {
    expect(await refused(change)).toEqual([])
  })

  test('an issuer that is bound for the first time has to be that of the keys', async () => {
    const config = (bound?: string) => ({
      oidc_discovery_url: 'https://gitlab.example.com',
      ...(bound && { bound_issuer: bound }),
    })
    const between = (bound: string) => lockoutsBetween(files({ config: config() }), files({ config: config(bound) }))
    expect(await between('https://gitlab.example.com')).toEqual([])
    expect(await between('https://other')).toHaveLength(1)
  })

  test('networks without a common address are no way in, others may be', async () => {
    const between = (was: string, is: string) =>
      lockoutsBetween(files(role({ token_bound_cidrs: [was] })), files(role({ token_bound_cidrs: [is] })))
    expect(await between('10.0.0.0/8', '192.168.0.0/16')).toHaveLength(1)
    expect(await between('10.0.0.0/8', '10.1.0.0/16')).toEqual([])
  })

  test('the very job that applies has to get in again, by whatever role', async () => {
    const now = Math.floor(Date.now() / 1000)
    const mine = {
      iss: 'https://gitlab.example.com',
      aud: 'https://vault.example.com',
      sub: 's',
      iat: now,
      exp: now + 300,
      project_id: '7',
      job_project_id: '7',
      ref_path: 'refs/heads/main',
    }
    const fewer: Change = role({ bound_claims: { ...claims, pipeline_source: 'web' } })
    const token = (source: string) => ({
      token: {
        policies: ['vaultwright-apply'],
        login: { mount: 'jwt', role: 'vaultwright-apply', claims: { ...mine, pipeline_source: source }, alg: 'RS256' },
      },
    })
    const [found] = await refused(fewer, token('push'))
    expect(found?.message).toContain('the job that applies could no longer log in by jwt-role/jwt/vaultwright-apply')
    expect(await refused(fewer, token('web'))).toEqual([])
  })
})

describe("a person's token", () => {
  const ops = {
    'policies/ops.hcl': `${usual.policy.join('\n')}\n`,
    'roles/vaultwright-apply.yaml': undefined,
    'environments/production.yaml': `auth:\n  jwt: ${JSON.stringify({ type: 'jwt', config: usual.environment.config })}\npolicies: [ops]\n${usual.environment.more}`,
  }
  const less = { ...ops, 'policies/ops.hcl': `${rules('sys/policies/acl/*').join('\n')}\n` }
  const token = (...policies: string[]) => ({ token: { policies } })

  test('may lose what it has by a policy of the plan, which is what names the exception', async () => {
    const [found] = await lockoutsBetween(files({ files: ops }), files({ files: less }), token('ops'))
    expect(found).toMatchObject({ address: 'policy/ops', allow: 'lockout:policy/ops' })
    expect(found?.message).toContain('the token that applies could no longer')
  })

  test('that is root, or has other policies, loses nothing', async () => {
    expect(await lockoutsBetween(files({ files: ops }), files({ files: less }), token('root'))).toEqual([])
    const beside = {
      'sys/policies/acl/mine': {
        policy: 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }',
      },
    }
    expect(await lockoutsBetween(files({ files: ops }), files({ files: less }), { ...token('mine'), beside })).toEqual(
      [],
    )
  })
})

describe('over many policies', () => {
  const lines = fc.subarray([...usual.policy], { minLength: 1 })

  test('nobody is locked out by a plan that only adds, and somebody always by one that takes a needed rule', async () => {
    const counts = { refused: 0, silent: 0 }
    await fc.assert(
      fc.asyncProperty(lines, lines, async (was, is) => {
        const taken = was.filter((line) => !is.includes(line))
        const found = await lockoutsBetween(files({ policy: was }), files({ policy: is }))
        expect(found).toHaveLength(taken.length === 0 ? 0 : 1)
        for (const line of taken) expect(found[0]?.message).toContain(/"([^"]+)"/.exec(line)?.[1])
        counts[taken.length === 0 ? 'silent' : 'refused']++
      }),
      { numRuns: 60, seed: 5 },
    )
    expect(counts.refused).toBeGreaterThan(20)
    expect(counts.silent).toBeGreaterThan(2)
  })
})
