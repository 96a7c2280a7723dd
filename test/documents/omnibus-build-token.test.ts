import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { JsonObject } from '../../src/core/json.ts'
import { commit, gitlabProject, preview, runJob, validate } from '../support/gitlab-ci-local.ts'
import { type Claims, sign } from '../support/issuer.ts'
import { beginStory, fileOf, logIn, readSecrets, type Story, type Values, why } from './story.ts'

/** The page "Vault Integration for Group Access Tokens": a template that adapts to the project, and its troubleshooting. */
let story: Story
let values: Values
/** The repository of the builds, with what was generated for it. */
let project: string

const path = 'metadata/access_tokens/gitlab-com/gitlab-org/security/_group_access_tokens/build-token'
const template = 'gitlab-ci-config/vault-security-secrets.yml'

/** The page's names: its template is ours under another name. */
const pipeline = [
  `include: { local: /${template} }`,
  '.with-build-token: { extends: .vault-build-token }',
  'my-build-job:',
  '  extends: .with-build-token',
  '  script: [\'echo "token is $SECURITY_PRIVATE_TOKEN" | sha256sum\']',
  '',
].join('\n')

beforeAll(async () => {
  story = await beginStory('omnibus-build-token')
  values = await story.store('ci', 2, { [path]: ['token'] })
  project = gitlabProject({ '.gitlab-ci.yml': pipeline })
  await generate()
}, 60_000)
afterAll(() => story.end())

/** Into the project: the file of the settings, and the part that it includes. */
async function generate(...words: readonly string[]): Promise<void> {
  const run = await story.say(['gitlab', 'jobs', '--out', join(project, template), ...words])
  expect(run).toMatchObject({ code: 0 })
  commit(project)
}

const security: Claims = {
  ...{ project_id: '501', project_path: 'gitlab-org/security/omnibus-gitlab', job_project_id: '501' },
  ...{ namespace_id: '5', namespace_path: 'gitlab-org/security', job_namespace_id: '5', ref_protected: 'false' },
}
const canonical: Claims = {
  ...{ project_id: '278964', project_path: 'gitlab-org/omnibus-gitlab', job_project_id: '278964' },
  ...{ namespace_id: '9970', namespace_path: 'gitlab-org', job_namespace_id: '9970' },
}
const inSecurity = { CI_PROJECT_ID: '501', CI_PROJECT_NAMESPACE_ID: '5' }
const inCanonical = { CI_PROJECT_ID: '278964', CI_PROJECT_NAMESPACE_ID: '9970' }

async function job(variables: Readonly<Record<string, string>>): Promise<JsonObject> {
  return parse(await preview(project, { variables }))['my-build-job'] as JsonObject
}

describe('the template', () => {
  test('asks for the token in projects of the security group, which get it', async () => {
    const built = await job(inSecurity)
    expect(built['id_tokens']).toEqual({ VAULT_ID_TOKEN: { aud: 'https://vault.example.com' } })
    expect(await readSecrets(story, built, security)).toEqual({
      values: { SECURITY_PRIVATE_TOKEN: values[`${path} token`] },
    })
  })

  test('is the same without the token in all other projects, where the build goes on', async () => {
    const built = await job(inCanonical)
    expect(built).not.toHaveProperty('secrets')
    expect(built['id_tokens']).toEqual({ VAULT_ID_TOKEN: { aud: 'https://vault.example.com' } })
    expect(await validate(project, { variables: inCanonical })).toMatchObject({ valid: true })
    expect((await runJob(project, 'my-build-job', { variables: inCanonical })).code).toBe(0)
  })

  test('is not enough to get the token elsewhere: the server refuses, whatever the YAML says', async () => {
    const built = await job(inSecurity)
    expect(await readSecrets(story, built, canonical)).toMatchObject({
      status: 400,
      failed: expect.stringMatching(/claim "(job_)?namespace_id" does not match/),
    })
    const fork: Claims = { project_id: '666', namespace_id: '660', namespace_path: 'mallory' }
    expect(await logIn(story, 'build-token', { ...security, ...fork })).toMatchObject({ status: 400 })
  })

  test('does the same with lines of a shell, where GitLab has no "secrets"', async () => {
    await generate('--via', 'script')
    const address = { VAULT_SERVER_URL: story.server.address }
    const here = await runJob(project, 'my-build-job', {
      variables: { ...address, ...inSecurity, VAULT_ID_TOKEN: await sign(security) },
    })
    expect(here.code, here.output).toBe(0)
    const there = await runJob(project, 'my-build-job', { variables: { ...address, ...inCanonical } })
    expect(there.code, there.output).toBe(0)
    const hashes = [here, there].map(({ output }) => /[0-9a-f]{64}/.exec(output)?.[0])
    // Of "token is <token>" and of "token is ": one of them had it.
    expect(hashes[0]).not.toBe(hashes[1])
    expect(here.output).not.toContain(values[`${path} token`])
    await generate('--via', 'secrets')
  })

  test('is known to be stale when the role changes', async () => {
    const words = ['gitlab', 'jobs', '--check', '--out', join(project, template)]
    const via = ['--via', 'secrets']
    expect((await story.say([...words, ...via])).code).toBe(0)
    const role = fileOf(story, 'roles/build-token.yaml')
    writeFileSync(join(story.directory, 'roles/build-token.yaml'), role.replace('/build-token\n', '/other-token\n'))
    const stale = await story.say([...words, ...via])
    writeFileSync(join(story.directory, 'roles/build-token.yaml'), role)
    expect(stale.code).toBe(1)
    expect(stale.stdout).toContain('other-token')
  })
})

describe('its troubleshooting', () => {
  const asked = (claims: Claims) =>
    JSON.stringify({ aud: 'https://vault.example.com', iss: 'https://gitlab.example.com', sub: 'x', ...claims })
  const role = ['--role', 'build-token', '--claims', '-']

  test('"Token Not Available" 1: not a security project, and which group it is', async () => {
    expect(await why(story, role, asked(canonical))).toContain('namespace_id "9970", expected "5"')
    expect(await why(story, ['--error', 'missing SECURITY_PRIVATE_TOKEN'])).toContain('in a project that has none')
  })

  test('"Token Not Available" 2: a job that does not extend the template has no ID token', async () => {
    const login = await story.say(['access', 'why', '--role', 'build-token', '--token', '-'], { input: '' })
    expect(login.stdout).toContain('missing token')
    const bare: JsonObject = { ...(await job(inSecurity)), id_tokens: {} }
    expect(await readSecrets(story, bare, security)).toMatchObject({ failed: expect.stringContaining('missing token') })
  })

  test('"Token Not Available" 3: the path of the page is that of the engine, and data/ comes before it', async () => {
    const built = await job(inSecurity)
    const wrong = {
      ...built,
      secrets: { SECURITY_PRIVATE_TOKEN: { vault: `data/${path}/token@ci`, token: '$VAULT_ID_TOKEN' } },
    }
    // The runner adds data/ itself, and the policy knows no path with two of them.
    expect(await readSecrets(story, wrong, security)).toMatchObject({ status: 403 })
    const told = await why(story, [...role, '--path', `ci/${path}`], asked(security))
    expect(told).toContain(`ci/data/${path} would be allowed`)
  })

  test('"Repository Access Denied": a 403 of GitLab is not one of the server of secrets', async () => {
    const text =
      "fatal: unable to access 'https://gitlab.com/gitlab-org/security/gitlab.git/': The requested URL returned error: 403"
    expect(await why(story, ['--error', text])).toContain('ALTERNATIVE_SOURCES or SECURITY_SOURCES')
  })

  test('"Vault Authentication Issues": aud and the server, and the project’s permissions', async () => {
    const slash = { ...security, aud: 'https://vault.example.com/' }
    const login = await logIn(story, 'build-token', slash)
    expect(login).toMatchObject({ status: 400, errors: [expect.stringContaining('invalid audience (aud) claim')] })
    expect(await why(story, role, asked(slash))).toContain('differ by the slash at the end')
    expect(await why(story, ['--claims', '-'], asked(canonical))).toContain('No role admits this token.')
  })
})

test('its mistakes are found: a template with the wrong path, read as a job', async () => {
  const wrong = gitlabProject({
    '.gitlab-ci.yml': [
      'my-build-job:',
      '  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }',
      '  variables: { VAULT_AUTH_ROLE: build-token }',
      '  secrets:',
      `    SECURITY_PRIVATE_TOKEN: { vault: data/${path}/token@ci, file: false, token: $VAULT_ID_TOKEN }`,
      '  script: [./build]',
      '',
    ].join('\n'),
  })
  const said = await story.say(['gitlab', 'check', '--root', wrong, join(wrong, '.gitlab-ci.yml')])
  expect(said.code).toBe(1)
  expect(said.stdout + said.stderr).toContain(`ci/data/data/${path}`)
})
