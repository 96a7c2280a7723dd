import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { JsonObject } from '../../src/core/json.ts'
import { alpine, runShell } from '../gitlab/jobs/shells.ts'
import { temporaryFolder } from '../support/files.ts'
import { gitlabProject, listJobs, runJob } from '../support/gitlab-ci-local.ts'
import { type Claims, otherGitlab, sign } from '../support/issuer.ts'
import { request } from '../support/live-vault.ts'
import { beginStory, jobsOf, logIn, mergedJobs, readSecrets, type Story, tokens, type Values, why } from './story.ts'

/** CWIQ's page "Vault JWT Authentication in CI/CD": its role, its lines of a shell, and its table of failures. */
let story: Story
let values: Values
const image = temporaryFolder()

const secrets = {
  'nexus/svc-orchestrator': ['username', 'password'],
  'nexus/svc-executor': ['password'],
  'sonarqube/svc-orchestrator': ['token', 'url'],
  'defectdojo/svc-orchestrator': ['token'],
  'orchestrator/e2e-test-user': ['username', 'password'],
  'reportportal/svc-orchestrator': ['api_key'],
} as const

/** Which variable of the role is which field. */
const variables: Readonly<Record<string, string>> = {
  NEXUS_USER: 'nexus/svc-orchestrator username',
  NEXUS_PASSWORD: 'nexus/svc-orchestrator password',
  EXECUTOR_PASSWORD: 'nexus/svc-executor password',
  SONAR_TOKEN: 'sonarqube/svc-orchestrator token',
  SONAR_HOST_URL: 'sonarqube/svc-orchestrator url',
  DEFECTDOJO_TOKEN: 'defectdojo/svc-orchestrator token',
  E2E_USER: 'orchestrator/e2e-test-user username',
  E2E_PASSWORD: 'orchestrator/e2e-test-user password',
  REPORTPORTAL_API_KEY: 'reportportal/svc-orchestrator api_key',
}

beforeAll(async () => {
  story = await beginStory('cwiq-nexus-ci')
  values = await story.store('secret', 2, { ...secrets, 'nexus/admin': ['password'] })
}, 60_000)
afterAll(async () => {
  await story.end()
  rmSync(image, { recursive: true, force: true })
})

const executor: Claims = {
  ...{ iss: otherGitlab, aud: otherGitlab, project_id: '90', project_path: 'orchestrator/executor' },
  ...{ namespace_id: '9', namespace_path: 'orchestrator', job_project_id: '90', job_namespace_id: '9' },
}
const otherGroup: Claims = { namespace_id: '10', job_namespace_id: '10' }

/** Steps 2 and 3 of the page, word for word, and what they end with. */
const pageLines = String.raw`
AUTH_RESPONSE=$(curl -sf \
  --request POST \
  --header "Content-Type: application/json" \
  --data "{\"role\": \"nexus-ci\", \"jwt\": \"${'$'}{VAULT_ID_TOKEN}\"}" \
  "${'$'}{VAULT_ADDR}/v1/auth/jwt/login")

VAULT_TOKEN=$(echo "${'$'}{AUTH_RESPONSE}" \
  | grep -o '"client_token":"[^"]*"' \
  | head -1 \
  | sed 's/"client_token":"//;s/"$//')

SECRET_RESPONSE=$(curl -sf \
  --header "X-Vault-Token: ${'$'}{VAULT_TOKEN}" \
  "${'$'}{VAULT_ADDR}/v1/secret/data/nexus/svc-orchestrator")

NEXUS_USER=$(echo "${'$'}{SECRET_RESPONSE}" \
  | grep -o '"username":"[^"]*"' \
  | head -1 \
  | sed 's/"username":"//;s/"$//')
`

function bash(lines: string, env: Record<string, string>): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((done) => {
    const environment = { PATH: process.env['PATH'] ?? '', NO_PROXY: '*', ...env }
    execFile('bash', ['--norc', '-ec', lines], { env: environment }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    )
  })
}

describe('a job of the platform', () => {
  test('reads with the lines of the page', async () => {
    const env = { VAULT_ADDR: story.server.address, VAULT_ID_TOKEN: await sign(executor) }
    const run = await bash(`${pageLines}\nprintf %s "$NEXUS_USER"`, env)
    expect(run).toEqual({ code: 0, output: values['nexus/svc-orchestrator username'] })
  })

  test('reads every secret of the role through the keyword', async () => {
    const merged = await mergedJobs('scan: { extends: .vault-nexus-ci, script: [./scan] }\n', await jobsOf(story))
    expect(merged['scan']).toMatchObject({ id_tokens: { VAULT_ID_TOKEN: { aud: 'https://gitlab.shared.cwiq.io' } } })
    const wanted = Object.fromEntries(Object.entries(variables).map(([name, field]) => [name, values[field]]))
    const { aud: _, ...claims } = executor as Record<string, unknown>
    expect(await readSecrets(story, merged['scan'], claims)).toEqual({ values: wanted })
  })

  test('on an Alpine image reads them with the generated lines, once curl is there', async () => {
    const templates = parse((await jobsOf(story, '--via', 'script')).replaceAll('!reference ', ''), { version: '1.1' })
    const lines = (templates['.vault-nexus-ci'] as { before_script: unknown[] }).before_script.filter(
      (line): line is string => typeof line === 'string',
    )
    const checks = Object.entries(variables).map(([name, field]) => `test "$${name}" = '${values[field]}'`)
    const env = {
      ...{ VAULT_SERVER_URL: story.server.address, VAULT_AUTH_PATH: 'jwt', VAULT_AUTH_ROLE: 'nexus-ci' },
      VAULT_ID_TOKEN: await sign(executor),
    }
    const run = await runShell(alpine(image), [...lines, ...checks, 'echo all are there'], env)
    expect(run.output).toContain('all are there')
    expect(run.code).toBe(0)
  })

  test('runs in the group on protected refs only, and there it has them', async () => {
    const script = 'test "$NEXUS_PASSWORD" = "$WANTED" && echo "it is there"'
    const pipeline = `include: { local: /jobs.yml }\nscan: { extends: .vault-nexus-ci, script: [${JSON.stringify(script)}] }\n`
    const project = gitlabProject({ '.gitlab-ci.yml': pipeline, 'jobs.yml': await jobsOf(story, '--via', 'script') })
    const here = { CI_PROJECT_ID: '90', CI_PROJECT_NAMESPACE_ID: '9', VAULT_SERVER_URL: story.server.address }
    expect(await listJobs(project, { variables: { ...here, CI_PROJECT_NAMESPACE_ID: '10' } })).toEqual([])
    expect(await listJobs(project, { branch: 'a-change', variables: here })).toEqual([])
    const run = await runJob(project, 'scan', {
      variables: {
        ...here,
        VAULT_ID_TOKEN: await sign(executor),
        WANTED: values['nexus/svc-orchestrator password'] as string,
      },
    })
    expect(run.output).toContain('it is there')
  })

  test('reads the six paths of the page, and nothing beside them', async () => {
    const { auth } = await logIn(story, 'nexus-ci', executor)
    const server = { address: story.server.address, token: auth['client_token'] as string }
    for (const path of Object.keys(secrets))
      expect((await request(server, 'GET', `secret/data/${path}`)).status, path).toBe(200)
    expect((await request(server, 'GET', 'secret/data/nexus/admin')).status).toBe(403)
    expect((await request(server, 'LIST', 'secret/metadata/nexus')).status).toBe(403)
  })
})

describe('its table of failures', () => {
  const role = ['--role', 'nexus-ci']
  const asked = (claims: Claims) => JSON.stringify({ sub: 'project_path:x', ref_protected: 'true', ...claims })

  test('row 1: with VAULT_ADDR empty curl says nothing and ends with 3; (6) needs the host to be empty', async () => {
    const silent = await bash(pageLines, { VAULT_ADDR: '', VAULT_ID_TOKEN: 'x' })
    expect(silent).toEqual({ code: 3, output: '' })
    expect(await why(story, ['--error', `ERROR: Job failed: exit code ${silent.code}`])).toContain(
      'VAULT_ADDR is not set',
    )
    expect(await why(story, ['--error', 'curl: (6) Could not resolve host: v1'])).toContain('empty VAULT_ADDR')
  })

  test('row 2: a wrong aud gets 400, and the two are shown', async () => {
    const claims = { ...executor, aud: 'https://vault.shared.cwiq.io' }
    const login = await logIn(story, 'nexus-ci', claims)
    expect(login).toMatchObject({ status: 400, errors: [expect.stringContaining('invalid audience (aud) claim')] })
    const told = await why(story, [...role, '--claims', '-'], asked(claims))
    expect(told).toContain(`400 ${login.errors[0]}`)
    expect(told).toContain('aud https://vault.shared.cwiq.io, expected https://gitlab.shared.cwiq.io')
  })

  test('row 3: a job that is not bound gets 400 and not 403; 403 is a mount that is not there', async () => {
    const login = await logIn(story, 'nexus-ci', { ...executor, ...otherGroup })
    expect(login).toMatchObject({
      status: 400,
      errors: [expect.stringMatching(/"(job_)?namespace_id" does not match/)],
    })
    expect(await why(story, [...role, '--claims', '-'], asked({ ...executor, ...otherGroup }))).toContain(
      'namespace_id "10", expected "9"',
    )
    expect(await logIn(story, 'nexus-ci', executor, 'gitlab-jwt')).toMatchObject({ status: 403 })
    expect(await why(story, ['--error', 'HTTP 403 from /v1/auth/jwt/login'])).toContain(
      'A job that the role does not admit gets 400',
    )
  })

  test('row 4: a path outside the policy gets 403 on the read', async () => {
    const { auth } = await logIn(story, 'nexus-ci', executor)
    const server = { address: story.server.address, token: auth['client_token'] as string }
    const read = await request(server, 'GET', 'secret/data/nexus/admin')
    expect(read.status).toBe(403)
    expect(await why(story, ['--error', JSON.stringify(read.body)])).toContain(
      "The token's policies do not grant this path",
    )
    const told = await why(story, [...role, '--claims', '-', '--path', 'secret/data/nexus/admin'], asked(executor))
    expect(told).toContain('No rule of these policies matches the path')
  })

  test('row 5: VAULT_TOKEN is empty because the login failed and -f hid why; the generated lines say it', async () => {
    const env = { VAULT_ADDR: story.server.address, VAULT_ID_TOKEN: await sign({ ...executor, ...otherGroup }) }
    const page = await bash(`set +e\n${pageLines}\nprintf 'VAULT_TOKEN=<%s>' "$VAULT_TOKEN"`, env)
    expect(page.output).toBe('VAULT_TOKEN=<>')
    expect(await why(story, ['--error', 'Empty VAULT_TOKEN after parsing'])).toContain('the login failed')
    const pipeline = `include: { local: /jobs.yml }\nscan: { extends: .vault-nexus-ci, rules: [{ when: always }], script: ['true'] }\n`
    const project = gitlabProject({ '.gitlab-ci.yml': pipeline, 'jobs.yml': await jobsOf(story, '--via', 'script') })
    const run = await runJob(project, 'scan', { variables: { ...env, VAULT_SERVER_URL: story.server.address } })
    expect(run.code).not.toBe(0)
    expect(run.output).toMatch(/claim "(job_)?namespace_id" does not match/)
  })
})

describe('its mistakes', () => {
  test('the token does not end with the job: that of the page stays, those of generated jobs are revoked', async () => {
    const before = await tokens(story)
    const env = { VAULT_ADDR: story.server.address, VAULT_ID_TOKEN: await sign(executor) }
    expect((await bash(pageLines, env)).code).toBe(0)
    expect(await tokens(story)).toBe(before + 1)
    const pipeline = (name: string, script: string) =>
      `include: { local: /jobs.yml }\n${name}: { extends: .vault-nexus-ci, rules: [{ when: always }], script: [${script}] }\n`
    for (const via of ['script', 'exec'] as const) {
      const script =
        via === 'exec' ? `'vaultwright exec --secrets "$CI_PROJECT_DIR.tmp/vault-secrets.json" -- true'` : "'true'"
      const project = gitlabProject({
        '.gitlab-ci.yml': pipeline('scan', script),
        'jobs.yml': await jobsOf(story, '--via', via),
      })
      const run = await runJob(project, 'scan', { variables: { ...env, VAULT_SERVER_URL: story.server.address } })
      expect(run.code, run.output).toBe(0)
    }
    expect(await tokens(story)).toBe(before + 1)
  })

  test('another audience in a job of the platform is found before it runs', async () => {
    const project = gitlabProject({
      '.gitlab-ci.yml': [
        'scan:',
        '  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.shared.cwiq.io } }',
        '  variables: { VAULT_AUTH_ROLE: nexus-ci }',
        '  secrets: { NEXUS_PASSWORD: { vault: nexus/svc-orchestrator/password@secret, file: false, token: $VAULT_ID_TOKEN } }',
        '  script: [./scan]',
        '',
      ].join('\n'),
    })
    const said = await story.say([
      'gitlab',
      'check',
      '--root',
      project,
      `${project}/.gitlab-ci.yml`,
      '--format',
      'json',
    ])
    expect(said.code).toBe(1)
    const { diagnostics } = JSON.parse(said.stdout) as { diagnostics: JsonObject[] }
    expect(diagnostics.map(({ code }) => code)).toContain('GLC05')
  })
})
