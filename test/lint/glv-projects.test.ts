import { describe, expect, test } from 'vitest'
import type { Rule } from '../../src/lint/rule.ts'
import { glv01 } from '../../src/lint/rules/glv01-no-project.ts'
import { glv02 } from '../../src/lint/rules/glv02-chosen-by-anybody.ts'
import { glv07 } from '../../src/lint/rules/glv07-squatted-path.ts'
import { glv10 } from '../../src/lint/rules/glv10-any-value.ts'
import { glv11 } from '../../src/lint/rules/glv11-path-only.ts'
import { glv18 } from '../../src/lint/rules/glv18-both-projects.ts'
import { glv26 } from '../../src/lint/rules/glv26-direct-group.ts'
import { boundOnlyTo, boundTo, type Changes, findings, found } from './glv.ts'

const glob = { bound_claims_type: 'glob' }

/** The fields that the rule blames in the good role with these changes. */
function blamed(rule: Rule, role: Changes): string[] {
  return findings(rule, { role }).map(({ field }) => field.join('.'))
}

describe('GLV01: bound to no project', () => {
  test.each<[string, Changes]>([
    ['no claim at all', { bound_claims: undefined }],
    ['a ref only', boundOnlyTo({ ref: 'main' })],
    ['the project that runs the job only, which a fork’s job has as well', boundOnlyTo({ job_project_id: '42' })],
    ['a glob for the ID', { ...boundOnlyTo({ project_id: '4*' }), ...glob }],
    ['one glob among the IDs', { ...boundOnlyTo({ project_id: ['42', '4*'] }), ...glob }],
    ['a path of which nothing is fixed', { ...boundOnlyTo({ project_path: '*/deploy' }), ...glob }],
    ['a subject without a project', { ...boundOnlyTo({ ref: 'main' }), bound_subject: 'ref_type:branch:ref:main' }],
    ['an empty list of IDs', boundOnlyTo({ project_id: [] })],
  ])('is found with %s', (_, role) => {
    expect(blamed(glv01, role)).toHaveLength(1)
  })

  test.each<[string, Changes]>([
    ['an ID', boundOnlyTo({ project_id: '42' })],
    ['several IDs', boundOnlyTo({ project_id: ['42', '43'] })],
    ['the ID of a group', boundOnlyTo({ namespace_id: '9' })],
    ['an ID with globs elsewhere', { ...boundOnlyTo({ project_id: '42', ref: 'release/*' }), ...glob }],
    ['an ID whose type is another rule’s business', boundOnlyTo({ project_id: 42 })],
    ['a "*" that is no glob', boundOnlyTo({ project_id: '*' })],
    ['a path, which GLV11 warns about', boundOnlyTo({ project_path: 'shop/app' })],
    ['a subject with the ID first', { bound_claims: undefined, bound_subject: 'project_id:42:ref:main' }],
  ])('is not found with %s', (_, role) => {
    expect(blamed(glv01, role)).toEqual([])
  })

  test('says what is bound instead, and on which GitLab', () => {
    expect(found(glv01, { role: boundOnlyTo({ job_project_id: '42', ref: 'main' }) })).toEqual([
      'bound_claims: role jwt/ci names no project by its ID: bound_claims has job_project_id and ref, so any project on https://git.example.com can get in',
    ])
  })
})

describe('GLV02: bound only by what anybody can choose', () => {
  test('names all that the role is bound by', () => {
    expect(found(glv02, { role: boundOnlyTo({ ref: 'main' }) })).toEqual([
      'bound_claims.ref: role jwt/ci is bound only by ref and aud: whoever writes a job chooses that',
    ])
  })

  test.each<[string, Changes]>([
    ['an audience', { bound_claims: undefined }],
    ['an environment', boundOnlyTo({ environment: 'production', environment_protected: 'true' })],
    ['a person', boundOnlyTo({ user_email: 'sidney@example.com' })],
    ['a network beside that', { ...boundOnlyTo({ ref: 'main' }), token_bound_cidrs: ['10.0.0.0/8'] }],
    ['a protected branch, which anybody can have in a project of their own', boundOnlyTo({ ref_protected: 'true' })],
  ])('is found with %s', (_, role) => {
    expect(blamed(glv02, role)).toHaveLength(1)
  })

  test.each<[string, Changes]>([
    ['a project', boundOnlyTo({ ref: 'main', project_id: '42' })],
    ['a subject', { bound_claims: undefined, bound_subject: 'project_path:shop/app:ref_type:branch:ref:main' }],
    ['a runner', boundOnlyTo({ runner_id: 12 })],
    ['a group of the user', boundOnlyTo({ groups_direct: 'admins' })],
    ['a claim that nobody knows', boundOnlyTo({ projectid: '42' })],
  ])('is not found with %s', (_, role) => {
    expect(blamed(glv02, role)).toEqual([])
  })
})

describe('GLV07: a path that somebody else’s group can fit', () => {
  test.each([
    ['project_path', 'mygroup*', 'mygroup-evil/x'],
    ['namespace_path', 'mygroup*', 'mygroup-evil/x'],
    ['project_path', '*/deploy', 'mallory/x/deploy'],
    ['project_path', 'mygroup/*/deploy', 'mygroup/x/mallory/deploy'],
    ['project_path', 'my*/app', 'my-evil/app'],
    ['job_project_path', 'mygroup*', 'mygroup-evil/x'],
    ['groups_direct', 'mygroup*', 'mygroup-evil/x'],
    ['sub', 'project_path:mygroup*', 'project_path:mygroup-evil/x'],
    ['sub', 'project_path:my*:ref_type:branch:ref:main', 'project_path:my-evil:ref_type:branch:ref:main'],
    ['sub', 'project_path:*:ref:main', 'project_path:mallory/x:ref:main'],
    ['ci_config_ref_uri', 'git.example.com/my*', 'git.example.com/my-evil/x'],
  ])('is found in %s %s, which %s fits', (claim, value, squatter) => {
    const [finding, ...others] = findings(glv07, { role: { ...boundOnlyTo({ [claim]: value }), ...glob } })
    expect(finding).toMatchObject({
      field: ['bound_claims', claim],
      message: `role jwt/ci admits ${claim} "${value}", which "${squatter}" fits as well`,
    })
    expect(others).toEqual([])
  })

  test.each<[string, Changes]>([
    ['a whole group before the "/*"', { ...boundOnlyTo({ project_path: 'mygroup/*' }), ...glob }],
    ['a subgroup before it', { ...boundOnlyTo({ namespace_path: 'mygroup/team/*' }), ...glob }],
    ['more than one star behind it', { ...boundOnlyTo({ project_path: 'mygroup/**' }), ...glob }],
    ['any ref in sub', { ...boundOnlyTo({ sub: 'project_path:mygroup/app:*' }), ...glob }],
    ['a group in sub', { ...boundOnlyTo({ sub: 'project_path:mygroup/*:ref_type:branch:ref:main' }), ...glob }],
    ['an ID in sub', { ...boundOnlyTo({ sub: 'project_id:42*' }), ...glob }],
    ['any ref of a pipeline file', { ...boundTo({ ci_config_ref_uri: 'git.example.com/a/b//.ci.yml@*' }), ...glob }],
    ['any file of a group', { ...boundTo({ ci_config_ref_uri: 'git.example.com/mygroup/*//.ci.yml@x' }), ...glob }],
    ['no globs', boundOnlyTo({ project_path: 'mygroup*' })],
    ['a glob of a ref', { ...boundTo({ ref: 'main*' }), ...glob }],
    ['"*" alone, which GLV10 finds', { ...boundOnlyTo({ project_path: '*' }), ...glob }],
  ])('is not found with %s', (_, role) => {
    expect(blamed(glv07, role)).toEqual([])
  })
})

describe('GLV10: a bound that any value fits', () => {
  test('is found for each claim with such a value, also in a list', () => {
    const role = { ...boundOnlyTo({ project_id: '42', ref: '*', environment: ['staging', '**'], sub: 'a*' }), ...glob }
    expect(blamed(glv10, role)).toEqual(['bound_claims.ref', 'bound_claims.environment'])
  })

  test('is not found where "*" is no glob', () => {
    expect(blamed(glv10, boundOnlyTo({ ref: '*' }))).toEqual([])
  })
})

describe('GLV11: bound by a path, not by an ID', () => {
  test.each<[string, string, Changes]>([
    ['bound_claims.project_path', 'project_path "shop/app"', boundOnlyTo({ project_path: 'shop/app' })],
    ['bound_claims.namespace_path', 'namespace_path "a", "b"', boundOnlyTo({ namespace_path: ['a', 'b'] })],
    ['bound_claims.project_path', 'project_path "shop/*"', { ...boundOnlyTo({ project_path: 'shop/*' }), ...glob }],
    ['bound_claims.sub', 'sub "project_path:a/b:ref:x"', boundOnlyTo({ sub: 'project_path:a/b:ref:x' })],
    [
      'bound_subject',
      'bound_subject "project_path:a/b:ref:x"',
      { bound_claims: undefined, bound_subject: 'project_path:a/b:ref:x' },
    ],
  ])('is found at %s with only %s', (field, words, role) => {
    expect(found(glv11, { role })).toEqual([`${field}: role jwt/ci knows its project only by ${words}`])
  })

  test('is not found with an ID beside the path, nor without a path', () => {
    expect(blamed(glv11, boundTo({ project_path: 'shop/app' }))).toEqual([])
    expect(blamed(glv11, boundOnlyTo({ ref: 'main' }))).toEqual([])
  })
})

describe('GLV18: one of the two projects is open', () => {
  test.each<[string, Changes]>([
    ['project_id', boundTo({ job_project_id: undefined })],
    ['job_project_id', boundTo({ project_id: undefined })],
    ['namespace_id', boundOnlyTo({ namespace_id: '9' })],
  ])('is found with %s alone', (claim, role) => {
    expect(blamed(glv18, role)).toEqual([`bound_claims.${claim}`])
  })

  test('is not found with both of a pair, nor where no ID is bound', () => {
    expect(blamed(glv18, {})).toEqual([])
    expect(blamed(glv18, boundOnlyTo({ namespace_id: '9', job_namespace_id: '9' }))).toEqual([])
    expect(blamed(glv18, boundOnlyTo({ project_path: 'shop/app' }))).toEqual([])
  })

  test('waits for the GitLab that has the other claim, and mends the role where it surely has', () => {
    const world = { role: boundTo({ job_project_id: undefined }) }
    expect(findings(glv18, { ...world, gitlab: { version: '18.3' } })).toEqual([])
    expect(findings(glv18, world)[0]).not.toHaveProperty('fix')
    expect(findings(glv18, { ...world, gitlab: { version: '18.4' } })[0]).toHaveProperty('fix', {
      field: ['bound_claims', 'job_project_id'],
      value: '42',
    })
  })
})

describe('GLV26: a group without its subgroups', () => {
  test('is found for a group, and not beside a project', () => {
    expect(found(glv26, { role: boundOnlyTo({ namespace_id: ['9', '12'] }) })).toEqual([
      expect.stringContaining('wants namespace_id to be one of "12", "9"'),
    ])
    expect(found(glv26, { role: boundTo({ namespace_id: '9' }) })).toEqual([])
  })
})
