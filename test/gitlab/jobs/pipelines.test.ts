import { createHash } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { gitlabYaml } from '../../../src/config/gitlab-document.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import type { Via } from '../../../src/core/configuration.ts'
import { type JobRole, jobRoles } from '../../../src/gitlab/job-role.ts'
import { jobFiles } from '../../../src/gitlab/jobs/files.ts'
import { kinds } from '../../../src/kinds/index.ts'
import { type Claims, idToken, publicKey } from '../../conformance/id-tokens.ts'
import { type Files, loadFiles, withFiles } from '../../support/files.ts'
import {
  gitlabProject,
  listJobs,
  type PipelineOptions,
  preview,
  runJob,
  validate,
} from '../../support/gitlab-ci-local.ts'
import { liveVault, request, type Server } from '../../support/live-vault.ts'
import { repository } from '../../support/program.ts'

let repositoryRoles: readonly JobRole[]

beforeAll(async () => {
  const { environments } = await loadConfiguration(repository, { kinds, env: {} })
  repositoryRoles = jobRoles(environments).filter(({ secrets }) => Object.keys(secrets).length > 0)
})

/** A project that includes the templates, with a job for each of them. */
function project(roles: readonly JobRole[], via: Via, adapt: readonly string[] = [], jobs = ''): Files {
  const options = { via, command: 'vaultwright gitlab jobs', wanted: () => true, adapt, parts: '/vault-jobs/' }
  const { main, parts } = jobFiles(roles, options)
  const names = main.entries.map(({ key }) => key).filter((key) => key.startsWith('.vault-'))
  const extending = names.map((name) => `job${name}: { extends: ${name}, script: [echo done] }\n`)
  return {
    '.gitlab-ci.yml': `include: { local: /vault-jobs.yml }\n${jobs || extending.join('')}`,
    'vault-jobs.yml': gitlabYaml(main),
    ...Object.fromEntries([...parts].map(([file, document]) => [`vault-jobs/${file}`, gitlabYaml(document)])),
  }
}

describe.each<Via>(['secrets', 'exec', 'script'])('templates that read by %s', (via) => {
  test('are valid to GitLab for every role of this repository', async () => {
    expect(await validate(project(repositoryRoles, via))).toMatchObject({ valid: true })
    expect(await validate(project(repositoryRoles, via, ['*']))).toMatchObject({ valid: true })
  })

  test('are valid with every engine and every kind of bound', async () => {
    const text = [
      'environments: [production]\nrole_type: jwt\nuser_claim: project_id\nbound_audiences: [https://vault]',
      'bound_claims_type: glob',
      'bound_claims: { project_path: ["a/*", "b/c"], ref: [release/*, "v\\"1"], environment: production, user_login: x }',
      'secrets:',
      '  A: { engine: generic, mount: aws, path: creds/ci, field: key }',
      '  B: { engine: kv-v1, mount: "o@p", path: "a b", field: "it\'s: {x}" }',
      '',
    ].join('\n')
    const configuration = await loadFiles({
      'environments/production.yaml':
        'address: https://vault.example.com\nnamespace: team\nauth: { jwt: { type: jwt, config: { oidc_discovery_url: "https://gitlab.example.com" } } }\n',
      'roles/ci.yaml': text,
    })
    const roles = jobRoles(configuration.environments)
    expect(roles.length).toBe(1)
    expect(await validate(project(roles, via))).toMatchObject({ valid: true })
  })
})

async function names(files: Files, options: PipelineOptions): Promise<readonly string[]> {
  return (await listJobs(files, options)).map(({ name }) => name.replace('job.vault-', ''))
}

describe('rules let a job run only where Vault would let it in', () => {
  const shop = { CI_PROJECT_ID: '42', CI_PROJECT_NAMESPACE_ID: '12' }
  const orchestrator = { CI_PROJECT_ID: '90', CI_PROJECT_NAMESPACE_ID: '9' }
  test.each<[string, PipelineOptions, readonly string[]]>([
    ['a push to main', { variables: shop }, ['myproject-production', 'myproject-staging']],
    ['a push to another branch', { variables: shop, branch: 'a-change' }, ['myproject-staging']],
    ['an unprotected main', { variables: shop, protected: false }, ['myproject-staging']],
    ['a schedule on main', { variables: shop, source: 'schedule' }, ['myproject-staging']],
    [
      'a merge request of the project',
      { variables: shop, source: 'merge_request_event', branch: 'a-change', sourceProject: 42 },
      ['myproject-staging'],
    ],
    [
      "a fork's merge request",
      { variables: shop, source: 'merge_request_event', branch: 'a-change', sourceProject: 666 },
      [],
    ],
    ['another project', { variables: { CI_PROJECT_ID: '43', CI_PROJECT_NAMESPACE_ID: '12' } }, []],
    ['a project of the group', { variables: orchestrator }, ['nexus-ci']],
    ['an unprotected branch of the group', { variables: orchestrator, branch: 'a-change' }, []],
    [
      'a project of the security group',
      { variables: { CI_PROJECT_ID: '501', CI_PROJECT_NAMESPACE_ID: '5' } },
      ['build-token'],
    ],
  ])('%s', async (_, options, expected) => {
    expect(await names(project(repositoryRoles, 'secrets'), options)).toEqual(expected)
  })
})

describe('omnibus-build-token: a template that adapts', () => {
  const job = 'build: { extends: .vault-build-token, script: [make] }\n'
  async function build(namespace: string) {
    const files = project(repositoryRoles, 'secrets', ['build-token'], job)
    const text = await preview(files, { variables: { CI_PROJECT_NAMESPACE_ID: namespace } })
    return (parse(text) as Record<string, Record<string, unknown>>)['build']
  }
  const everywhere = {
    id_tokens: { VAULT_ID_TOKEN: { aud: 'https://vault.example.com' } },
    variables: { VAULT_AUTH_PATH: 'jwt', VAULT_AUTH_ROLE: 'build-token' },
    script: ['make'],
  }

  test('has the secret in projects of the security group', async () => {
    const path = 'metadata/access_tokens/gitlab-com/gitlab-org/security/_group_access_tokens/build-token'
    expect(await build('5')).toEqual({
      ...everywhere,
      secrets: { SECURITY_PRIVATE_TOKEN: { vault: `${path}/token@ci`, token: '$VAULT_ID_TOKEN', file: false } },
    })
  })

  test('is the same without it in every other project, where its jobs run all the same', async () => {
    expect(await build('6')).toEqual(everywhere)
    const files = project(repositoryRoles, 'secrets', ['build-token'], job)
    expect(await names(files, { variables: { CI_PROJECT_NAMESPACE_ID: '6' } })).toEqual(['build'])
  })
})

describe.each<Via>(['script', 'exec'])('a job whose template reads by %s', (via) => {
  const id = `job-by-${via}-${process.pid}`
  const environment = `auth: { ${id}: { type: jwt, config: { oidc_discovery_url: "https://gitlab.example.com" } } }\n`
  const role = [
    `mount: ${id}\nenvironments: [production]\nrole_type: jwt\nuser_claim: project_id\nbound_audiences: [https://vault]`,
    'bound_claims: { job_project_id: "22", ref_protected: "true" }',
    'secrets:',
    `  PASSWORD: { mount: ${id}, path: shop/db, field: password, file: false }`,
    `  CERTIFICATE: { mount: ${id}, path: shop/db, field: certificate }`,
    '',
  ].join('\n')
  const secret = { password: 'it\'s "quoted"', certificate: '-----BEGIN-----\nabc\n' }
  const claims: Claims = { job_project_id: '22', ref_protected: 'true' }
  const use = 'printf "%s" "$PASSWORD" | sha256sum; sha256sum <"$CERTIFICATE"'
  const exec = 'vaultwright exec --secrets "$CI_PROJECT_DIR.tmp/vault-secrets.json" -- sh use.sh'
  const job = `job: { extends: .vault-ci, script: ['${via === 'exec' ? exec : '. ./use.sh'}'] }\n`

  /** Brings the role there as an apply would, and gives the files of a project whose job uses it. */
  async function prepare(server: Server & { readonly token: string }): Promise<Files> {
    const { environments } = await loadFiles({ 'environments/production.yaml': environment, 'roles/ci.yaml': role })
    await request(server, 'POST', `sys/mounts/${id}`, { type: 'kv', options: { version: '2' } })
    await request(server, 'POST', `sys/auth/${id}`, { type: 'jwt' })
    await request(server, 'POST', `auth/${id}/config`, { jwt_validation_pubkeys: [publicKey] })
    for (const { kind, path, spec } of environments[0]?.desired ?? [])
      if (kind === 'policy' || kind === 'jwt-role') await request(server, 'POST', path, spec)
    await vi.waitFor(async () => {
      expect((await request(server, 'POST', `${id}/data/shop/db`, { data: secret })).status).toBe(200)
    }, 10_000)
    return { 'use.sh': `${use}\n`, ...project(jobRoles(environments), via, [], job) }
  }

  let files: Promise<Files> | undefined

  async function ran(changes: Claims = {}) {
    const server = await liveVault()
    files ??= prepare(server)
    const variables = { VAULT_SERVER_URL: server.address, VAULT_ID_TOKEN: await idToken({ ...claims, ...changes }) }
    return await runJob(gitlabProject(await files), 'job', { variables, path: [ourProgram()] })
  }

  test('gets its secrets as they are stored, and shows none of them', async () => {
    const { code, output } = await ran()
    expect([code, output]).toEqual([0, output])
    for (const value of Object.values(secret))
      expect(output).toContain(`${createHash('sha256').update(value).digest('hex')}  -`)
    expect(output).not.toMatch(/quoted|BEGIN|hvs\./)
  })

  test.each<[string, Claims, string]>([
    ['an unprotected branch', { ref_protected: 'false' }, 'claim "ref_protected" does not match'],
    ['another project', { job_project_id: '23' }, 'claim "job_project_id" does not match'],
    ['another audience', { aud: 'https://elsewhere' }, 'invalid audience (aud) claim'],
  ])('is refused on %s', async (_, changes, words) => {
    const { code, output } = await ran(changes)
    expect([code, output]).toEqual([1, expect.stringContaining(words)])
    expect(output).not.toContain('  -')
  })
})

/** A folder with `vaultwright`, as an image has it. */
function ourProgram(): string {
  const program = `#!/bin/sh\nexec '${process.execPath}' '${join(repository, 'dist/cli.js')}' "$@"\n`
  const folder = withFiles({ vaultwright: program })
  chmodSync(join(folder, 'vaultwright'), 0o755)
  return folder
}
