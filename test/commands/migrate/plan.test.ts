import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migrationSchema } from '../../../src/gitlab/migrate/migration.ts'
import { withFiles } from '../../support/files.ts'
import { gitlabProject, validate } from '../../support/gitlab-ci-local.ts'
import { vaultwright } from '../../support/program.ts'

const canary = 'canary-value-1'
const exported = [
  {
    key: 'DATABASE_URL',
    value: `postgres://app:${canary}@db/app`,
    environment_scope: 'production',
    protected: true,
    masked: true,
  },
  { key: 'DATABASE_URL', value: `postgres://app:${canary}2@db/app`, environment_scope: 'staging' },
  { key: 'DEPLOY_TOKEN', value: canary },
  { key: 'KUBECONFIG', value: `a: ${canary}`, variable_type: 'file' },
  { key: 'AWS_ACCESS_KEY_ID', value: `AKIA${'ABCDEFGH12345678'}` },
  { key: 'AWS_SECRET_ACCESS_KEY', value: `${canary}${canary}` },
  { key: 'SEALED', value: null, hidden: true, environment_scope: 'review/*' },
  { key: 'API_URL', value: 'https://api.example.com' },
  { key: 'GREETING', value: `hello ${canary}` },
]
const group = [
  { key: 'DEPLOY_TOKEN', value: `${canary}-of-the-group` },
  { key: 'REGISTRY_PASSWORD', value: canary },
]
const world = { 'e.json': JSON.stringify(exported), 'g.json': JSON.stringify(group) }
const servers = ['--vault', 'https://vault.example.com', '--gitlab-url', 'https://gitlab.example.com']

test.each(['inventory', 'plan', 'checklist', 'copy', 'verify'])('migrate %s takes -v', async (name) => {
  const { code, stderr } = await vaultwright(['migrate', name, '-v', 'not-there.json'])
  expect(code).toBe(1)
  expect(stderr).not.toContain('unknown option')
})

async function inventory(files: Readonly<Record<string, string>> = world): Promise<string> {
  const cwd = withFiles(files)
  const words = ['--export', 'e.json', '--of', 'company/app', '--out', 'one.json']
  expect(await vaultwright(['migrate', 'inventory', ...words], { cwd })).toMatchObject({ code: 0 })
  return cwd
}

/** Of the project and its group. */
async function both(): Promise<string> {
  const cwd = withFiles(world)
  const words = ['--export', 'company/app=e.json', '--group-export', 'company=g.json', '--out', 'one.json']
  expect(await vaultwright(['migrate', 'inventory', ...words], { cwd })).toMatchObject({ code: 0 })
  return cwd
}

function plan(cwd: string, ...more: string[]) {
  return vaultwright(
    ['migrate', 'plan', 'one.json', '--project', '42=company/app', ...servers, '--out', 'out', ...more],
    { cwd },
  )
}

function written(cwd: string, path: string): string {
  return readFileSync(join(cwd, 'out', path), 'utf8')
}

describe('a plan', () => {
  test.each([
    ['as it is', []],
    ['for the free edition', ['--edition', 'free']],
    ['with a role for jobs without an environment', ['--without-environment']],
    [
      'with another mount, namespace and environment',
      ['--auth-mount', 'gitlab', '--namespace', 'team', '--environment', 'qa', '--mount', 'kv/ci'],
    ],
  ])('stands up to check without a finding: %s', async (_, more) => {
    const cwd = await both()
    expect(await plan(cwd, ...more)).toMatchObject({ code: 0, stderr: '' })
    const checked = await vaultwright(['check', '-C', 'out', '--format', 'json'], { cwd })
    expect(checked).toMatchObject({ code: 0 })
    expect(JSON.parse(checked.stdout)).toMatchObject({ diagnostics: [] })
    const jobs = await vaultwright(['gitlab', 'jobs', '--check', '-C', 'out'], { cwd })
    expect(jobs).toMatchObject({ code: 0 })
  })

  test('its job templates are what GitLab takes', async () => {
    const cwd = await both()
    await plan(cwd)
    const jobs = 'deploy: { extends: .vault-app-production, script: [make] }\n'
    const project = gitlabProject({ '.gitlab-ci.yml': `${written(cwd, 'gitlab/vault-jobs.yml')}\n${jobs}` })
    expect(await validate(project)).toMatchObject({ valid: true })
  })

  test('has one role for each environment, with the strongest variable of each name', async () => {
    const cwd = await both()
    await plan(cwd)
    const { items } = migrationSchema.parse(JSON.parse(written(cwd, 'migration.json')))
    const at = (id: string) => items.find((one) => one.id === id)
    expect(at('project company/app: DATABASE_URL@production')).toMatchObject({
      vault: { mount: 'ci', path: 'company/app/production', field: 'DATABASE_URL' },
      roles: ['app-production'],
    })
    expect(at('project company/app: DEPLOY_TOKEN')?.roles).toEqual(['app-production', 'app-review', 'app-staging'])
    expect(at('group company: REGISTRY_PASSWORD')?.vault.path).toBe('company/shared')
    expect(at('project company/app: SEALED@review/*')?.roles).toEqual(['app-review'])
    // The project's own comes before the group's, in every environment.
    expect(at('group company: DEPLOY_TOKEN')).toBeUndefined()
  })

  test('says what stays, what to decide, what could be dynamic and how to write each value', async () => {
    const cwd = await both()
    await plan(cwd)
    const { stays, decide } = migrationSchema.parse(JSON.parse(written(cwd, 'migration.json')))
    expect(stays.map(({ id }) => id)).toEqual(['project company/app: API_URL'])
    expect(decide.map(({ id }) => id)).toEqual(['group company: DEPLOY_TOKEN', 'project company/app: GREETING'])
    const text = written(cwd, 'MIGRATION.md')
    expect(text).toContain('vault kv put -cas=0 -mount=ci company/app/production DATABASE_URL=-\n')
    expect(text).toContain('vault kv patch -mount=ci company/app/shared KUBECONFIG=@KUBECONFIG.file\n')
    expect(text).toContain('the database engine.')
    expect(text).toContain('the aws engine.')
  })

  test('shows a scope as text wherever it stands, with no markup, mention or quick action of its own', async () => {
    const scope = 'a | `b` <img src=x> @all'
    const variable = { key: 'A_TOKEN', value: canary, environment_scope: scope }
    const hostile = [variable, { ...variable, environment_scope: 'b\n/close\n' }]
    const cwd = await inventory({ 'e.json': JSON.stringify(hostile) })
    await plan(cwd)
    const text = written(cwd, 'MIGRATION.md')
    expect(text).toContain('read on any branch today')
    expect(text).not.toMatch(/<img|@all|^\/close/m)
  })

  test.each(['a b', 'x$(id)', '../kv', 'kv/', 'kv//ci'])(
    'does not take %j for the path of an engine',
    async (mount) => {
      const ended = await plan(await inventory(), '--mount', mount)
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('--mount takes') })
    },
  )

  test('takes the word of a person for what a variable is', async () => {
    const cwd = await inventory()
    await plan(cwd, '--secret', 'GREETING', '--configuration', 'DEPLOY_TOKEN')
    const { items, stays } = migrationSchema.parse(JSON.parse(written(cwd, 'migration.json')))
    expect(items.map(({ key }) => key)).toContain('GREETING')
    expect(stays.map(({ id }) => id)).toContain('project company/app: DEPLOY_TOKEN')
  })

  test('holds no value', async () => {
    const cwd = await both()
    const ended = await plan(cwd)
    const files = [
      'MIGRATION.md',
      'migration.json',
      'roles/app.yaml',
      'gitlab/vault-jobs.yml',
      'environments/production.yaml',
    ]
    for (const text of [ended.output, ...files.map((file) => written(cwd, file))]) expect(text).not.toContain('canary')
  })

  test('is the same when it is made again, and leaves alone what somebody made their own', async () => {
    const cwd = await both()
    await plan(cwd)
    const before = written(cwd, 'roles/app.yaml')
    const own = `# Ours now.\n${before.split('\n').slice(1).join('\n')}`
    writeFileSync(join(cwd, 'out/roles/app.yaml'), own)
    expect(await plan(cwd)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("roles/app.yaml is somebody's own"),
    })
    expect(written(cwd, 'roles/app.yaml')).toBe(own)
    writeFileSync(join(cwd, 'out/roles/app.yaml'), before)
    await plan(cwd)
    expect(written(cwd, 'roles/app.yaml')).toBe(before)
  })
})

describe('without what it needs', () => {
  test.each([
    [['--project', '42=company/app', '--gitlab-url', 'https://g.example.com'], 'which Vault'],
    [['--project', '42=company/app', '--vault', 'https://v.example.com'], 'which GitLab'],
    [servers, 'which project'],
    [[...servers, '--project', 'company/app'], 'a number and a path'],
  ])('it fails: %j', async (words, message) => {
    const cwd = await inventory()
    const ended = await vaultwright(['migrate', 'plan', 'one.json', ...words], { cwd })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
  })

  test('it takes nothing but an inventory, and does not quote it', async () => {
    const cwd = withFiles({
      'one.json': '{"format":"vaultwright-inventory/1","gitlab":["canary"]}',
      'x.json': '["canary"]',
    })
    for (const file of ['one.json', 'x.json']) {
      const ended = await vaultwright(['migrate', 'plan', file, ...servers], { cwd })
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('not-such-a-file') })
      expect(ended.output).not.toContain('canary')
    }
  })
})
