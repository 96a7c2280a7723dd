import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/files.ts'
import { request, startVault } from '../support/live-vault.ts'
import { vaultwright } from '../support/program.ts'
import type { VaultProcess } from '../support/vault-process.ts'
import { idTokenOf, type JobName } from './claims.ts'

let vault: VaultProcess
let plan: string
/** What drift says of the changes by hand, until somebody mends them. */
let drifted: string

beforeAll(async () => {
  vault = await startVault()
  plan = `${temporaryFolder()}/plan.json`
  return async () => await vault.stop()
})

/** The operator, whose token is needed once: nobody can log in before the first apply. */
const operator = () => ({ VAULT_ADDR: vault.address, VAULT_TOKEN: vault.token })

/** A job of this repository's own pipeline, as GitLab starts it: an ID token, and no token of Vault's. */
async function job(name: JobName) {
  return { VAULT_ADDR: vault.address, VAULT_ID_TOKEN: await idTokenOf(name), VAULT_AUTH_ROLE: name }
}

async function accessors(): Promise<number> {
  const { body } = await request(vault, 'LIST', 'auth/token/accessors')
  return ((body?.['data'] as { keys: string[] } | undefined)?.keys ?? []).length
}

// One server, one story: each step stands on the one before it.
describe.sequential("the repository's own configuration on a real server", () => {
  test('an operator plans it, saves the plan and applies exactly that', async () => {
    const planned = await vaultwright(['plan', '--out', plan], { env: operator() })
    expect(planned).toMatchObject({ code: 2 })
    expect(planned.stdout).toContain('+ jwt-role/jwt/myproject-production')
    expect(await vaultwright(['apply', plan], { env: operator() })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Applied: 18 created/),
    })
  })

  test('a second plan is silent, and a second apply writes nothing', async () => {
    expect(await vaultwright(['plan'], { env: operator() })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('No changes'),
    })
    const again = await vaultwright(['apply', '--auto-approve'], { env: operator() })
    expect(again).toMatchObject({ code: 0 })
    expect(again.output).not.toContain('applying')
  })

  test('the plan role plans, and its token is revoked afterwards', async () => {
    const before = await accessors()
    expect(await vaultwright(['plan'], { env: await job('vaultwright-plan') })).toMatchObject({ code: 0 })
    expect(await accessors()).toBe(before)
  })

  test('the drift role finds what somebody changed by hand', async () => {
    expect(await vaultwright(['drift'], { env: await job('vaultwright-drift') })).toMatchObject({ code: 0 })
    await request(vault, 'POST', 'auth/jwt/role/myproject-production', {
      role_type: 'jwt',
      bound_claims: { project_id: '42' },
    })
    await request(vault, 'DELETE', 'sys/policies/acl/myproject-staging')
    const found = await vaultwright(['drift'], { env: await job('vaultwright-drift') })
    expect(found).toMatchObject({ code: 2 })
    expect(found.stdout).toContain('jwt-role/jwt/myproject-production')
    expect(found.stdout).toContain('policy/myproject-staging')
    drifted = found.stdout
  })

  test('the plan role and the drift role cannot mend it', async () => {
    for (const role of ['vaultwright-plan', 'vaultwright-drift'] as const) {
      const refused = await vaultwright(['apply', '--auto-approve'], { env: await job(role) })
      expect(refused, role).toMatchObject({ code: 1 })
      expect(refused.stderr, role).toContain('nothing was written, because the token may not')
      expect(refused.stderr, role).toContain('path "auth/jwt/role/myproject-production" { capabilities = [')

      const unasked = ['--skip-preflight', '--no-lock']
      const tried = await vaultwright(['apply', '--auto-approve', ...unasked], { env: await job(role) })
      expect(tried, role).toMatchObject({ code: 1, output: expect.stringContaining('permission denied') })
      expect(await vaultwright(['drift'], { env: operator() }), role).toMatchObject({ code: 2, stdout: drifted })
    }
  })

  test('the apply role can', async () => {
    expect(await vaultwright(['apply', '--auto-approve'], { env: await job('vaultwright-apply') })).toMatchObject({
      code: 0,
    })
    expect(await vaultwright(['drift'], { env: await job('vaultwright-drift') })).toMatchObject({ code: 0 })
  })

  test('the apply role can make every other object anew as well', async () => {
    await request(vault, 'DELETE', 'sys/auth/jwt_cwiq')
    for (const name of ['myproject-production', 'nexus-ci', 'build-token'])
      await request(vault, 'DELETE', `sys/policies/acl/${name}`)
    await request(vault, 'DELETE', 'auth/jwt/role/build-token')
    await request(vault, 'POST', 'sys/mounts/auth/jwt/tune', { description: 'by hand', max_lease_ttl: '9h' })
    await request(vault, 'POST', 'auth/jwt/config', {
      oidc_discovery_url: 'https://gitlab.example.com',
      default_role: 'by-hand',
    })
    expect(await vaultwright(['apply', '--auto-approve'], { env: await job('vaultwright-apply') })).toMatchObject({
      code: 0,
    })
    expect(await vaultwright(['plan'], { env: await job('vaultwright-plan') })).toMatchObject({ code: 0 })
  })

  test('a job of another branch does not even log in as the apply role', async () => {
    const env = { ...(await job('vaultwright-plan')), VAULT_AUTH_ROLE: 'vaultwright-apply' }
    expect(await vaultwright(['plan'], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not match any associated bound claim values'),
    })
  })
})
