import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { examplesOf } from '../support/examples.ts'
import { withFiles } from '../support/files.ts'
import { repository, vaultwright } from '../support/program.ts'
import { role, snapshotOf } from './servers.ts'

const page = 'docs/import.md'
const environments = ['production', 'staging'] as const
const teams = ['ads', 'chat', 'mail', 'search', 'stock', 'wiki']

/** Two environments by name, a few roles each made by hand, and a dozen alike. */
function server() {
  const policies: Record<string, string> = { 'on-call': 'path "ops/data/on-call" {\n  capabilities = ["read"]\n}\n' }
  const roles: Record<string, ReturnType<typeof role>> = {}
  const audience = { bound_audiences: ['https://vault.example.com'] }
  for (const environment of environments) {
    policies[`shop-${environment}`] =
      `# What the shop reads in ${environment}.\npath "ops/data/${environment}/shop/*" {\n  capabilities = ["read"]\n}\n`
    roles[`shop-${environment}`] = role({
      ...audience,
      bound_claims: {
        project_id: '42',
        environment,
        ...(environment === 'production' ? { ref_protected: 'true' } : {}),
      },
      token_policies: [`shop-${environment}`],
      token_ttl: environment === 'production' ? 120 : 300,
    })
  }
  for (const [at, team] of teams.entries()) {
    policies[`team-${team}-read`] = `path "teams/data/${team}/*" {\n  capabilities = ["read"]\n}\n`
    roles[`team-${team}`] = role({
      ...audience,
      bound_claims: { project_id: String(100 + at), ref_protected: 'true' },
      token_policies: [`team-${team}-read`],
    })
  }
  return snapshotOf({
    mounts: { jwt: { type: 'jwt', description: 'GitLab CI jobs', config: { max_lease_ttl: 3600 } } },
    configs: { jwt: { oidc_discovery_url: 'https://gitlab.example.com', bound_issuer: 'https://gitlab.example.com' } },
    roles: { jwt: roles },
    policies,
  })
}

test('docs/import.md shows what an import prints and writes', async () => {
  const examples = examplesOf(page)
  expect(examples.map(({ name }) => name)).toEqual([
    'import -e production -e staging --out access',
    'access/roles/shop.yaml',
    'access/policies/shop.hcl',
    'access/roles/team.yaml',
    'access/policies/team-read.hcl',
    'access/environments/production.yaml',
    'plan -C access',
  ])
  const sandbox = await startSandbox({ load: server() })
  const cwd = withFiles({})
  const env = { VAULT_ADDR: sandbox.address, VAULT_TOKEN: sandbox.token }
  const shown = new Map<string, string>()
  for (const { what, name } of examples) {
    const ended = what === 'output' ? await vaultwright(name.split(' '), { cwd, env }) : undefined
    if (ended !== undefined) expect(ended).toMatchObject({ code: 0 })
    const text = ended?.stdout ?? readFileSync(join(cwd, name), 'utf8')
    shown.set(name, text.replaceAll(sandbox.address, 'http://127.0.0.1:8200'))
  }
  await sandbox.close()
  if (process.env['UPDATE_GOLDEN']) rewrite(shown)
  for (const { name, content } of examplesOf(page)) expect(content, name).toBe(shown.get(name))
})

function rewrite(shown: ReadonlyMap<string, string>): void {
  const file = join(repository, page)
  const text = readFileSync(file, 'utf8').replace(
    /(<!-- (?:file|output): (.+?) -->\n```\w*\n)[\s\S]*?```\n/g,
    (_, head: string, name: string) => `${head}${shown.get(name) ?? ''}\`\`\`\n`,
  )
  writeFileSync(file, text)
}
