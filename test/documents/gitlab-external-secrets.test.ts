import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { gitlabProject, runJob, validate } from '../support/gitlab-ci-local.ts'
import { type Claims, sign } from '../support/issuer.ts'
import { startVault } from '../support/live-vault.ts'
import { beginStory, fileOf, jobsOf, logIn, mergedJobs, readSecrets, type Story, type Values, why } from './story.ts'

/** GitLab's page "Using external secrets in CI", as a configuration: what it shows, what it warns of, and what it gets wrong. */
let story: Story
let values: Values
let templates: string
let jobs: Readonly<Record<string, JsonObject>>

const job = 'job_using_vault: { extends: .vault-myproject-production, script: [./deploy] }\n'

beforeAll(async () => {
  story = await beginStory('gitlab-external-secrets')
  values = {
    ...(await story.store('ops', 2, { 'production/db': ['password'], 'staging/db': ['password'] })),
    ...(await story.store('artifactory', 1, { 'production/jfrog': ['access_token'] })),
  }
  templates = await jobsOf(story)
  jobs = await mergedJobs(job, templates)
}, 60_000)
afterAll(() => story.end())

const tag: Claims = {
  ...{ project_id: '42', project_path: 'group/myproject', job_project_id: '42', job_project_path: 'group/myproject' },
  ...{ ref: 'auto-deploy-17', ref_type: 'tag', ref_path: 'refs/tags/auto-deploy-17', ref_protected: 'true' },
}

describe('the job of the page', () => {
  test('is what is generated: in the short form for kv-v2, in the long one for another engine', () => {
    expect(jobs['job_using_vault']).toMatchObject({
      id_tokens: { VAULT_ID_TOKEN: { aud: 'https://vault.example.com' } },
      secrets: {
        DATABASE_PASSWORD: { vault: 'production/db/password@ops', token: '$VAULT_ID_TOKEN', file: true },
        JFROG_TOKEN: {
          vault: {
            engine: { name: 'generic', path: 'artifactory' },
            path: 'production/jfrog',
            field: 'access_token',
          },
          file: false,
        },
      },
    })
  })

  test('reads both for a protected tag of a release', async () => {
    expect(await readSecrets(story, jobs['job_using_vault'], tag)).toEqual({
      values: {
        DATABASE_PASSWORD: values['production/db password'],
        JFROG_TOKEN: values['production/jfrog access_token'],
      },
    })
  })

  test.each<[string, Claims, RegExp]>([
    ['another tag', { ref: 'v17' }, /"ref" does not match/],
    ['an unprotected tag', { ref_protected: 'false' }, /"ref_protected" does not match/],
    ['a branch of such a name', { ref_type: 'branch' }, /"ref_type" does not match/],
    ['another project', { project_id: '43', job_project_id: '43' }, /"(job_)?project_id" does not match/],
    ['another audience', { aud: 'https://gitlab.example.com' }, /invalid audience \(aud\) claim/],
  ])('is refused for %s', async (_, changes, words) => {
    const answer = await readSecrets(story, jobs['job_using_vault'], { ...tag, ...changes })
    expect(answer).toMatchObject({ status: 400, failed: expect.stringMatching(words) })
  })

  test.each(['exec', 'script'] as const)('reads both in bash by %s, where GitLab has no "secrets"', async (via) => {
    const show = 'test "$(cat "$DATABASE_PASSWORD")" = "$A" && test "$JFROG_TOKEN" = "$B" && echo "both are there"'
    const script =
      via === 'exec' ? `vaultwright exec --secrets "$CI_PROJECT_DIR.tmp/vault-secrets.json" -- sh -c '${show}'` : show
    const project = gitlabProject({
      '.gitlab-ci.yml': `include: { local: /jobs.yml }\njob: { extends: .vault-myproject-production, rules: [{ when: on_success }], script: [${JSON.stringify(script)}] }\n`,
      'jobs.yml': await jobsOf(story, '--via', via),
    })
    const address = { VAULT_SERVER_URL: story.server.address, VAULT_ADDR: story.server.address }
    const expected = { A: values['production/db password'] ?? '', B: values['production/jfrog access_token'] ?? '' }
    const run = await runJob(project, 'job', {
      variables: { ...address, ...expected, VAULT_ID_TOKEN: await sign(tag) },
    })
    expect(run.output).toContain('both are there')
    expect(run.code).toBe(0)
  })
})

describe('its troubleshooting', () => {
  test('"resolving secrets: secret not found: MY_SECRET"', async () => {
    const broken = { ...jobs['job_using_vault'], secrets: { MY_SECRET: { vault: 'production/db/pasword@ops' } } }
    const answer = await readSecrets(story, broken as JsonObject, tag)
    expect(answer).toEqual({ failed: 'ERROR: Job failed: resolving secrets: secret not found: MY_SECRET' })
    const told = await why(story, ['--error', (answer as { failed: string }).failed])
    expect(told).toMatch(/\(MY_SECRET\).*a wrong mount, path or field/)
    expect(told).toContain('vault kv get -mount=MOUNT PATH')
  })

  test('that command really tells whether it is there', () => {
    const { program } = inject('vault') as { readonly program: string }
    const { address, token } = story.server
    const env = { VAULT_ADDR: address, VAULT_TOKEN: token, BAO_ADDR: address, BAO_TOKEN: token, HOME: story.directory }
    const said = execFileSync(program, ['kv', 'get', '-field=password', '-mount=ops', 'production/db'], { env })
    expect(String(said).trim()).toBe(values['production/db password'])
  })

  test('a certificate of an unknown authority: the text of the page, and a job against such a server', async () => {
    const text =
      'ERROR: Job failed (system failure): resolving secrets: initializing Vault service: preparing authenticated client: checking Vault server health: Get https://vault.example.com:8000/v1/sys/health: x509: certificate signed by unknown authority'
    expect(await why(story, ['--error', text])).toMatch(
      /VAULT_CACERT in the environment of the runner process, not of the job/,
    )
    const secure = await startVault({ tls: true })
    const project = gitlabProject({
      '.gitlab-ci.yml': `include: { local: /jobs.yml }\njob: { extends: .vault-myproject-production, rules: [{ when: on_success }], script: ['true'] }\n`,
      'jobs.yml': await jobsOf(story, '--via', 'script'),
    })
    const variables = { VAULT_SERVER_URL: secure.address, VAULT_ID_TOKEN: await sign(tag) }
    const refused = await runJob(project, 'job', { variables })
    const trusted = await runJob(project, 'job', { variables: { ...variables, VAULT_CACERT: secure.caFile as string } })
    await secure.stop()
    expect(refused.output).toMatch(/curl: \(60\)/)
    expect(await why(story, ['--error', refused.output])).toContain('an authority that the client does not trust')
    // There is no JWT mount yet, and it is the server that says so.
    expect(trusted.output).not.toMatch(/curl: \(60\)/)
    expect(trusted.output).toMatch(/403/)
  })
})

describe('its mistakes', () => {
  /** What `check` says of the configuration with one text changed. */
  async function checked(path: string, from: string, to: string): Promise<string> {
    const before = fileOf(story, path)
    expect(before).toContain(from)
    writeFileSync(join(story.directory, path), before.replace(from, to))
    const { stdout, stderr } = await story.say(['check'])
    writeFileSync(join(story.directory, path), before)
    return stdout + stderr
  }

  test('bound_issuer without https:// is found, and refused by the server as foretold', async () => {
    const bare = 'bound_issuer: gitlab.example.com'
    expect(await checked('environments/production.yaml', 'bound_issuer: https://gitlab.example.com', bare)).toContain(
      'GLV08',
    )
    await story.root('POST', 'sys/auth/bare', { type: 'jwt' })
    const config = { oidc_discovery_url: 'https://gitlab.example.com', bound_issuer: 'gitlab.example.com' }
    await story.root('POST', 'auth/bare/config', config)
    const role = { role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['https://vault.example.com'] }
    await story.root('POST', 'auth/bare/role/ci', role)
    const login = await logIn(story, 'ci', tag, 'bare')
    expect(login).toMatchObject({ status: 400, errors: ['error validating token: invalid issuer (iss) claim'] })
    expect(await why(story, ['--error', login.errors.join()])).toContain('a bare host instead of the URL')
  })

  test('id_tokens inside secrets is found, and refused by GitLab', async () => {
    const nested = [
      'stages: [test]',
      'job:',
      '  variables: { VAULT_AUTH_ROLE: myproject-production }',
      '  script: [./deploy]',
      '  secrets:',
      '    id_tokens:',
      '      VAULT_ID_TOKEN:',
      '        aud: https://vault.example.com',
      '    DATABASE_PASSWORD: { vault: production/db/password@ops, file: false, token: $VAULT_ID_TOKEN }',
      '',
    ].join('\n')
    const project = gitlabProject({ '.gitlab-ci.yml': nested })
    const said = await story.say(['gitlab', 'check', '--root', project, join(project, '.gitlab-ci.yml')])
    expect(said.code).toBe(1)
    expect(said.output).toContain('id_tokens stands inside secrets')
    expect(await validate(project)).toMatchObject({ valid: false })
  })

  test('tokens that live 60 seconds are found where another engine makes the credentials', async () => {
    const text = await checked(
      'roles/myproject-production.yaml',
      'token_ttl: 1h\ntoken_explicit_max_ttl: 1h',
      'token_explicit_max_ttl: 60',
    )
    expect(text).toContain('GLV22')
  })

  test('user_email as user_claim is found, and refuses a person without a public one', async () => {
    expect(
      await checked('roles/myproject-production.yaml', 'user_claim: project_id', 'user_claim: user_email'),
    ).toContain('GLV20')
    const role = { role_type: 'jwt', user_claim: 'user_email', bound_audiences: ['https://vault.example.com'] }
    await story.root('POST', 'auth/jwt/role/by-email', role)
    expect(await logIn(story, 'by-email', { ...tag, user_email: null })).toMatchObject({
      status: 400,
      errors: ['claim "user_email" not found in token'],
    })
  })

  test('a role that binds no project is found, as the page warns', async () => {
    expect(
      await checked('roles/myproject-production.yaml', '  project_id: "42"\n  job_project_id: "42"\n', ''),
    ).toContain('GLV01')
  })
})
