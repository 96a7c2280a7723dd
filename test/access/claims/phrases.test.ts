import { describe, expect, test } from 'vitest'
import type { Box } from '../../../src/access/claims/box.ts'
import { describeAdmitted, describeBoxes } from '../../../src/access/claims/phrases.ts'
import { admittedBy } from '../../../src/access/claims/role-box.ts'
import { boundsOf } from '../../../src/access/login/bounds.ts'
import { assumedServer } from '../../../src/core/version.ts'

type Claims = Readonly<Record<string, string | readonly string[]>>

/** The tokens that a role with these bounds admits. */
function box(bound_claims: Claims, fields: Readonly<Record<string, string | readonly string[]>> = {}): Box {
  const role = {
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault.example.com'],
    bound_claims,
    bound_claims_type: 'glob',
    ...fields,
  }
  const admitted = admittedBy(boundsOf(assumedServer, { role, config: { oidc_discovery_url: 'https://gitlab.test' } }))
  if (!('box' in admitted)) throw new Error(JSON.stringify(admitted))
  return admitted.box
}

const project = { project_id: '42' }

describe('whose tokens', () => {
  test.each<[Claims, string]>([
    [{}, 'any project'],
    [{ project_id: ['42', '7'] }, 'projects 7 and 42'],
    [{ project_id: ['1', '2', '3', '4', '5'] }, '5 projects (1, 2, 3, …)'],
    [{ project_path: 'team/app' }, 'project team/app'],
    [{ project_path: 'team/*' }, 'projects team/*'],
    [{ project_id: '42', project_path: 'team/app' }, 'project 42 (team/app)'],
    [{ namespace_id: '5' }, 'group 5'],
    [{ project_id: '42', namespace_id: '5' }, 'project 42 of group 5'],
    [{ project_id: '42', job_project_id: '42' }, 'project 42'],
    [{ project_id: '42', job_project_id: '43' }, 'project 42 run in project 43'],
    [{ project_id: ['1', '2'], job_project_id: ['1', '2'] }, 'projects 1 and 2 run in projects 1 and 2'],
    [{ ...project, user_login: 'jane' }, 'project 42 by user jane'],
    [{ ...project, groups_direct: ['a', 'b/c'] }, 'project 42 by direct members of groups a and b/c'],
  ])('%j', (claims, words) => {
    expect(describeBoxes([box(claims)])).toBe(words)
  })
})

describe('on which refs', () => {
  test.each<[Claims, string]>([
    [{ ref_protected: 'true' }, 'protected refs'],
    [{ ref_type: 'branch', ref_protected: 'true' }, 'protected branches'],
    [{ ref_type: 'tag' }, 'tags'],
    [{ ref_type: 'tag', ref: 'v*' }, 'tags v*'],
    [{ ref: 'main' }, 'ref main'],
    [{ ref: ['main', 'dev'], ref_type: 'branch' }, 'branches dev and main'],
    [{ ref_path: 'refs/heads/main', ref_type: 'branch', ref: 'main' }, 'branch main'],
    [{ ref_path: ['refs/heads/main', 'refs/tags/v*'] }, 'branch main and tags v*'],
    [{ ref_path: 'refs/heads/*', ref_protected: 'true' }, 'protected branches'],
    [{ ref_path: 'refs/merge-requests/*' }, 'refs refs/merge-requests/*'],
    [{ ref_path: 'refs/heads/main', ref: 'dev' }, 'branch main with ref = "dev"'],
    [{ ref_path: 'refs/heads/main', ref_type: 'tag' }, 'branch main with ref_type = "tag"'],
  ])('%j', (claims, words) => {
    expect(describeBoxes([box({ ...project, ...claims })])).toBe(`project 42 on ${words}`)
  })
})

describe('for which environments, in which pipelines, and the rest', () => {
  test.each<[Claims, string]>([
    [{ environment: 'review/*' }, 'for environments review/*'],
    [{ environment_protected: 'true' }, 'for protected environments'],
    [{ environment: 'production', deployment_tier: 'production' }, 'for environment production of tier production'],
    [{ pipeline_source: ['push', 'schedule'] }, 'in push and scheduled pipelines'],
    [
      { environment: 'x', environment_action: ['start', 'stop'] },
      'for environment x (environment_action start or stop)',
    ],
    [{ runner_environment: 'self-hosted' }, 'on self-hosted runners'],
    [{ sha: '1a2b' }, 'with sha = "1a2b"'],
    [{ environment: 'a, b' }, 'for environment "a, b"'],
  ])('%j', (claims, words) => {
    expect(describeBoxes([box({ ...project, ...claims })])).toBe(`project 42 ${words}`)
  })

  test('text that looks like a glob is not one', () => {
    const claims = { ...project, environment: 'review/*' }
    expect(describeBoxes([box(claims, { bound_claims_type: 'string' })])).toBe('project 42 for environment "review/*"')
  })
})

describe('several sets of tokens', () => {
  test('a part of another one is not said', () => {
    const parts = [box(project), box({ ...project, ref_type: 'tag' }), box({ ...project, ref_type: 'tag', ref: 'v1' })]
    expect(describeBoxes(parts)).toBe('project 42')
    const main = { ...project, ref_path: 'refs/heads/main' }
    expect(describeBoxes([box({ ...main, pipeline_source: 'push' }), box(main)])).toBe('project 42 on branch main')
    expect(describeBoxes([box(main), box({ ref_path: 'refs/heads/*' })])).toBe('any project on branches')
  })

  test('what is the same of them is said once', () => {
    const main = { ref_path: 'refs/heads/main' }
    const boxes = [
      box({ ...main, project_id: '7' }),
      box({ ...main, project_id: '42' }),
      box({ ...project, ref_type: 'tag' }),
    ]
    expect(describeBoxes(boxes)).toBe('project 42 on tags, and of projects 7 and 42 on branch main')
  })
})

describe('what one role admits and another does not', () => {
  test.each<[Claims, Claims, string]>([
    [{}, { ref_protected: 'true' }, 'unprotected refs'],
    [{}, { environment: 'x' }, 'environments other than x, or none'],
    [{ ref: 'v*' }, { ref: 'v1*' }, 'refs v* other than v1*'],
    [{ pipeline_source: ['push', 'web'] }, { pipeline_source: 'web' }, 'push pipelines'],
    [{ ref: 'main' }, { ref: 'dev', environment: 'x' }, 'ref main with any environment'],
    [{ user_login: 'jane' }, { user_login: 'joe' }, 'user jane'],
  ])('%j and not %j', (claims, others, words) => {
    expect(describeAdmitted(box({ ...project, ...claims }), box({ ...project, ...others })).text).toBe(words)
  })

  test('another user claim lets in tokens without the one before', () => {
    const text = describeAdmitted(box(project), box(project, { user_claim: 'user_login' })).text
    expect(text).toBe('tokens without user_login')
  })
})
