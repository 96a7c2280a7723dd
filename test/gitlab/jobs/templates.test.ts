import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { gitlabYaml } from '../../../src/config/gitlab-document.ts'
import { readSecretsManifest } from '../../../src/config/secrets-manifest.ts'
import type { Via } from '../../../src/core/configuration.ts'
import { type JobRole, jobRoles } from '../../../src/gitlab/job-role.ts'
import { manifestLine } from '../../../src/gitlab/jobs/exec-command.ts'
import { jobFiles } from '../../../src/gitlab/jobs/files.ts'
import { problemsOf } from '../../../src/gitlab/jobs/refused.ts'
import { type Files, loadFiles, told } from '../../support/files.ts'
import { repository } from '../../support/program.ts'

const environment = (more = '') =>
  `${more}auth: { jwt: { type: jwt, config: { oidc_discovery_url: "https://gitlab.example.com" } } }\n`

function role(secrets: string, more = ''): string {
  const head = 'role_type: jwt\nuser_claim: project_id\nbound_claims: { project_id: "42" }\n'
  const audience = more.includes('bound_audiences') ? '' : 'bound_audiences: [https://vault]\n'
  return `${more.includes('environments:') ? '' : 'environments: [production]\n'}${head}${audience}${more}secrets:\n${secrets}`
}

async function roles(files: Files) {
  const configuration = await loadFiles({ 'environments/production.yaml': environment(), ...files })
  expect(told(configuration)).toEqual([])
  return jobRoles(configuration.environments).filter(({ secrets }) => Object.keys(secrets).length > 0)
}

interface Choice {
  readonly via?: Via
  readonly wanted?: (role: JobRole) => boolean
}

async function written(files: Files, { via = 'secrets', wanted = () => true }: Choice = {}) {
  const options = { via, command: 'vaultwright gitlab jobs', wanted, adapt: [], parts: '/gitlab/vault-jobs/' }
  const { main } = jobFiles(await roles(files), options)
  return gitlabYaml(main)
}

/** The templates as GitLab reads them. */
async function templates(files: Files, options?: Parameters<typeof written>[1]) {
  const text = (await written(files, options)).replaceAll('!reference ', '')
  return parse(text, { version: '1.1' }) as Record<string, Record<string, never>>
}

const password = '  PASSWORD: { mount: ops, path: shop/db, field: password, file: false }\n'

describe('secrets', () => {
  test('stand in the short form where it says the same, else in the long form', async () => {
    const { '.vault-ci': template } = await templates({
      'roles/ci.yaml': role(
        [
          '  A: { mount: ops, path: shop/db, field: password }',
          '  B: { mount: team/ops, path: a@b, field: c d, file: false }',
          '  C: { mount: ops, path: db, field: a/b }',
          '  D: { mount: ops, path: db, field: a@b }',
          '  E: { mount: "o@ps", path: db, field: c }',
          '  F: { engine: kv-v1, mount: old, path: db, field: c }',
          '  G: { engine: generic, mount: aws, path: creds/ci, field: access_key }',
          '',
        ].join('\n'),
      ),
    })
    const long = (name: string, path: string, rest: object) => ({ engine: { name, path }, ...rest })
    const token = '$VAULT_ID_TOKEN'
    expect(template?.['secrets']).toEqual({
      A: { vault: 'shop/db/password@ops', token, file: true },
      B: { vault: 'a@b/c d@team/ops', token, file: false },
      C: { vault: long('kv-v2', 'ops', { path: 'db', field: 'a/b' }), token, file: true },
      D: { vault: long('kv-v2', 'ops', { path: 'db', field: 'a@b' }), token, file: true },
      E: { vault: long('kv-v2', 'o@ps', { path: 'db', field: 'c' }), token, file: true },
      F: { vault: long('kv-v1', 'old', { path: 'db', field: 'c' }), token, file: true },
      G: { vault: long('generic', 'aws', { path: 'creds/ci', field: 'access_key' }), token, file: true },
    })
  })

  test('of the generic engine come with what they need', async () => {
    const leased = '  KEY: { engine: generic, mount: aws, path: creds/ci, field: access_key }\n'
    expect(await written({ 'roles/ci.yaml': role(leased) })).toContain(
      '# Engine "generic" needs GitLab Runner 16.11.\n',
    )
    expect(await written({ 'roles/ci.yaml': role(password) })).not.toContain('16.11')
  })
})

describe('variables', () => {
  test('say where Vault is as far as the files do', async () => {
    const at = {
      'environments/production.yaml': environment('address: https://vault.example.com\nnamespace: team/a\n'),
    }
    const { '.vault-ci': known } = await templates({ ...at, 'roles/ci.yaml': role(password) })
    const login = { VAULT_AUTH_PATH: 'jwt', VAULT_AUTH_ROLE: 'ci' }
    const where = { VAULT_SERVER_URL: 'https://vault.example.com', VAULT_NAMESPACE: 'team/a' }
    expect(known?.['variables']).toEqual({ ...where, ...login })
    const { '.vault-ci': open } = await templates({ 'roles/ci.yaml': role(password) })
    expect(open?.['variables']).toEqual(login)
  })

  test('name the mount as GitLab wants it', async () => {
    const mount = 'auth: { jwt/gitlab: { type: jwt, config: { oidc_discovery_url: "https://gitlab.example.com" } } }\n'
    const files = { 'environments/production.yaml': mount, 'roles/ci.yaml': role(password, 'mount: jwt/gitlab\n') }
    expect((await templates(files))['.vault-ci']?.['variables']).toMatchObject({ VAULT_AUTH_PATH: 'jwt/gitlab' })
  })
})

describe('names', () => {
  const two = (staging: string, production: string) => ({
    'environments/staging.yaml': environment(staging),
    'environments/production.yaml': environment(production),
  })
  const both = 'environments: [staging, production]\n'
  const [there, here] = ['address: https://staging\n', 'address: https://production\n']

  test('are the role', async () => {
    const files = { ...two('', ''), 'roles/ci.yaml': role(password, `name: ci-\${environment}\n${both}`) }
    expect(Object.keys(await templates(files))).toEqual(['.vault-ci-production', '.vault-ci-staging'])
  })

  test('are one for a role that two environments of a server share', async () => {
    const text = await written({ ...two('', ''), 'roles/ci.yaml': role(password, both) })
    expect(text.match(/^\.vault.*/gm)).toEqual(['.vault-ci:'])
    expect(text).toContain('# Role ci at auth/jwt, of production and staging (roles/ci.yaml).')
  })

  test('tell the environments of two servers apart', async () => {
    const files = { ...two(there, here), 'roles/ci.yaml': role(password, both) }
    expect(Object.keys(await templates(files))).toEqual(['.vault-ci-production', '.vault-ci-staging'])
  })

  test('tell a role from another whose name is the same with an environment', async () => {
    const files = {
      ...two(there, here),
      'roles/ci.yaml': role(password, both),
      'roles/ci-staging.yaml': role('  OTHER: { mount: ops, path: x, field: y }\n', 'environments: [production]\n'),
    }
    expect(Object.keys(await templates(files))).toEqual([
      '.vault-ci-production',
      '.vault-ci-staging-production',
      '.vault-ci-staging-jwt',
    ])
  })

  test('do not depend on which of them are written', async () => {
    const files = { ...two(there, here), 'roles/ci.yaml': role(password, both) }
    const wanted = (item: JobRole) => item.environment.name === 'staging'
    expect(Object.keys(await templates(files, { wanted }))).toEqual(['.vault-ci-staging'])
  })
})

test('the same files give the same text, with a head that says how', async () => {
  const files = { 'roles/ci.yaml': role(password) }
  expect(await written(files)).toBe(await written(files))
  expect(await written(files)).toMatch(/^# Written by vaultwright.*To write it anew: vaultwright gitlab jobs\n/)
})

describe('by a script', () => {
  const secrets = [
    '  USER: { mount: db, engine: generic, path: creds/ci, field: username, file: false }',
    '  OTHER: { mount: ops, path: a b, field: "it\'s", file: false }',
    '  PASSWORD: { mount: db, engine: generic, path: creds/ci, field: password }',
    '',
  ].join('\n')

  test('secrets of one path are read in a row, and every word is one word of the shell', async () => {
    const { '.vault-ci': template } = await templates({ 'roles/ci.yaml': role(secrets) }, { via: 'script' })
    expect(template).toMatchObject({
      before_script: [
        ['.vault', 'script'],
        'vault_login',
        'vault_secret USER generic db creds/ci username',
        'vault_secret PASSWORD generic db creds/ci password file',
        "vault_secret OTHER kv-v2 ops a%20b 'it'\\''s'",
        'vault_done',
      ],
      after_script: [['.vault', 'script'], 'vault_end'],
    })
    expect(template).not.toHaveProperty('secrets')
  })

  test('nothing is left for after_script where there is no file and no lease', async () => {
    const { '.vault-ci': template } = await templates({ 'roles/ci.yaml': role(password) }, { via: 'script' })
    expect(template).not.toHaveProperty('after_script')
  })
})

test('through exec, a manifest says what to read', async () => {
  const { '.vault-ci': template } = await templates({ 'roles/ci.yaml': role(password) }, { via: 'exec' })
  const [line] = (template?.['before_script'] ?? ['']) as readonly string[]
  expect(JSON.parse(/^\{[\s\S]*^\}$/m.exec(line ?? '')?.[0] ?? '')).toEqual({
    mount: 'jwt',
    role: 'ci',
    secrets: { PASSWORD: { engine: 'kv-v2', mount: 'ops', path: 'shop/db', field: 'password', file: false } },
  })
})

describe('what GitLab would read as something else', () => {
  test.each<[string, string, Via, readonly string[]]>([
    ['a path with $', role('  A: { mount: ops, path: a$b, field: c }\n'), 'secrets', ['gitlab-variable']],
    ['a path with $, for a shell', role('  A: { mount: ops, path: a$b, field: c }\n'), 'script', []],
    ['an audience with $', role(password, 'bound_audiences: [$x]\n'), 'script', ['gitlab-variable']],
    ['no audience', role(password, 'bound_audiences: []\n'), 'secrets', ['no-audience']],
    ['a field with a line break', role('  A: { mount: ops, path: a, field: "a\\nb" }\n'), 'script', ['gitlab-field']],
    ['a field with a line break, for GitLab', role('  A: { mount: ops, path: a, field: "a\\nb" }\n'), 'secrets', []],
  ])('%s', async (_, text, via, codes) => {
    const [only] = await roles({ 'roles/ci.yaml': text })
    expect(only && problemsOf(only, via).map(({ code }) => code)).toEqual(codes)
  })
})

describe('docs/gitlab-jobs.md', () => {
  const page = readFileSync(join(repository, 'docs/gitlab-jobs.md'), 'utf8')
  const [shop = '', template = '', job = '', settings = '', script = ''] = [
    ...page.matchAll(/```yaml\n([\s\S]*?)```/g),
  ].map(([, text]) => text ?? '')
  const files = {
    'environments/production.yaml': environment('address: https://vault.example.com\n'),
    'roles/shop.yaml': shop,
    'vaultwright.yaml': settings,
  }

  test('shows what its role gives', async () => {
    expect((await written(files)).split(/\n\n/).at(-1)).toBe(template)
    expect(await written(files, { via: 'script' })).toContain(script)
  })

  test('shows a job that extends it', () => {
    expect(parse(job)).toMatchObject({ deploy: { extends: '.vault-shop' } })
  })
})

test('what exec templates write down is what exec reads', async () => {
  const at = { 'environments/production.yaml': environment('address: https://vault.example.com\nnamespace: team\n') }
  const [only] = await roles({ ...at, 'roles/ci.yaml': role(password) })
  const json = /^\{[\s\S]*^\}$/m.exec(manifestLine(only as JobRole))?.[0] ?? ''
  expect(readSecretsManifest('vault-secrets.json', json)).toEqual({
    ...{ address: 'https://vault.example.com', namespace: 'team', mount: 'jwt', role: 'ci' },
    secrets: only?.secrets,
  })
})
