import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { fork, idTokenOf, type JobName } from '../repository/claims.ts'
import { type GitlabApi, type GitlabNote, startGitlabApi } from '../support/gitlab-api.ts'
import {
  artifact,
  commit,
  gitlabProject,
  listJobs,
  type RunJobOptions,
  runJob,
  validate,
} from '../support/gitlab-ci-local.ts'
import type { Claims } from '../support/issuer.ts'
import { request, startVault } from '../support/live-vault.ts'
import { repository, vaultwright } from '../support/program.ts'
import type { VaultProcess } from '../support/vault-process.ts'

/** The whole way of a change, in jobs that really run: only GitLab itself is a stand-in, and signs the ID tokens. */
const pipeline = `
stages: [plan, deploy]
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
.vault:
  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }
plan:
  extends: .vault
  stage: plan
  variables: { VAULT_AUTH_ROLE: vaultwright-plan }
  script:
    - vaultwright plan --out plan.json || test $? -eq 2
    - vaultwright gitlab note --plan plan.json
  artifacts: { paths: [plan.json], access: developer }
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
      when: never
    - if: $CI_MERGE_REQUEST_SOURCE_PROJECT_ID && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID != $CI_PROJECT_ID
      when: never
    - when: on_success
apply:
  extends: .vault
  stage: deploy
  needs: [plan]
  variables: { VAULT_AUTH_ROLE: vaultwright-apply }
  script: [vaultwright apply plan.json]
  resource_group: vault
  rules: [{ if: '$CI_COMMIT_REF_PROTECTED == "true" && $CI_PIPELINE_SOURCE == "push"' }]
drift:
  extends: .vault
  stage: plan
  variables: { VAULT_AUTH_ROLE: vaultwright-drift }
  script: [vaultwright drift]
  allow_failure: { exit_codes: [2] }
  rules: [{ if: '$CI_PIPELINE_SOURCE == "schedule"' }]
`

const token = 'glpat-project-canary'
const mergeRequest = { source: 'merge_request_event', branch: 'a-change' } as const

// Each run of a job starts four programs, and other tests run beside this one.
vi.setConfig({ testTimeout: 180_000 })

let vault: VaultProcess
let api: GitlabApi
let project: string

beforeAll(async () => {
  vault = await startVault()
  const notes: GitlabNote[] = []
  api = await startGitlabApi({
    users: [{ id: 101, username: 'project_7_bot' }],
    tokens: { [token]: { user: 101 } },
    projects: [{ id: 7, path: 'vault-configuration', members: { 101: 30 }, mergeRequests: [{ iid: 7, notes }] }],
  })
  const operator = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.token }
  const applied = await vaultwright(['apply', '--auto-approve'], { env: operator })
  expect(applied.code, applied.output).toBe(0)
  project = repositoryProject()
  return async () => await Promise.all([vault.stop(), api.stop()])
})

/** This repository's own files, as a project of GitLab with the pipeline. */
function repositoryProject(): string {
  const directory = gitlabProject({ '.gitlab-ci.yml': pipeline })
  for (const name of ['vaultwright.yaml', 'environments', 'roles', 'policies'])
    cpSync(join(repository, name), join(directory, name), { recursive: true })
  commit(directory)
  return directory
}

/** Jobs as a runner starts them: with the ID token of such a job, and the project's access token for notes. */
async function run(job: string, name: JobName, options: RunJobOptions = {}, claims: Claims = {}) {
  const variables = {
    VAULT_ADDR: vault.address,
    VAULT_ID_TOKEN: await idTokenOf(name, claims),
    VAULTWRIGHT_GITLAB_TOKEN: token,
    CI_API_V4_URL: api.apiUrl,
    CI_PROJECT_ID: '7',
    CI_MERGE_REQUEST_PROJECT_ID: '7',
  }
  return await runJob(project, job, { ...options, variables: { ...variables, ...options.variables } })
}

function notes(): readonly string[] {
  return api.world.projects[0]?.mergeRequests?.[0]?.notes.map(({ body }) => body) ?? []
}

async function ttl(): Promise<unknown> {
  const { body } = await request(vault, 'GET', 'auth/jwt/role/myproject-production')
  return Object(body?.['data']).token_ttl
}

test('starts the jobs that belong to a merge request, a fork, a push and a schedule, and no others', async () => {
  expect(await validate(project)).toMatchObject({ valid: true })
  const names = async (options: RunJobOptions) => (await listJobs(project, options)).map(({ name }) => name)
  expect(await names(mergeRequest)).toEqual(['plan'])
  expect(await names({ ...mergeRequest, sourceProject: 666 })).toEqual([])
  expect(await names({ source: 'push' })).toEqual(['plan', 'apply'])
  expect(await names({ source: 'schedule' })).toEqual(['drift'])
  expect(await names({ source: 'push', branch: 'a-change' })).toEqual([])
})

test('a change is reviewed in its note, applied as it was planned, and found again when somebody alters it', async () => {
  const before = await ttl()
  const role = readFileSync(join(project, 'roles/myproject.yaml'), 'utf8')
  commit(project, { 'roles/myproject.yaml': role.replaceAll(/token_ttl: \w+/g, 'token_ttl: 77s') })

  const planned = await run('plan', 'vaultwright-plan', mergeRequest)
  expect(planned.code, planned.output).toBe(0)
  expect(notes().map((body) => body.split('\n')[0])).toEqual([
    '<!-- vaultwright:{"environment":"production"} -->',
    '<!-- vaultwright:{"environment":"staging"} -->',
  ])
  expect(notes()[0]).toContain('update <code>jwt-role/jwt/myproject-production</code>')
  expect(await ttl()).toBe(before)

  const applied = await run('apply', 'vaultwright-apply', { needs: true, variables: { CI_MERGE_REQUEST_IID: '' } })
  expect(applied.code, applied.output).toBe(0)
  expect(applied.output).toContain('No note is posted: this is no pipeline of a merge request')
  expect(await ttl()).toBe(77)

  await run('plan', 'vaultwright-plan', mergeRequest)
  expect(notes()).toHaveLength(2)
  expect(notes()[0]).toContain('## Vault access: no changes')

  expect((await run('drift', 'vaultwright-drift', { source: 'schedule' })).output).not.toContain('WARN')
  await request(vault, 'POST', 'sys/policies/acl/myproject-production', {
    policy: 'path "secret/*" { capabilities = ["sudo"] }',
  })
  const drifted = await run('drift', 'vaultwright-drift', { source: 'schedule' })
  expect(drifted).toMatchObject({ code: 0, output: expect.stringMatching(/policy\/myproject-production[\s\S]*WARN/) })
})

test('Vault refuses at login what the pipeline file alone would let through', async () => {
  const refused = (output: string) => expect(output).toContain('does not match any associated bound claim values')
  const branch = { ref: 'a-change', ref_path: 'refs/heads/a-change', ref_protected: 'false' }
  const unprotected = await run('apply', 'vaultwright-apply', { needs: false }, branch)
  expect(unprotected.code).not.toBe(0)
  refused(unprotected.output)

  const forked = await run('plan', 'vaultwright-plan', mergeRequest, fork)
  expect(forked.code).not.toBe(0)
  refused(forked.output)
})

test('neither logs nor artifacts hold a token', async () => {
  const ended = await run('plan', 'vaultwright-plan', mergeRequest)
  const saved = artifact(project, 'plan', 'plan.json') ?? ''
  expect(saved).toContain('vaultwright-plan/1')
  for (const text of [ended.output, saved, ...notes()])
    expect(text).not.toMatch(/canary|eyJ[\w-]+\.[\w-]+\.|hv[sb]\.|[sb]\.[A-Za-z0-9]{24}/)
})
