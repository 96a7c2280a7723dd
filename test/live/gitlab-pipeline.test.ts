import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { idTokenOf, type JobName } from '../repository/claims.ts'
import { type GitlabApi, type GitlabNote, startGitlabApi } from '../support/gitlab-api.ts'
import {
  artifact,
  commit,
  gitlabProject,
  listJobs,
  type PipelineOptions,
  type RunJobOptions,
  runJob,
  validate,
} from '../support/gitlab-ci-local.ts'
import type { Claims } from '../support/issuer.ts'
import { request, startVault } from '../support/live-vault.ts'
import { repository, vaultwright } from '../support/program.ts'
import type { VaultProcess } from '../support/vault-process.ts'

/** The pipeline that `gitlab pipeline` writes for this repository, in jobs that really run on a real server. */

const mergeRequest = { source: 'merge_request_event', branch: 'a-change', sourceProject: 7 } as const
const token = 'glpat-project-canary'
const branch: Claims = { ref: 'a-change', ref_path: 'refs/heads/a-change', ref_protected: 'false' }

// Each run of a job starts four programs, and other tests run beside this one.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

let vault: VaultProcess
let api: GitlabApi
let project: string
let snapshots: Server

beforeAll(async () => {
  vault = await startVault()
  const applied = await vaultwright(['apply', '--auto-approve'], { env: operator() })
  expect(applied.code, applied.output).toBe(0)
  project = await repositoryProject()
  const notes: GitlabNote[] = []
  api = await startGitlabApi({
    users: [{ id: 101, username: 'project_7_bot' }],
    tokens: { [token]: { user: 101 } },
    projects: [{ id: 7, path: 'vault-configuration', members: { 101: 30 }, mergeRequests: [{ iid: 7, notes }] }],
  })
  snapshots = createServer((message, response) => {
    const answer = snapshotAt(message.url ?? '', message.headers['job-token'])
    response.writeHead(answer === undefined ? 404 : 200).end(answer ?? '{"message":"404 Not found"}')
  })
  await new Promise<void>((done) => snapshots.listen(0, '127.0.0.1', done))
  return async () => {
    snapshots.close()
    await Promise.all([vault.stop(), api.stop()])
  }
})

function operator() {
  return { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.token }
}

/** GET /projects/:id/jobs/artifacts/:ref_name/raw/*artifact_path?job=name, to who has the token of a running job. */
function snapshotAt(url: string, token: string | string[] | undefined): string | undefined {
  const { pathname, searchParams } = new URL(url, 'http://gitlab')
  const [, file] = /^\/api\/v4\/projects\/7\/jobs\/artifacts\/main\/raw\/(.+)$/.exec(pathname) ?? []
  if (file === undefined || token !== 'a-job-token') return undefined
  return artifact(project, searchParams.get('job') ?? '', file)
}

/** This repository's own files, as a project of GitLab whose pipeline the program wrote. The jobs find it on PATH. */
async function repositoryProject(): Promise<string> {
  const directory = gitlabProject({})
  for (const name of ['environments', 'roles', 'policies', 'gitlab'])
    cpSync(join(repository, name), join(directory, name), { recursive: true })
  mkdirSync(join(directory, 'test/access'), { recursive: true })
  for (const name of readdirSync(join(repository, 'test/access')).filter((file) => file.endsWith('.yaml')))
    cpSync(join(repository, 'test/access', name), join(directory, 'test/access', name))
  const settings = readFileSync(join(repository, 'vaultwright.yaml'), 'utf8')
  const pipeline = '\n  pipeline: { file: .gitlab-ci.yml, before_script: [], note: true }\n'
  commit(directory, { 'vaultwright.yaml': settings.replace(/(?<=^gitlab:)\n/m, pipeline) })
  const written = await vaultwright(['gitlab', 'pipeline'], { cwd: directory })
  expect(written, written.output).toMatchObject({ code: 0, stderr: 'wrote .gitlab-ci.yml\n' })
  commit(directory)
  return directory
}

/** Jobs as a runner starts them: with the ID token of such a job where they ask for one. */
async function run(job: string | string[], name: JobName, options: RunJobOptions = {}, claims: Claims = {}) {
  const variables = {
    VAULT_ADDR: vault.address,
    VAULT_ID_TOKEN: await idTokenOf(name, claims),
    CI_PROJECT_ID: '7',
    CI_MERGE_REQUEST_PROJECT_ID: '7',
  }
  return await runJob(project, job, { ...options, variables: { ...variables, ...options.variables } })
}

async function done(...words: Parameters<typeof run>) {
  const ended = await run(...words)
  expect(ended.code, ended.output).toBe(0)
  return ended
}

async function ttl(name = 'myproject-production'): Promise<unknown> {
  const { body } = await request(vault, 'GET', `auth/jwt/role/${name}`)
  return Object(body?.['data']).token_ttl
}

async function claims(name: string): Promise<unknown> {
  const { body } = await request(vault, 'GET', `auth/jwt/role/${name}`)
  return Object(body?.['data']).bound_claims
}

test('is valid, and has the jobs of each start', async () => {
  expect(await validate(project)).toMatchObject({ valid: true })
  const names = async (options: PipelineOptions) => {
    const variables = { CI_PROJECT_ID: '7', CI_MERGE_REQUEST_PROJECT_ID: '7' }
    return (await listJobs(project, { ...options, variables })).map(({ name, when }) => `${name} ${when}`)
  }
  const both = (job: string) => [`${job}: [production] on_success`, `${job}: [staging] on_success`]
  const checks = ['check on_success', 'promises on_success']
  expect(await names(mergeRequest)).toEqual([...checks, ...both('plan')])
  expect(await names({ ...mergeRequest, sourceProject: 666 })).toEqual([...checks, ...both('plan:fork')])
  const applies = ['apply:production manual', 'apply:staging on_success']
  expect(await names({ source: 'push' })).toEqual([...checks, ...both('plan'), ...applies, ...both('snapshot')])
  expect(await names({ source: 'schedule' })).toEqual([...both('snapshot'), ...both('drift')])
})

test('a change is checked and planned in the merge request, and applied on main from the plan of its pipeline', async () => {
  const before = await ttl()
  const role = readFileSync(join(project, 'roles/myproject.yaml'), 'utf8')
  commit(project, { 'roles/myproject.yaml': role.replaceAll(/token_ttl: \w+/g, 'token_ttl: 77s') })

  await done(['check', 'promises'], 'vaultwright-plan', mergeRequest)
  await done('plan', 'vaultwright-plan', mergeRequest)
  const counts = { create: 0, update: 1, delete: 0 }
  for (const name of ['production', 'staging']) {
    const file = (ending: string) => artifact(project, `plan: [${name}]`, `plan/${name}.${ending}`) ?? ''
    expect(JSON.parse(file('terraform.json'))).toEqual(counts)
    expect(file('md')).toContain(`update <code>jwt-role/jwt/myproject-${name}</code>`)
  }
  expect(await ttl()).toBe(before)

  await done('plan', 'vaultwright-plan', {}, { pipeline_source: 'push' })
  await done('apply:staging', 'vaultwright-apply')
  expect([await ttl('myproject-staging'), await ttl()]).toEqual([77, before])
  await done('apply:production', 'vaultwright-apply')
  expect(await ttl()).toBe(77)
})

test('a plan that was made before something else changed is not applied', async () => {
  const role = readFileSync(join(project, 'roles/myproject.yaml'), 'utf8')
  commit(project, { 'roles/myproject.yaml': role.replaceAll('token_ttl: 77s', 'token_ttl: 88s') })
  await done('plan', 'vaultwright-plan')
  const { body } = await request(vault, 'GET', 'auth/jwt/role/myproject-production')
  await request(vault, 'POST', 'auth/jwt/role/myproject-production', { ...Object(body?.['data']), token_ttl: 99 })
  const refused = await run('apply:production', 'vaultwright-apply')
  expect(refused.code).not.toBe(0)
  expect(await ttl()).toBe(99)
  await done('plan', 'vaultwright-plan')
  await done('apply:production', 'vaultwright-apply')
  await done('apply:staging', 'vaultwright-apply')
  expect(await ttl()).toBe(88)
})

test('what two environments describe alike is done by the first of them, and the other plan still fits', async () => {
  for (const name of ['production', 'staging']) {
    const file = `environments/${name}.yaml`
    const text = readFileSync(join(project, file), 'utf8')
    commit(project, { [file]: text.replace('description: GitLab CI jobs', 'description: Jobs of GitLab') })
  }
  await done('plan', 'vaultwright-plan')
  await done('apply:staging', 'vaultwright-apply')
  const { output } = await done('apply:production', 'vaultwright-apply')
  expect(output).toContain('already')
  const { body } = await request(vault, 'GET', 'sys/auth')
  expect(Object(Object(body?.['data'])['jwt/']).description).toBe('Jobs of GitLab')
})

test('a schedule finds what somebody changed by hand: a warning, whose report is kept', async () => {
  const schedule = { source: 'schedule' } as const
  const quiet = await done('drift', 'vaultwright-drift', schedule)
  expect(quiet.output).not.toContain('WARN')
  const { body } = await request(vault, 'GET', 'sys/policies/acl/myproject-production')
  const policy = Object(body?.['data']).policy
  await request(vault, 'POST', 'sys/policies/acl/myproject-production', {
    policy: 'path "secret/*" { capabilities = ["sudo"] }',
  })
  const drifted = await done('drift', 'vaultwright-drift', schedule)
  expect(drifted.output).toMatch(/WARN/)
  const report = (ending: string) => artifact(project, 'drift: [production]', `drift/production.${ending}`)
  expect(report('xml')).toMatch(/name="policy\/myproject-production"[^>]*>\n\s*<failure message="changed behind/)
  expect(report('md')).toContain('myproject-production')
  await request(vault, 'POST', 'sys/policies/acl/myproject-production', { policy })
})

/** One after the other: what they share is refused in a merge request, on main, and applied where somebody releases it. */
test('a refused plan tells the merge request why, and a pipeline that is run by hand releases it', async () => {
  const file = 'roles/build-token.yaml'
  const role = readFileSync(join(project, file), 'utf8')
  // What is promised of it would keep it from being applied, whoever releases it.
  rmSync(join(project, 'test/access/build-token.yaml'))
  commit(project, { [file]: role.replace('  job_namespace_id: "5"\n', '') })
  const allow = 'unbind:jwt-role/jwt/build-token'
  const report = (ending: string) => artifact(project, 'plan: [production]', `plan/production.${ending}`) ?? ''
  const posting = { VAULTWRIGHT_GITLAB_TOKEN: token, CI_API_V4_URL: api.apiUrl }
  const notes = () => api.world.projects[0]?.mergeRequests?.[0]?.notes.map(({ body }) => body) ?? []

  const refused = await run('plan: [production]', 'vaultwright-plan', { ...mergeRequest, variables: posting })
  expect(refused.code, refused.output).not.toBe(0)
  expect(refused.output).toContain(`VAULTWRIGHT_ALLOW set to: ${allow}`)
  expect(report('md')).toContain('Must not be applied')
  expect(JSON.parse(report('report.json')).environments[0].objections).toMatchObject([{ allow }])
  expect(report('json')).toBe('')
  expect(notes()).toHaveLength(1)
  expect(notes()[0]).toContain('**Must not be applied:**')
  expect(notes()[0]).toContain('VAULTWRIGHT&#95;ALLOW')
  expect(refused.output).not.toContain('canary')

  const merged = await run('plan: [production]', 'vaultwright-plan', {}, { pipeline_source: 'push' })
  expect(merged.code, merged.output).not.toBe(0)
  expect(merged.output).toContain('No note is posted: this is no pipeline of a merge request')

  const byHand = { source: 'web', variables: { VAULTWRIGHT_ALLOW: allow } } as const
  const before = await claims('build-token')
  expect(before).toHaveProperty('job_namespace_id')
  const planned = await done('plan: [production]', 'vaultwright-plan', byHand, { pipeline_source: 'web' })
  expect(planned.output).toContain(`Released by hand: ${allow}`)
  expect(await claims('build-token')).toEqual(before)
  await done('apply:production', 'vaultwright-apply', { source: 'web' }, { pipeline_source: 'web' })
  expect(await claims('build-token')).not.toHaveProperty('job_namespace_id')
  commit(project, { [file]: role })
  await done('plan', 'vaultwright-plan')
  await done('apply:production', 'vaultwright-apply')
})

test('a plan that could not be made fails, and posts nothing', async () => {
  const variables = { VAULTWRIGHT_GITLAB_TOKEN: token, CI_API_V4_URL: api.apiUrl, VAULT_ID_TOKEN: 'nonsense' }
  const before = api.requests.length
  const ended = await run('plan: [staging]', 'vaultwright-plan', { ...mergeRequest, variables })
  expect(ended.code, ended.output).not.toBe(0)
  expect(api.requests).toHaveLength(before)
  await done('plan', 'vaultwright-plan')
})

test("a fork's merge request is planned against a snapshot, without an ID token", async () => {
  // Where people log in; the plan role may not look into it.
  await request(vault, 'POST', 'sys/auth/people', { type: 'oidc' })
  const taken = await done('snapshot', 'vaultwright-plan', {}, { pipeline_source: 'push' })
  expect(taken.output).toContain('path "auth/people/role" { capabilities = ["list"] }')
  const fork = { ...mergeRequest, sourceProject: 666 }
  const variables = {
    VAULT_ADDR: '',
    VAULT_ID_TOKEN: '',
    CI_API_V4_URL: `http://127.0.0.1:${(snapshots.address() as AddressInfo).port}/api/v4`,
    CI_DEFAULT_BRANCH: 'main',
    CI_JOB_TOKEN: 'a-job-token',
  }
  const role = readFileSync(join(project, 'roles/myproject.yaml'), 'utf8')
  commit(project, { 'roles/myproject.yaml': role.replaceAll('token_ttl: 88s', 'token_ttl: 66s') })
  await done('plan:fork', 'vaultwright-plan', { ...fork, variables })
  const report = artifact(project, 'plan:fork: [production]', 'plan/production.terraform.json') ?? '{}'
  expect(JSON.parse(report)).toEqual({ create: 0, update: 1, delete: 0 })

  const without = await run('plan:fork', 'vaultwright-plan', {
    ...fork,
    variables: { ...variables, CI_JOB_TOKEN: 'other' },
  })
  expect(without.code).not.toBe(0)
  expect(without.output).toContain('A merge request of a fork logs in to no Vault')
  commit(project, { 'roles/myproject.yaml': role })
})

test('Vault refuses the branch whose pipeline file says that it may apply', async () => {
  const pipeline = readFileSync(join(project, '.gitlab-ci.yml'), 'utf8')
  commit(project, { '.gitlab-ci.yml': pipeline.replaceAll('&& $CI_COMMIT_REF_PROTECTED == "true" ', '') })
  const before = await ttl()
  const unprotected = await run('apply:staging', 'vaultwright-apply', { protected: false }, branch)
  expect(unprotected.code).not.toBe(0)
  expect(unprotected.output).toContain('does not match any associated bound claim values')
  expect(await ttl()).toBe(before)

  const stale = await run('check', 'vaultwright-plan', mergeRequest)
  expect(stale.code).not.toBe(0)
  expect(stale.output).toContain('1 file not as the configuration has it')
  commit(project, { '.gitlab-ci.yml': pipeline })
})

test('neither the pipeline, its logs nor its artifacts hold a token', async () => {
  const ended = await done('plan', 'vaultwright-plan')
  const saved = artifact(project, 'plan: [production]', 'plan/production.json') ?? ''
  expect(saved).toContain('vaultwright-plan/1')
  const pipeline = readFileSync(join(project, '.gitlab-ci.yml'), 'utf8')
  for (const text of [ended.output, saved, pipeline])
    expect(text).not.toMatch(/eyJ[\w-]+\.[\w-]+\.|hv[sb]\.|[sb]\.[A-Za-z0-9]{24}/)
})

test('spread over shards, each job plans and applies its part', async () => {
  const written = await vaultwright(['gitlab', 'pipeline', '--shard', '2'], { cwd: project })
  expect(written.code, written.output).toBe(0)
  const role = readFileSync(join(project, 'roles/myproject.yaml'), 'utf8')
  commit(project, { 'roles/myproject.yaml': role.replaceAll(/token_ttl: \w+/g, 'token_ttl: 55s') })
  await done('plan', 'vaultwright-plan')
  const files = ['1', '2'].map((part) => artifact(project, `plan: [${part}/2]`, `plan/${part}.json`) ?? '{}')
  const planned = files.map((file) => JSON.parse(file).environments)
  expect(planned.map((all) => all.map((one: { environment: string }) => one.environment))).toEqual([
    ['production'],
    ['staging'],
  ])
  await done('apply', 'vaultwright-apply')
  expect([await ttl('myproject-staging'), await ttl()]).toEqual([55, 55])
})
