import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Files, withFiles } from '../support/files.ts'
import { repository, vaultwright } from '../support/program.ts'

/** What the check says of a file beside this repository's own roles: `CODE severity line`. */
async function said(files: Files, ...names: string[]): Promise<string[]> {
  const directory = withFiles(files)
  mkdirSync(join(directory, '.git'))
  const { stdout } = await vaultwright(['gitlab', 'check', '-C', repository, '--format', 'json', ...names], {
    cwd: directory,
  })
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; severity: string; source?: { line: number } }[]
  }
  return diagnostics.map(({ code, severity, source }) => `${code} ${severity} ${source?.line ?? '-'}`)
}

describe('templates that are generated here', () => {
  test.each(['secrets', 'exec', 'script'])('have nothing said about them, nor about jobs of them (%s)', async (via) => {
    const directory = withFiles({})
    mkdirSync(join(directory, '.git'))
    await vaultwright(['gitlab', 'jobs', '-C', repository, '--via', via, '--out', 'vault-jobs.yml'], { cwd: directory })
    const run = (...names: string[]) => vaultwright(['gitlab', 'check', '-C', repository, ...names], { cwd: directory })
    expect(await run('vault-jobs.yml', '--strict')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no problems'),
    })
  })

  test('a job that takes one and another environment is told so', async () => {
    const directory = withFiles({
      '.gitlab-ci.yml':
        'include: /vault-jobs.yml\ndeploy: { extends: .vault-myproject-production, environment: { name: staging }, script: [./deploy] }\n',
    })
    mkdirSync(join(directory, '.git'))
    await vaultwright(['gitlab', 'jobs', '-C', repository, '--via', 'secrets', '--out', 'vault-jobs.yml'], {
      cwd: directory,
    })
    const { stdout } = await vaultwright(['gitlab', 'check', '-C', repository], { cwd: directory })
    expect(stdout).toMatch(/error\[GLC22\]: the environment of job "deploy" is "staging"[\s\S]*--> .gitlab-ci.yml:2:/)
  })
})

/** Their YAML as it stands there, with the mistakes that are known of it. */
describe('the documents', () => {
  test("GitLab's page: a job of it, as far as it says what it needs", async () => {
    const job = [
      'job_using_vault:',
      '  id_tokens:',
      '    VAULT_ID_TOKEN:',
      '      aud: https://vault.example.com',
      '  secrets:',
      '    DATABASE_PASSWORD:',
      '      vault: production/db/password@ops',
      '      token: $VAULT_ID_TOKEN',
      '',
    ].join('\n')
    // Only production's role may read it, and that one binds an environment.
    expect(await said({ 'a.yml': job }, 'a.yml')).toEqual(['GLC22 warning 1'])
    expect(await said({ 'a.yml': `${job}  environment: production\n` }, 'a.yml')).toEqual([])
  })

  test("GitLab's page: id_tokens inside secrets", async () => {
    const nested = [
      'secrets:',
      '  id_tokens:',
      '    VAULT_ID_TOKEN:',
      '      aud: https://vault.example.com',
      '  DATABASE_PASSWORD:',
      '    vault: production/db/password@ops',
      '    file: false',
      '    token: $VAULT_ID_TOKEN',
      '',
    ].join('\n')
    expect(await said({ 'a.yml': nested }, 'a.yml')).toEqual(['GLC19 error 1', 'GLC18 error 2'])
  })

  test("CWIQ's page: its role is at another mount than its script logs in at", async () => {
    const job = (mount: string, aud = 'https://gitlab.shared.cwiq.io') =>
      [
        'my-job:',
        '  id_tokens:',
        '    VAULT_ID_TOKEN:',
        `      aud: ${aud}`,
        '  script:',
        '    - |',
        '      AUTH_RESPONSE=$(curl -sf \\',
        '        --data "{\\"role\\": \\"nexus-ci\\", \\"jwt\\": \\"${VAULT_ID_TOKEN}\\"}" \\',
        `        "\${VAULT_ADDR}/v1/auth/${mount}/login")`,
        '',
      ].join('\n')
    expect(await said({ 'a.yml': job('jwt') }, 'a.yml')).toEqual(['GLC02 warning 6'])
    expect(await said({ 'a.yml': job('jwt_cwiq') }, 'a.yml')).toEqual([])
    expect(await said({ 'a.yml': job('jwt_cwiq', 'https://vault.shared.cwiq.io') }, 'a.yml')).toEqual([
      'GLC05 warning 4',
    ])
  })

  test("the prompt's page: a global vault key, VAULT_ADDR, and the template that is not there", async () => {
    const file = [
      'vault:',
      '  VAULT_ADDR: https://vault.example.com',
      'deploy:',
      '  extends: .with-build-token',
      '  environment: production',
      '  variables: { VAULT_ADDR: "https://vault.example.com", VAULT_AUTH_ROLE: myproject-production }',
      '  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }',
      '  secrets: { DATABASE_PASSWORD: { vault: production/db/password@ops, token: $VAULT_ID_TOKEN } }',
      '  script: [./deploy]',
      '',
    ].join('\n')
    expect(await said({ 'a.yml': file }, 'a.yml')).toEqual([
      'GLC27 error 1',
      'extends-unknown error 4',
      'GLC26 warning 6',
    ])
  })
})
