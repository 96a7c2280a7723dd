import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { conditionsOf } from '../../../src/gitlab/jobs/conditions.ts'
import { jobEnvironment } from '../../../src/gitlab/jobs/environment.ts'

function rules(bound_claims: JsonObject, more: JsonObject = {}): string {
  return conditionsOf({ bound_claims, ...more }).rules.join(' && ')
}

const glob = { bound_claims_type: 'glob' }
/** A pipeline that is surely of no merge request. */
const pushed = { pipeline_source: 'push' }

describe('a claim of the project', () => {
  test('that runs the job is a variable', () => {
    expect(rules({ job_project_id: '42' })).toBe('$CI_PROJECT_ID == "42"')
    expect(rules({ job_namespace_path: 'a/b' })).toBe('$CI_PROJECT_NAMESPACE == "a/b"')
  })

  test('whose code runs is the source of a merge request, where there is one', () => {
    expect(rules({ project_id: '42' })).toBe(
      '($CI_MERGE_REQUEST_SOURCE_PROJECT_ID == null && $CI_PROJECT_ID == "42" || $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == "42")',
    )
    expect(rules({ project_id: '42', job_project_id: '42' })).toBe(
      '$CI_PROJECT_ID == "42" && ($CI_MERGE_REQUEST_SOURCE_PROJECT_ID == null || $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == "42")',
    )
  })

  test('is plain where no merge request can be', () => {
    expect(rules({ project_id: '42', ...pushed })).toBe('$CI_PROJECT_ID == "42" && $CI_PIPELINE_SOURCE == "push"')
    expect(rules({ namespace_id: ['5', '6'], pipeline_source: ['web', 'api'] })).toBe(
      '$CI_PROJECT_NAMESPACE_ID =~ /^(5|6)$/ && $CI_PIPELINE_SOURCE =~ /^(web|api)$/',
    )
  })

  test('is not taken for plain where a child pipeline may have a merge request, or any source may come', () => {
    const child = rules({ project_id: '42', pipeline_source: ['push', 'parent_pipeline'] })
    expect(child).toContain('CI_MERGE_REQUEST_SOURCE_PROJECT_ID')
    expect(rules({ project_id: '42', pipeline_source: 'p*' }, glob)).toContain('CI_MERGE_REQUEST_SOURCE_PROJECT_ID')
  })

  test('is all that an include can see', () => {
    const role = { bound_claims: { namespace_id: '5', job_namespace_id: '5', ref_protected: 'true' } }
    expect(conditionsOf(role).project).toEqual(['$CI_PROJECT_NAMESPACE_ID == "5"'])
    expect(conditionsOf({ bound_claims: { ref: 'main' } }).project).toEqual([])
  })
})

describe('a claim of the ref', () => {
  test.each<[JsonObject, string]>([
    [{ ref: 'main' }, '$CI_COMMIT_REF_NAME == "main"'],
    [{ ref_type: 'branch' }, '$CI_COMMIT_TAG == null'],
    [{ ref_type: 'tag' }, '$CI_COMMIT_TAG'],
    [{ ref_type: ['branch', 'tag'] }, ''],
    [{ ref_path: 'refs/heads/main' }, '$CI_COMMIT_TAG == null && $CI_COMMIT_REF_NAME == "main"'],
    [{ ref_path: 'refs/heads/main', ref_type: 'branch' }, '$CI_COMMIT_TAG == null && $CI_COMMIT_REF_NAME == "main"'],
    [{ ref_path: 'refs/tags/v1', ref_type: 'tag' }, '$CI_COMMIT_TAG == "v1"'],
    [
      { ref_path: ['refs/heads/main', 'refs/tags/v1'] },
      '($CI_COMMIT_TAG == null && $CI_COMMIT_REF_NAME == "main" || $CI_COMMIT_TAG == "v1")',
    ],
    [{ ref_path: 'refs/heads/main', ...pushed }, '$CI_COMMIT_BRANCH == "main" && $CI_PIPELINE_SOURCE == "push"'],
    [{ ref_protected: 'true' }, '$CI_COMMIT_REF_PROTECTED == "true"'],
  ])('%j', (claims, expected) => expect(rules(claims)).toBe(expected))

  test.each<[JsonObject, string]>([
    [{ ref: 'release/*' }, '$CI_COMMIT_REF_NAME =~ /^release\\/.*$/'],
    [{ ref: ['main', 'v*.*'] }, '$CI_COMMIT_REF_NAME =~ /^(main|v.*\\..*)$/'],
    [{ ref: '*' }, ''],
    [{ ref_path: 'refs/heads/*' }, '$CI_COMMIT_TAG == null'],
    [{ ref_path: 'refs/tags/*', ...pushed }, '$CI_COMMIT_TAG && $CI_PIPELINE_SOURCE == "push"'],
  ])('with globs: %j', (claims, expected) => expect(rules(claims, glob)).toBe(expected))

  test('a star is a star without globs', () => {
    expect(rules({ ref: 'v*' })).toBe('$CI_COMMIT_REF_NAME == "v*"')
    expect(rules({ ref: ['v*', 'w+'] })).toBe('$CI_COMMIT_REF_NAME =~ /^(v\\*|w\\+)$/')
  })

  test('quotes do not end a text', () => {
    expect(rules({ ref: 'a"b' })).toBe(`$CI_COMMIT_REF_NAME == 'a"b'`)
    expect(rules({ ref: `a"b'c` })).toBe(`$CI_COMMIT_REF_NAME =~ /^a"b'c$/`)
  })
})

describe('what no variable mirrors is said', () => {
  test.each<[JsonObject, readonly string[]]>([
    [{ environment_protected: 'true' }, ['environment_protected "true"']],
    [{ user_login: ['a', 'b'] }, ['user_login "a" or "b"']],
    [{ runner_id: 7 }, ['runner_id 7']],
    [{ project_id: 42 }, ['project_id 42']],
    [{ ref_type: 'commit' }, ['ref_type "commit"']],
    [{ ref_path: 'refs/merge-requests/1/head' }, ['ref_path "refs/merge-requests/1/head"']],
    [{ '/job_config/sha': 'a' }, ['/job_config/sha "a"']],
  ])('%j', (bound_claims, unseen) => {
    expect(conditionsOf({ bound_claims })).toEqual({ rules: [], project: [], unseen })
  })

  test('a bound that is no claim, too', () => {
    const role = { bound_subject: 'project_path:a/b', token_bound_cidrs: ['10.0.0.0/8'] }
    expect(conditionsOf(role).unseen).toEqual(['sub "project_path:a/b"', 'a runner in "10.0.0.0/8"'])
  })

  test("claims of the job's environment are written, not asked for", () => {
    expect(conditionsOf({ bound_claims: { environment: 'staging', environment_action: 'start' } }).unseen).toEqual([])
  })
})

describe('the environment of a job', () => {
  test.each<[JsonObject, ReturnType<typeof jobEnvironment>]>([
    [{}, {}],
    [{ environment: 'staging' }, { value: { name: 'staging' } }],
    [
      { environment: 'production', environment_action: ['stop', 'start'], deployment_tier: 'production' },
      { value: { name: 'production', action: 'start', deployment_tier: 'production' } },
    ],
    [{ environment: ['a', 'b'] }, { note: 'The job says the rest of its environment: name "a" or "b".' }],
    [
      { environment_action: 'start' },
      { value: { action: 'start' }, note: 'The job says the name of its environment.' },
    ],
    [
      { environment: 'a', environment_action: ['verify', 'access'] },
      { value: { name: 'a' }, note: 'The job says the rest of its environment: action "verify" or "access".' },
    ],
  ])('%j', (bound_claims, expected) => expect(jobEnvironment({ bound_claims })).toEqual(expected))

  test('a glob, or what GitLab would fill in, is left to the job', () => {
    const note = 'The job says the rest of its environment: name like "review/*".'
    expect(jobEnvironment({ bound_claims: { environment: 'review/*' }, ...glob })).toEqual({ note })
    expect(jobEnvironment({ bound_claims: { environment: 'a$b' } }).value).toBeUndefined()
  })
})
