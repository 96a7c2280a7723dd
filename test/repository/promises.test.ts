import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgeFiles } from '../../src/commands/session/promises.ts'
import type { PromiseResult } from '../../src/core/promise.ts'
import { kinds } from '../../src/kinds/index.ts'
import { type Files, loadFiles, told } from '../support/files.ts'
import { repository } from '../support/program.ts'

/** The repository's own configuration, to change one thing in. */
function ownFiles(): Record<string, string> {
  const folders = ['environments', 'roles', 'policies', 'test/access']
  const paths = folders.flatMap((folder) =>
    readdirSync(join(repository, folder)).flatMap((name) => (/\.(yaml|hcl)$/.test(name) ? [`${folder}/${name}`] : [])),
  )
  return Object.fromEntries(
    [...paths, 'vaultwright.yaml'].map((path) => [path, readFileSync(join(repository, path), 'utf8')]),
  )
}

async function judged(files: Files): Promise<PromiseResult[]> {
  const configuration = await loadFiles(files)
  expect(told(configuration).filter((line) => !line.startsWith('unused-policy'))).toEqual([])
  return judgeFiles(configuration, kinds, configuration.environments)
}

const nameOf = ({ promise: { name, location } }: PromiseResult) => `${location.source.file.slice(12, -5)}: ${name}`

test('the repository keeps its own promises in every environment', async () => {
  const results = await judged(ownFiles())
  expect(results.filter(({ outcome }) => outcome !== 'kept')).toEqual([])
  expect(new Set(results.map(({ promise }) => promise.environment))).toEqual(new Set(['production', 'staging']))
})

/** What is replaced by what, in every file that is named. */
type Change = readonly [files: string, from: string, to: string]

/** A change that somebody could make by mistake, and promises that it breaks; others may break as well. */
type Mistake = readonly [sentence: string, change: Change, ...broken: string[]]

const myproject = 'roles/myproject.yaml'
const apply = 'roles/vaultwright-apply.yaml'
const drift = 'roles/vaultwright-drift.yaml'
const planPolicy = 'policies/vaultwright-plan.hcl'
const own = 'project_id: "7"\n'

const mistakes: readonly Mistake[] = [
  [
    'production forgets that the ref is protected',
    [myproject, '      ref_protected: "true"\n', ''],
    'myproject: an unprotected branch does not get in as production',
    'myproject: no token of an unprotected ref reads production',
  ],
  [
    'production forgets the branch',
    [myproject, '      ref_path: refs/heads/main\n', ''],
    'myproject: another protected branch does not get in as production',
  ],
  [
    'production forgets that tags are no branches',
    [myproject, '      ref_type: branch\n', ''],
    'myproject: a tag that is called main does not get in as production',
  ],
  [
    'production forgets where the pipeline came from',
    [myproject, '      pipeline_source: [push]\n', ''],
    'myproject: a merge request between protected branches does not get in as production',
    'myproject: no token of a merge request reads production',
  ],
  [
    'production forgets that the environment is protected',
    [myproject, '      environment_protected: "true"\n', ''],
    'myproject: an environment that is not protected does not get in as production',
  ],
  [
    'production forgets what the job does with the environment',
    [myproject, 'environment_action: start', ''],
    'myproject: a job that only looks at the environment does not get in as production',
  ],
  [
    'production forgets its environment',
    [myproject, '      environment: production\n', ''],
    'myproject: a job of staging does not get in as production',
    'myproject: a job without an environment does not get in',
  ],
  [
    'staging forgets its environment',
    [myproject, 'bound_claims: { environment: staging }', 'token_ttl: 4m'],
    'myproject: a job without an environment does not get in',
  ],
  [
    'myproject forgets whose code runs',
    [myproject, 'project_id: "42", job_project_id: "42"', 'job_project_id: "42"'],
    "myproject: a fork's code in a merge request does not get in",
    'myproject: no token of another project reads a secret of myproject',
  ],
  [
    'myproject forgets who runs it',
    [myproject, ', job_project_id: "42"', ''],
    "myproject: the parent's job with a fork's project does not get in",
    'myproject: a GitLab that names one project only cannot tell forks apart, so nobody gets in',
  ],
  [
    'myproject takes tokens for somebody else',
    [myproject, '["${vault}"]', '["${vault}", https://elsewhere.example.com]'],
    "myproject: a token for somebody else's audience does not get in",
  ],
  [
    'myproject forgets the audience',
    [myproject, '["${vault}"]', '[]'],
    'myproject: a token without an audience does not get in',
  ],
  [
    'the mount trusts another GitLab',
    [
      'environments/production.yaml environments/staging.yaml',
      'bound_issuer: "${gitlab}"',
      'bound_issuer: https://gitlab.shared.cwiq.io',
    ],
    'myproject: a token of another GitLab does not get in',
  ],
  [
    'the policy of myproject opens all environments',
    ['policies/myproject.hcl', 'ops/data/${environment}/*', 'ops/data/*'],
    'myproject: a job of any branch reads the secrets of staging',
    'myproject: a push to the protected main branch reads the secrets of production',
    'myproject: no token of an unprotected ref reads production',
  ],
  [
    'the policy of myproject gives more than reading',
    ['policies/myproject.hcl', '["read"]', '["read", "update"]'],
    'myproject: nobody writes where the secrets of myproject are',
  ],
  [
    'plans can write roles',
    [
      planPolicy,
      'path "auth/jwt/role/*" {\n  capabilities = ["read"]',
      'path "auth/jwt/role/*" {\n  capabilities = ["read", "update"]',
    ],
    'vaultwright: a merge request plans, and its token writes nothing',
    'vaultwright: a schedule of the protected main branch looks for drift, and its token writes nothing',
    'vaultwright: nobody but the apply role writes how people log in',
    'vaultwright: no token of a merge request writes anything on the server',
  ],
  [
    'plans can write policies',
    [
      planPolicy,
      'path "sys/policies/acl/nexus-ci" {\n  capabilities = ["read"]',
      'path "sys/policies/acl/nexus-ci" {\n  capabilities = ["read", "update"]',
    ],
    'vaultwright: nobody but the apply role writes policies',
  ],
  [
    'an apply cannot write the configuration',
    [
      'policies/vaultwright-apply.hcl',
      'path "auth/jwt/config" {\n  capabilities = ["read", "update"]',
      'path "auth/jwt/config" {\n  capabilities = ["read"]',
    ],
    'vaultwright: a push to the protected main branch applies',
  ],
  [
    'an apply can remove a mount',
    [
      'policies/vaultwright-apply.hcl',
      'capabilities = ["update", "sudo"]',
      'capabilities = ["update", "delete", "sudo"]',
    ],
    'vaultwright: no role removes a mount',
  ],
  [
    'nobody applies by hand',
    [apply, '[push, web]', '[push]'],
    'vaultwright: whoever starts the pipeline of the protected main branch by hand applies',
  ],
  [
    'merge requests apply',
    [apply, '[push, web]', '[push, web, merge_request_event]'],
    'vaultwright: a merge request between protected branches does not apply',
    'vaultwright: a merge request does not apply',
  ],
  ['schedules apply', [apply, '[push, web]', '[push, web, schedule]'], 'vaultwright: a schedule does not apply'],
  [
    'unprotected branches apply',
    [apply, '  ref_protected: "true"\n', ''],
    'vaultwright: an unprotected branch does not apply',
    'vaultwright: only tokens of protected refs apply',
  ],
  [
    'all branches apply',
    [apply, '  ref_path: refs/heads/main\n', ''],
    'vaultwright: another protected branch does not apply',
  ],
  ['tags apply', [apply, '  ref_type: branch\n', ''], 'vaultwright: a tag that is called main does not apply'],
  [
    'an apply forgets whose code runs',
    [apply, `  ${own}`, ''],
    'vaultwright: a fork does not apply',
    'vaultwright: only the project that keeps this configuration gets in',
  ],
  ['an apply forgets who runs it', [apply, `  job_${own}`, ''], 'vaultwright: and only where its own code runs'],
  [
    'a push looks for drift',
    [drift, '[schedule]', '[schedule, push]'],
    'vaultwright: a push is not the schedule that looks for drift',
  ],
  [
    'any branch looks for drift',
    [drift, '  ref_protected: "true"\n', ''],
    'vaultwright: a schedule of an unprotected branch does not look for drift',
  ],
  ['drift forgets whose code runs', [drift, `  ${own}`, ''], 'vaultwright: a fork does not look for drift'],
  [
    'a plan forgets whose code runs',
    ['roles/vaultwright-plan.yaml', 'project_id: "7", job', 'job'],
    'vaultwright: a fork does not plan',
  ],
  [
    'nexus-ci reads one secret more',
    [
      'roles/nexus-ci.yaml',
      'secrets:\n',
      'secrets:\n  ADMIN: { engine: kv-v2, mount: secret, path: nexus/admin, field: password }\n',
    ],
    'nexus-ci: a protected branch of the group reads its six secrets and nothing beside them',
  ],
  [
    'nexus-ci forgets that the ref is protected',
    ['roles/nexus-ci.yaml', '  ref_protected: "true"\n', ''],
    'nexus-ci: an unprotected branch does not get in',
    'nexus-ci: no token of an unprotected ref reads what can push images',
  ],
  [
    'nexus-ci forgets whose code runs',
    ['roles/nexus-ci.yaml', '  namespace_id: "9"\n', ''],
    'nexus-ci: a fork outside the group does not get in',
    "nexus-ci: only the group orchestrator gets in with a token of CWIQ's GitLab",
  ],
  [
    'nexus-ci forgets who runs it',
    ['roles/nexus-ci.yaml', '  job_namespace_id: "9"\n', ''],
    'nexus-ci: and only where code of that group runs',
    'nexus-ci: a GitLab that names one project only cannot tell forks apart, so nobody gets in',
  ],
  [
    'nexus-ci takes another group in',
    ['roles/nexus-ci.yaml', 'namespace_id: "9"', 'namespace_id: ["9", "10"]'],
    'nexus-ci: a project of another group does not get in',
  ],
  [
    'nexus-ci takes tokens for another Vault',
    ['roles/nexus-ci.yaml', '["${cwiq}"]', '["${cwiq}", "https://vault.example.com"]'],
    'nexus-ci: a token for the Vault of another GitLab does not get in',
  ],
  [
    "CWIQ's mount trusts the other GitLab",
    ['environments/production.yaml', 'bound_issuer: "${cwiq}"', 'bound_issuer: "${gitlab}"'],
    'nexus-ci: group 9 of another GitLab does not get in',
  ],
  [
    'the build token moves to the mount of others',
    ['roles/build-token.yaml', 'mount: ci', 'mount: secret'],
    'nexus-ci: nobody else reads what can push images',
    'build-token: a build of the security group reads the token of its own group and nothing beside it',
  ],
  [
    'nexus-ci reads from the mount of the build token',
    ['roles/nexus-ci.yaml', 'mount: secret, path: sonarqube', 'mount: ci, path: sonarqube'],
    'build-token: nobody else reads the token',
  ],
  [
    'build-token takes another group in',
    ['roles/build-token.yaml', 'namespace_id: "5"', 'namespace_id: ["5", "6"]'],
    'build-token: a project of another group does not get in',
    'build-token: only the security group gets in',
  ],
  [
    'build-token forgets whose code runs',
    ['roles/build-token.yaml', '  namespace_id: "5"\n', ''],
    'build-token: a fork outside the group does not get in',
  ],
  [
    'build-token forgets who runs it',
    ['roles/build-token.yaml', '  job_namespace_id: "5"\n', ''],
    'build-token: a GitLab that names one project only cannot tell forks apart, so nobody gets in',
    'build-token: and only where code of the security group runs',
  ],
  [
    'build-token takes tokens for somebody else',
    ['roles/build-token.yaml', '["${vault}"]', '["${vault}", https://elsewhere.example.com]'],
    "build-token: a token for somebody else's audience does not get in",
  ],
]

describe('a promise breaks when', () => {
  const seen = new Set<string>()

  test.each(mistakes.map(([sentence, ...mistake]) => [sentence, mistake] as const))('%s', async (_, mistake) => {
    const [[paths, from, to], ...expected] = mistake
    const files = ownFiles()
    for (const path of paths.split(' ')) {
      const text = files[path] as string
      files[path] = text.replaceAll(from, () => to)
      expect(files[path], `${path} does not hold ${from}`).not.toBe(text)
    }
    const broken = (await judged(files)).filter(({ outcome }) => outcome === 'broken').map(nameOf)
    for (const name of broken) seen.add(name)
    expect(broken).toEqual(expect.arrayContaining(expected))
  })

  test('each of them is broken by one of these mistakes', async () => {
    const all = (await judged(ownFiles())).map(nameOf)
    expect(all.filter((name) => !seen.has(name))).toEqual([])
  })
})
