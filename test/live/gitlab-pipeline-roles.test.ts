import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { idTokenOf, type JobName } from '../repository/claims.ts'
import { examplesOf, writeExample } from '../support/examples.ts'
import { withFiles } from '../support/files.ts'
import { gitlab } from '../support/issuer.ts'
import { startVault } from '../support/live-vault.ts'
import { vaultwright } from '../support/program.ts'

test('the roles and policies of the page are all that plan, apply and drift need', { timeout: 120_000 }, async () => {
  const vault = await startVault()
  try {
    const config = `{ oidc_discovery_url: "${gitlab}", bound_issuer: "${gitlab}" }`
    const mount = `type: jwt, tune: { default_lease_ttl: 5m, max_lease_ttl: 1h }, config: ${config}`
    const cwd = withFiles({ 'environments/production.yaml': `auth: { jwt: { ${mount} } }\n` })
    const files = examplesOf('docs/gitlab-pipeline.md').filter(({ what }) => what === 'file')
    for (const file of files) writeExample(cwd, file)
    const run = (words: readonly string[], env: Readonly<Record<string, string>>) =>
      vaultwright(words, { cwd, env: { VAULT_ADDR: vault.address, ...env } })
    const as = async (name: JobName, ...words: string[]) =>
      await run(words, { VAULT_ID_TOKEN: await idTokenOf(name), VAULT_AUTH_ROLE: name })

    expect(await run(['gitlab', 'pipeline'], {})).toMatchObject({ code: 0, stderr: '' })
    const first = await run(['apply', '--auto-approve'], { VAULT_TOKEN: vault.token })
    expect(first.code, first.output).toBe(0)

    const role = join(cwd, 'roles/vaultwright-plan.yaml')
    writeFileSync(role, readFileSync(role, 'utf8').replaceAll('10m', '9m'))
    writeExample(cwd, { what: 'file', name: 'policies/new.hcl', content: 'path "x" { capabilities = ["read"] }\n' })
    writeExample(cwd, { what: 'file', name: 'roles/new.yaml', content: newRole })
    writeFileSync(
      join(cwd, 'environments/production.yaml'),
      `auth: { jwt: { description: changed, ${mount.replace('5m', '6m')} } }\n`,
    )
    const planned = await as('vaultwright-plan', 'plan')
    expect(planned.stdout, planned.output).toMatch(/2 to create, 2 to update/)
    const applied = await as('vaultwright-apply', 'apply', '--auto-approve')
    expect(applied.code, applied.output).toBe(0)
    const drift = await as('vaultwright-drift', 'drift')
    expect(drift.code, drift.output).toBe(0)
  } finally {
    await vault.stop()
  }
})

const newRole = [
  'environments: [production]',
  'role_type: jwt',
  'user_claim: project_id',
  'bound_audiences: [https://vault.example.com]',
  'bound_claims: { project_id: "42", job_project_id: "42" }',
  'token_policies: [new]',
  '',
].join('\n')
