import { beforeAll, describe, expect, test } from 'vitest'
import { type Claims, gitlab } from '../support/issuer.ts'
import { request, startVault } from '../support/live-vault.ts'
import type { VaultProcess } from '../support/vault-process.ts'
import { claimsFor, fork, type JobName, logIn, serverAs } from './claims.ts'
import { repositoryObjects } from './configuration.ts'
import { install } from './install.ts'

let server: VaultProcess

beforeAll(async () => {
  server = await startVault()
  await install(server, await repositoryObjects())
  return async () => await server.stop()
})

/** A mount of kv-v2 that holds one secret at each of the paths. */
async function store(mount: string, ...paths: readonly string[]): Promise<void> {
  await request(server, 'POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '2' } })
  for (const path of paths) {
    const answer = await request(server, 'POST', `${mount}/data/${path}`, { data: { value: crypto.randomUUID() } })
    expect(answer.status, path).toBe(200)
  }
}

/** Which of the paths such a job can read. */
async function readable(job: JobName, paths: readonly string[]): Promise<string[]> {
  const jobs = await serverAs(server, job)
  const answers = await Promise.all(paths.map(async (path) => (await request(jobs, 'GET', path)).status))
  return paths.filter((_, i) => answers[i] === 200)
}

describe('who gets in', () => {
  test.each<[JobName, string, Claims]>([
    ['vaultwright-plan', 'from a branch’s merge request', {}],
    ['vaultwright-plan', 'from the protected branch', claimsFor('vaultwright-apply')],
    ['vaultwright-apply', 'after a push to the protected branch', {}],
    ['vaultwright-apply', 'started by hand', { pipeline_source: 'web' }],
    ['vaultwright-drift', 'from a schedule', {}],
    ['myproject-staging', 'from any branch', {}],
    ['myproject-production', 'after a push to the protected branch', {}],
    ['build-token', 'from a project of the security group', {}],
    ['nexus-ci', 'from a project of its group', {}],
  ])('%s gets in %s', async (job, _, changes) => {
    expect(await logIn(server, job, changes)).toHaveProperty('token')
  })
})

const otherProject: Claims = { project_id: '70', job_project_id: '70' }
const unprotected: Claims = { ref_protected: 'false' }
const mergeRequest: Claims = { pipeline_source: 'merge_request_event' }
const tag: Claims = { ref_type: 'tag', ref_path: 'refs/tags/main' }
/** Then the other ID is that of the running project even for a fork's code, and tells nothing. */
const beforeGitlab18: Claims = { job_project_id: undefined, job_namespace_id: undefined }
const otherBranch: Claims = { ref: 'main-2', ref_path: 'refs/heads/main-2' }

describe('who is refused', () => {
  test.each<[JobName, string, Claims]>([
    ['vaultwright-plan', 'for a fork', fork],
    ['vaultwright-plan', 'for a fork that runs it itself', { ...fork, job_project_id: '666' }],
    ['vaultwright-plan', 'for another project', otherProject],
    ['vaultwright-plan', 'from a GitLab that names one project only', beforeGitlab18],
    ['vaultwright-apply', 'for a fork', fork],
    ['vaultwright-apply', 'for another project', otherProject],
    ['vaultwright-apply', 'from a merge request between protected branches', mergeRequest],
    ['vaultwright-apply', 'from an unprotected branch', unprotected],
    ['vaultwright-apply', 'from another protected branch', otherBranch],
    ['vaultwright-apply', 'from a tag named like the branch', tag],
    ['vaultwright-apply', 'from a schedule', { pipeline_source: 'schedule' }],
    ['vaultwright-apply', 'from a trigger', { pipeline_source: 'trigger' }],
    ['vaultwright-apply', 'from a GitLab that names one project only', beforeGitlab18],
    ['vaultwright-drift', 'after a push', { pipeline_source: 'push' }],
    ['vaultwright-drift', 'started by hand', { pipeline_source: 'web' }],
    ['vaultwright-drift', 'for another project', otherProject],
    ['vaultwright-drift', 'from an unprotected branch', unprotected],
    ['vaultwright-drift', 'from another protected branch', otherBranch],
    ['vaultwright-drift', 'from a tag named like the branch', tag],
    ['vaultwright-drift', 'from a GitLab that names one project only', beforeGitlab18],
    ['myproject-staging', 'for production', { environment: 'production' }],
    ['myproject-staging', 'without an environment', { environment: undefined }],
    ['myproject-staging', 'for a fork', fork],
    ['myproject-staging', 'from a GitLab that names one project only', beforeGitlab18],
    ['myproject-production', 'for staging', { environment: 'staging' }],
    ['myproject-production', 'with an unprotected environment', { environment_protected: 'false' }],
    ['myproject-production', 'for a job that only looks at the environment', { environment_action: 'access' }],
    ['myproject-production', 'from a merge request between protected branches', mergeRequest],
    ['myproject-production', 'from an unprotected branch', unprotected],
    ['myproject-production', 'from another protected branch', otherBranch],
    ['myproject-production', 'from a tag named like the branch', tag],
    ['myproject-production', 'for a fork', fork],
    ['myproject-production', 'for another project', otherProject],
    ['myproject-production', 'from a GitLab that names one project only', beforeGitlab18],
    ['build-token', 'for a project of another group', { namespace_id: '6', job_namespace_id: '6' }],
    ['build-token', 'for a fork outside the group', fork],
    ['build-token', 'from a GitLab that names one project only', beforeGitlab18],
    ['nexus-ci', 'for a project of another group', { namespace_id: '10', job_namespace_id: '10' }],
    ['nexus-ci', 'for a fork outside the group', fork],
    ['nexus-ci', 'from an unprotected branch', unprotected],
    ['nexus-ci', 'from a GitLab that names one project only', beforeGitlab18],
  ])('%s is refused %s', async (job, _, changes) => {
    const login = await logIn(server, job, changes)
    expect(login).toMatchObject({ status: 400, errors: [expect.stringMatching(/^error validating claims: claim "/)] })
  })

  test.each<JobName>([
    'vaultwright-plan',
    'vaultwright-apply',
    'vaultwright-drift',
    'myproject-staging',
    'myproject-production',
    'build-token',
    'nexus-ci',
  ])('%s is refused with a token for somebody else', async (job) => {
    expect(await logIn(server, job, { aud: 'https://elsewhere.example.com' })).toMatchObject({
      status: 400,
      errors: [expect.stringContaining('invalid audience (aud) claim')],
    })
  })

  test('nexus-ci is refused with a token of another GitLab, whose group 9 is somebody else’s', async () => {
    expect(await logIn(server, 'nexus-ci', { iss: gitlab })).toEqual({
      status: 400,
      errors: ['error validating token: invalid issuer (iss) claim'],
    })
  })
})

describe('which secrets they read', () => {
  test('a job of nexus-ci reads its six paths and nothing beside them', async () => {
    const own = ['nexus/svc-orchestrator', 'nexus/svc-executor', 'sonarqube/svc-orchestrator']
    own.push('defectdojo/svc-orchestrator', 'orchestrator/e2e-test-user', 'reportportal/svc-orchestrator')
    const beside = ['nexus/admin', 'nexus/svc-orchestrator/old', 'orchestrator/e2e-test-user-2', 'other']
    await store('secret', ...own, ...beside)
    const paths = (names: readonly string[]) => names.map((name) => `secret/data/${name}`)
    expect(await readable('nexus-ci', paths([...own, ...beside]))).toEqual(paths(own))
  })

  test('only jobs of the security group read the build token', async () => {
    const folder = 'metadata/access_tokens/gitlab-com/gitlab-org/security/_group_access_tokens'
    await store('ci', `${folder}/build-token`, `${folder}/other-token`)
    const paths = [`ci/data/${folder}/build-token`, `ci/data/${folder}/other-token`]
    expect(await readable('build-token', paths)).toEqual([paths[0]])
    for (const job of ['myproject-staging', 'myproject-production', 'nexus-ci', 'vaultwright-apply'] as const)
      expect(await readable(job, paths), job).toEqual([])
  })

  test('a job of myproject reads the secrets of its own environment only', async () => {
    await store('ops', 'staging/db', 'production/db')
    const paths = ['ops/data/staging/db', 'ops/data/production/db']
    expect(await readable('myproject-staging', paths)).toEqual(['ops/data/staging/db'])
    expect(await readable('myproject-production', paths)).toEqual(['ops/data/production/db'])
    for (const job of ['vaultwright-plan', 'vaultwright-apply', 'vaultwright-drift'] as const)
      expect(await readable(job, paths), job).toEqual([])
  })
})
