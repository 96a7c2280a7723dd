import { describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { joined, say } from '../access/program.ts'

async function bindings(...words: readonly string[]) {
  const said = await say(['gitlab', 'bindings', ...words])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.stdout
}

interface Report {
  readonly format: string
  readonly environments: readonly {
    readonly environment: string
    readonly address?: string
    readonly namespace?: string
    readonly roles: readonly Readonly<Record<string, unknown>>[]
  }[]
}

describe("the repository's own configuration", () => {
  test('binds each role in its environment, and those with secrets to a template', async () => {
    const { format, environments } = JSON.parse(await bindings('--format', 'json')) as Report
    expect(format).toBe('vaultwright-gitlab-bindings/1')
    expect(
      environments.map(({ environment, roles }) => [environment, roles.map(({ role, template }) => [role, template])]),
    ).toEqual([
      [
        'production',
        [
          ['build-token', '.vault-build-token'],
          ['myproject-production', '.vault-myproject-production'],
          ...['apply', 'drift', 'plan'].map((name) => [`vaultwright-${name}`, undefined]),
          ['nexus-ci', '.vault-nexus-ci'],
        ],
      ],
      [
        'staging',
        [
          ['myproject-staging', '.vault-myproject-staging'],
          ...['apply', 'drift', 'plan'].map((name) => [`vaultwright-${name}`, undefined]),
        ],
      ],
    ])
  })

  test('says who, with which claims and audience, for how long, and what reaches which variable', async () => {
    const { environments } = JSON.parse(await bindings('--format', 'json', '-e', 'production')) as Report
    expect(environments[0]?.roles[1]).toMatchObject({
      mount: 'jwt',
      who: expect.stringContaining('project 42 on protected branch main'),
      claims: { project_id: '42', environment: 'production', pipeline_source: 'push' },
      issuer: 'https://gitlab.example.com',
      audiences: ['https://vault.example.com'],
      type: 'batch',
      ttl: 120,
      secrets: [
        {
          variable: 'DATABASE_PASSWORD',
          engine: 'kv-v2',
          path: 'ops/data/production/db',
          field: 'password',
          file: true,
        },
      ],
    })
  })

  test('has the same in every format for people', async () => {
    const parts = ['myproject-staging', 'project 42 for environment staging', 'batch, 5m', 'ops/data/staging/db']
    for (const format of ['text', 'markdown', 'html']) {
      const said = joined(await bindings('--format', format, '-e', 'staging'))
      for (const part of [...parts, 'DATABASE_PASSWORD', '.vault-myproject-staging', 'job_project_id'])
        expect(said, format).toContain(part)
      expect(said, format).not.toContain('myproject-production')
      expect(said, format).toContain('no secrets declared; its policies have')
    }
  })

  test('has a line a secret for spreadsheets', async () => {
    const lines = (await bindings('--format', 'csv', '-e', 'production')).trim().split('\r\n')
    expect(lines.filter((line) => line.includes('nexus-ci'))).toHaveLength(10)
    expect(lines.filter((line) => line.includes(',vaultwright-plan,'))).toHaveLength(1)
    expect(new Set(lines.map((line) => line.replace(/"(?:[^"]|"")*"/g, '').split(',').length)).size).toBe(1)
  })
})

describe('another configuration', () => {
  const role = (more: string) =>
    `environments: [one, two]\nrole_type: jwt\nuser_claim: project_id\nbound_audiences: [https://vault]\n${more}`
  const environment = (more: string) =>
    `${more}auth: { jwt: { type: jwt, config: { oidc_discovery_url: "https://gitlab.example.com" } } }\n`

  test('shows where the servers are, and which environment a template is of where roles of one name differ', async () => {
    const cwd = withFiles({
      'environments/one.yaml': environment('address: https://one.example.com\nnamespace: team/a\n'),
      'environments/two.yaml': environment('address: https://two.example.com\nserver: openbao@2.6.1\n'),
      'roles/ci.yaml': role(
        'bound_claims: { project_id: "1" }\nsecrets: { KEY: { engine: generic, mount: aws, path: creds/ci, field: access_key } }\n',
      ),
    })
    const said = await say(['gitlab', 'bindings'], { cwd })
    const text = joined(said.stdout)
    expect(text).toContain('one https://one.example.com, namespace team/a, by the rules of Vault')
    expect(text).toContain('two https://two.example.com, by the rules of OpenBao 2.6.1')
    expect(text).toContain('template .vault-ci-one')
    expect(text).toContain('template .vault-ci-two')
    expect(text).toContain('KEY: aws/creds/ci (generic) field access_key, as file')
  })

  test('with hostile names breaks out of no table', async () => {
    const cwd = withFiles({
      'environments/one.yaml': environment(''),
      'environments/two.yaml': environment(''),
      'roles/ci.yaml': role(
        'bound_claims: { project_path: "a|b`<img src=x>@all\\u202e" }\nsecrets: { KEY: { engine: kv-v2, mount: ops, path: "x|`y`", field: "=cmd" } }\n',
      ),
    })
    const markdown = (await say(['gitlab', 'bindings', '--format', 'markdown'], { cwd })).stdout
    for (const row of markdown.split('\n').filter((line) => line.startsWith('|')))
      expect(row.split('|')).toHaveLength(9)
    expect(markdown).not.toContain('<img')
    expect((await say(['gitlab', 'bindings', '--format', 'html'], { cwd })).stdout).not.toContain('<img')
    expect((await say(['gitlab', 'bindings', '--format', 'csv'], { cwd })).stdout).toContain("'=cmd")
    const text = (await say(['gitlab', 'bindings'], { cwd })).stdout
    expect(text).not.toContain('\u202e')
  })
})
