import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Files, withFiles } from '../../support/files.ts'
import { vaultwright } from '../../support/program.ts'

const configuration: Files = {
  'vault/environments/production.yaml':
    'address: https://vault.example.com\nauth: { jwt: { type: jwt, config: { jwks_url: "https://gitlab.example.com/-/jwks", bound_issuer: "https://gitlab.example.com" } } }\n',
  'vault/roles/app.yaml':
    'environments: [production]\nrole_type: jwt\nuser_claim: project_id\nbound_audiences: [https://vault.example.com]\nbound_claims: { project_id: "42" }\nsecrets: { DB: { mount: ops, path: db, field: password } }\n',
}

const good =
  'deploy:\n  variables: { VAULT_AUTH_ROLE: app }\n  id_tokens: { T: { aud: https://vault.example.com } }\n  secrets: { DB: { vault: db/password@ops } }\n  script: [./deploy]\n'

function repository(files: Files): string {
  const directory = withFiles({ ...configuration, ...files })
  mkdirSync(join(directory, '.git'))
  return directory
}

const check = (cwd: string, ...words: string[]) =>
  vaultwright(['gitlab', 'check', '-C', `${cwd}/vault`, ...words], { cwd })

describe('gitlab check', () => {
  test('reads .gitlab-ci.yml at the root, whatever folder it is called in', async () => {
    const directory = repository({ '.gitlab-ci.yml': 'include: /ci/a.yml\n', 'ci/a.yml': good })
    const ended = await vaultwright(['gitlab', 'check', '-C', '../vault'], { cwd: join(directory, 'ci') })
    expect(ended).toMatchObject({ code: 0, stdout: '2 files, no problems\n' })
  })

  test('an error is exit code 1, shown at the line where it is written', async () => {
    const directory = repository({ '.gitlab-ci.yml': 'include: /ci/a.yml\n', 'ci/a.yml': good.replace('db/', 'else/') })
    const ended = await check(directory)
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.stdout).toContain('error[GLC10]')
    expect(ended.stdout).toContain('--> ci/a.yml:4:27')
  })

  test('what it advises for one environment does not open the secrets of those that are not asked for', async () => {
    const role = (name: string) =>
      `environments: [${name}]\nrole_type: jwt\nuser_claim: project_id\nbound_audiences: [https://vault.example.com]\nbound_claims: { project_id: "42" }\ntoken_policies: [{ name: "${name}", template: read }]\n`
    const directory = repository({
      'vault/environments/staging.yaml': configuration['vault/environments/production.yaml'] as string,
      'vault/roles/app.yaml': role('production'),
      'vault/roles/other.yaml': role('staging'),
      'vault/policies/read.hcl': 'path "ops/data/${environment}/*" { capabilities = ["read"] }\n',
      '.gitlab-ci.yml': good,
    })
    const { stdout } = await check(directory, '--environment', 'production')
    expect(stdout).toContain('2 policies are made of it')
    expect(stdout).not.toContain('path "ops/data/db"')
  })

  test('a warning is one with --strict only', async () => {
    const file = good.replace('DB: {', 'DB: { file: true,').replace('./deploy', `'x --password $DB'`)
    const directory = repository({ 'a.yml': file })
    expect((await check(directory, 'a.yml')).code).toBe(0)
    expect(await check(directory, 'a.yml', '--strict')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('GLC21'),
    })
  })

  test('what several files include is reported once', async () => {
    const include = 'include: /c.yml\n'
    const directory = repository({ 'a.yml': include, 'b.yml': include, 'c.yml': good.replace('db/', 'else/') })
    const { stdout } = await check(directory, 'a.yml', 'b.yml', '--format', 'json')
    expect(JSON.parse(stdout)).toMatchObject({ summary: { errors: 1 }, diagnostics: [{ source: { file: 'c.yml' } }] })
  })

  test('reports for CI name files from the root of the repository', async () => {
    const directory = repository({ 'ci/a.yml': good.replace('aud: https', 'aud: http') })
    const report = async (format: string) => (await check(directory, 'ci/a.yml', '--format', format)).stdout
    expect(JSON.parse(await report('codequality'))).toMatchObject([
      { check_name: 'GLC05', severity: 'critical', location: { path: 'ci/a.yml', lines: { begin: 3 } } },
    ])
    const [run] = JSON.parse(await report('sarif')).runs
    expect(run.tool.driver.rules[run.results[0].ruleIndex].id).toBe('GLC05')
    expect(run.results[0].locations[0].physicalLocation.artifactLocation.uri).toBe('ci/a.yml')
    expect(await report('junit')).toMatch(/<testsuite name="ci\/a.yml"[^>]*failures="1"/)
  })

  test('a file that is not there, or not in the repository, is a mistake of the call', async () => {
    const directory = repository({})
    expect(await check(directory)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('".gitlab-ci.yml" does not exist'),
    })
    expect(await check(directory, '/etc/hostname')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('lies outside of'),
    })
    expect(await check(directory, '--root', 'nowhere')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no folder'),
    })
  })
})
