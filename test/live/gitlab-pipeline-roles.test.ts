import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { idTokenOf, type JobName } from '../repository/claims.ts'
import { type Example, examplesOf, writeExample } from '../support/examples.ts'
import { withFiles } from '../support/files.ts'
import { gitlab } from '../support/issuer.ts'
import { request, startVault } from '../support/live-vault.ts'
import { vaultwright } from '../support/program.ts'

const owned = ['vaultwright-plan', 'vaultwright-apply', 'vaultwright-drift', 'new', 'old']

/** As the page says it: the names that an environment owns in place of `*`. */
function withNames(file: Example): Example {
  const line = /^path "sys\/policies\/acl\/\*".*\n/m
  const named = (all: string) => owned.map((name) => all.replace('*', name)).join('')
  return { ...file, content: file.content.replace(line, named) }
}

/** Half of ten objects: as whoever runs the pipeline by hand releases it. */
const released = { VAULTWRIGHT_ALLOW: 'share:all' }

const ownership: [string, string, (file: Example) => Example][] = [
  ['of all policies', 'owns: { policies: ["*"], roles: { jwt: ["*"] } }\n', (file) => file],
  ['of policies by name', `owns: { policies: [${owned.join(', ')}], roles: { jwt: ["*"] } }\n`, withNames],
]

test.each(ownership)(
  'the roles and policies of the page are all that plan, apply, rollback and drift need: an owner %s',
  { timeout: 240_000 },
  async (_, owns, adapted) => {
    const vault = await startVault()
    try {
      const config = `{ oidc_discovery_url: "${gitlab}", bound_issuer: "${gitlab}" }`
      const mount = `type: jwt, tune: { default_lease_ttl: 5m, max_lease_ttl: 1h }, config: ${config}`
      const environment = (auth: string) => `auth: { jwt: { ${auth} } }\n${owns}unmanaged: delete\n`
      const cwd = withFiles({
        'environments/production.yaml': environment(mount),
        'roles/old.yaml': role('old'),
        'policies/old.hcl': 'path "x" { capabilities = ["read"] }\n',
      })
      const files = examplesOf('docs/gitlab-pipeline.md').filter(({ what }) => what === 'file')
      for (const file of files) writeExample(cwd, adapted(file))
      const run = (words: readonly string[], env: Readonly<Record<string, string>>) =>
        vaultwright(words, { cwd, env: { VAULT_ADDR: vault.address, ...env } })
      const as = async (name: JobName, ...words: string[]) =>
        await run(words, { VAULT_ID_TOKEN: await idTokenOf(name), VAULT_AUTH_ROLE: name, ...released })

      expect(await run(['gitlab', 'pipeline'], {})).toMatchObject({ code: 0, stderr: '' })
      const first = await run(['apply', '--auto-approve'], { VAULT_TOKEN: vault.token })
      expect(first.code, first.output).toBe(0)

      const plan = join(cwd, 'roles/vaultwright-plan.yaml')
      writeFileSync(plan, readFileSync(plan, 'utf8').replaceAll('10m', '9m'))
      for (const name of ['roles/old.yaml', 'policies/old.hcl']) rmSync(join(cwd, name))
      writeExample(cwd, { what: 'file', name: 'policies/new.hcl', content: 'path "x" { capabilities = ["read"] }\n' })
      writeExample(cwd, { what: 'file', name: 'roles/new.yaml', content: role('new') })
      writeFileSync(
        join(cwd, 'environments/production.yaml'),
        environment(`description: changed, ${mount.replace('5m', '6m').replace('bound', 'default_role: new, bound')}`),
      )
      const all = /2 to create, 3 to update, 2 to delete/
      const planned = await as('vaultwright-plan', 'plan', '--out', 'plan.json')
      expect(planned.stdout, planned.output).toMatch(all)
      expect(planned.code, planned.output).toBe(2)
      const applied = await as('vaultwright-apply', 'apply', 'plan.json', '--journal', 'journal/')
      expect(applied.code, applied.output).toBe(0)
      const drift = await as('vaultwright-drift', 'drift')
      expect(drift.code, drift.output).toBe(0)

      const [, journal = ''] = /vaultwright rollback (\S+)/.exec(applied.stderr) ?? []
      const back = await as('vaultwright-plan', 'rollback', journal, '--out', 'back.json')
      expect(back.stdout, back.output).toMatch(all)
      const gone = await as('vaultwright-apply', 'apply', '--rollback', 'back.json')
      expect(gone.code, gone.output).toBe(0)
      const again = await as('vaultwright-plan', 'plan')
      expect(again.stdout, again.output).toMatch(all)

      // Neither a way back that is missing, nor a token that stays, nor a question that may not be asked.
      for (const { output } of [planned, applied, drift, gone, again]) expect(output).not.toMatch(/warning\[|error\[/)
      const { body } = await request(vault, 'LIST', 'sys/policies/acl')
      expect(JSON.stringify(body)).not.toContain('vaultwright-lock-')
    } finally {
      await vault.stop()
    }
  },
)

function role(name: string): string {
  return [
    'environments: [production]',
    'role_type: jwt',
    'user_claim: project_id',
    'bound_audiences: [https://vault.example.com]',
    'bound_claims: { project_id: "42", job_project_id: "42", ref_protected: "true" }',
    `token_policies: [${name}]`,
    '',
  ].join('\n')
}
