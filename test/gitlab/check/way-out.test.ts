import { describe, expect, test } from 'vitest'
import type { Files } from '../../support/files.ts'
import { diagnosticsFor, job } from './world.ts'

/** What a job is advised whose role may not read a path: nothing that opens it to others. */

const auth =
  'auth: { jwt: { type: jwt, config: { bound_issuer: "https://gitlab.example.com", jwks_url: "https://x" } } }\n'

const role = (environments: string, policies: string | undefined, more = '') =>
  `environments: ${environments}\nrole_type: jwt\nuser_claim: project_id\nbound_audiences: [https://vault.example.com]\nbound_claims: { project_id: "42" }\n${policies === undefined ? '' : `token_policies: ${policies}\n`}${more}`

const grant = (path: string) => `path "${path}" { capabilities = ["read"] }\n`

const environments: Files = {
  'environments/production.yaml': `address: https://vault.example.com\n${auth}`,
  'environments/staging.yaml': `address: https://vault-staging.example.com\n${auth}`,
}

async function advice(path: string, configuration: Files): Promise<string | undefined> {
  const yaml = job({
    variables: '{ VAULT_SERVER_URL: "https://vault.example.com", VAULT_AUTH_ROLE: app, VAULT_AUTH_PATH: jwt }',
    secrets: `{ DB: { vault: ${path}, token: $VAULT_ID_TOKEN } }`,
  })
  const all = await diagnosticsFor(yaml, { configuration: { ...environments, ...configuration } })
  return all.find(({ code }) => code === 'GLC10')?.help
}

describe('a path that may not be read', () => {
  test('comes with the line for a policy that only this role has', async () => {
    const own = {
      'roles/app.yaml': role('[production]', '[everybody, app]'),
      'roles/more.yaml': role('[production]', '[everybody]'),
      'policies/app.hcl': grant('ops/data/app/*'),
      'policies/everybody.hcl': grant('ops/data/open'),
    }
    expect(await advice('billing/db/password@ops', own)).toBe(
      'Add to policies/app.hcl: path "ops/data/billing/db" { capabilities = ["read"] }',
    )
  })

  test('comes with none for a file that several policies are made of, nor for a policy that several roles have', async () => {
    const template = {
      'roles/app.yaml': role('[production]', '[{ name: app-production, template: app }]'),
      'roles/more.yaml': role('[production]', '[{ name: more-production, template: app }]'),
      'policies/app.hcl': grant('ops/data/${environment}/*'),
    }
    expect(await advice('billing/db/password@ops', template)).toBe(
      'Add a rule for that path to a policy that only this role has, not to policies/app.hcl: 2 policies are made of it, and all of them would grant it.',
    )
    const shared = {
      'roles/app.yaml': role('[production]', '[shared]'),
      'roles/more.yaml': role('[production]', '[shared]'),
      'policies/shared.hcl': grant('ops/data/app/*'),
    }
    expect(await advice('billing/db/password@ops', shared)).toBe(
      'Add a rule for that path to a policy that only this role has, not to policies/shared.hcl: 2 roles have that policy, and all of them could read it.',
    )
  })

  test("that seems to be another environment's comes with none, whoever else may read it", async () => {
    const own = {
      'roles/app.yaml': role('[production]', '[app]'),
      'roles/staging.yaml': role('[staging]', '[staging]'),
      'policies/app.hcl': grant('ops/data/app/*'),
      'policies/staging.hcl': grant('ops/data/stage-1/*'),
      'policies/oncall.hcl': grant('ops/data/*'),
    }
    const rest =
      'Read what production has instead; if both are to share it, add a rule to a policy that only this role has.'
    expect(await advice('staging/billing/db/password@ops', own)).toBe(
      `The path has the name of staging in it, and this role is of production. ${rest}`,
    )
    expect(await advice('db/password@kv_staging', own)).toMatch(/^The path has the name of staging in it/)
    expect(await advice('db/password@upstaging', own)).toMatch(/^Add to policies\/app\.hcl: /)
    expect(await advice('stage-1/billing/db/password@ops', own)).toBe(
      `Role staging at auth/jwt of staging may read that path, and no role of production may. ${rest}`,
    )
    expect(await advice('production/staging/password@ops', own)).toMatch(/^Add to policies\/app\.hcl: /)
  })

  test('goes by the whole name of an environment, where it has that of another one in it', async () => {
    const own = {
      'environments/production-eu.yaml': environments['environments/production.yaml'] as string,
      'roles/app.yaml': role('[production]', '[app]'),
      'roles/eu.yaml': role('[production-eu]', '[eu]'),
      'policies/app.hcl': grant('ops/data/app/*'),
      'policies/eu.hcl': grant('ops/data/eu/*'),
    }
    expect(await advice('production-eu/db/password@ops', own)).toMatch(/^The path has the name of production-eu in it/)
    expect(await advice('production/db/password@ops', own)).toMatch(/^Add to policies\/app\.hcl: /)
  })

  test('that another role of the environment reads names it', async () => {
    const own = {
      'roles/app.yaml': role('[production]', '[app]'),
      'roles/billing.yaml': role('[production]', '[billing]'),
      'policies/app.hcl': grant('ops/data/app/*'),
      'policies/billing.hcl': grant('ops/data/billing/*'),
    }
    expect(await advice('billing/db/password@ops', own)).toBe(
      'Role billing at auth/jwt of production may read it. If this role is to as well: Add to policies/app.hcl: path "ops/data/billing/db" { capabilities = ["read"] }',
    )
  })

  test('of a role that declares its secrets is declared, for this role alone', async () => {
    const secrets = 'secrets: { KEY: { mount: ops, path: "${environment}/app", field: key } }\n'
    const one = { 'roles/app.yaml': role('[production]', undefined, secrets) }
    expect(await advice('billing/db/password@ops', one)).toBe('Declare the secret under "secrets" in roles/app.yaml.')
    const two = { 'roles/app.yaml': role('[production, staging]', undefined, secrets) }
    expect(await advice('billing/db/password@ops', two)).toBe(
      'Declare the secret under "secrets" in roles/app.yaml. It makes 2 roles: declare it for production and this one alone.',
    )
  })

  test('only because its mount is not said comes with the mount, and with no rule for the mount kv-v2', async () => {
    const own = {
      'roles/app.yaml': role('[production]', '[app]'),
      'policies/app.hcl': grant('ops/data/app/*'),
    }
    expect(await advice('ops/app/db/password', own)).toBe('Write app/db/password@ops: without "@" the mount is kv-v2.')
    expect(await advice('app/db/password', own)).toBe(
      'Say the mount first: without "@" it is kv-v2. Write app/db/password@ and the mount, here as GLC15 says.',
    )
  })
})
