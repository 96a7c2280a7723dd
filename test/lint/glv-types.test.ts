import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import { glv04 } from '../../src/lint/rules/glv04-not-a-string.ts'
import { glv05 } from '../../src/lint/rules/glv05-not-a-number.ts'
import { glv06 } from '../../src/lint/rules/glv06-not-a-name.ts'
import { glv31 } from '../../src/lint/rules/glv31-unknown-claim.ts'
import { boundTo, type Changes, findings, found } from './glv.ts'

const glob = { bound_claims_type: 'glob' }

describe('GLV04: a number or boolean for a claim that is a string', () => {
  test.each<[string, JsonValue, JsonValue]>([
    ['project_id', 22, '22'],
    ['ref_protected', true, 'true'],
    ['environment_protected', false, 'false'],
    ['project_id', ['42', 43], ['42', '43']],
    ['groups_direct', 7, '7'],
    ['/project_id', 22, '22'],
    ['aud', 7, '7'],
  ])('is found in %s %j and mended', (claim, value, meant) => {
    const field = ['bound_claims', claim]
    expect(findings(glv04, { role: boundTo({ [claim]: value }) })).toMatchObject([
      { field, fix: { field, value: meant } },
    ])
  })

  test('says that nothing matches, or that the server refuses the role', () => {
    expect(found(glv04, { role: boundTo({ project_id: 22 }) })[0]).toMatch(/ 22 without quotes, .* that never matches$/)
    expect(found(glv04, { role: { ...boundTo({ project_id: 22 }), ...glob } })[0]).toMatch(
      /the server refuses the role$/,
    )
  })

  test('does not guess how a fraction is written', () => {
    expect(findings(glv04, { role: boundTo({ project_id: 1.5 }) })).toEqual([
      expect.not.objectContaining({ fix: expect.anything() }),
    ])
  })

  test.each<[string, JsonValue]>([
    ['runner_id', 12],
    ['iat', 1_700_000_000],
    ['project_id', '22'],
    ['/job_config/sha', 7],
    ['colour', 7],
  ])('is not found in %s %j', (claim, value) => {
    expect(found(glv04, { role: boundTo({ [claim]: value }) })).toEqual([])
  })
})

describe('GLV05: a string for a claim that is a number', () => {
  test.each<[string, JsonValue, JsonValue | undefined]>([
    ['runner_id', '12', 12],
    ['runner_id', ['12', 13], [12, 13]],
    ['/runner_id', '12', 12],
    ['runner_id', 'blue', undefined],
    ['exp', true, undefined],
  ])('is found in %s %j', (claim, value, meant) => {
    const field = ['bound_claims', claim]
    const [finding] = findings(glv05, { role: boundTo({ [claim]: value }) })
    expect(finding).toMatchObject({ field })
    expect(finding?.fix).toEqual(meant === undefined ? undefined : { field, value: meant })
  })

  test('is found wherever globs are on, as they never match a number', () => {
    expect(found(glv05, { role: { ...boundTo({ runner_id: '12' }), ...glob } })).toEqual([
      'bound_claims.runner_id: role jwt/ci wants runner_id to be "12", but the claim is a number: with bound_claims_type glob nothing matches it',
    ])
  })

  test('is not found for a number, nor for other claims', () => {
    expect(found(glv05, { role: boundTo({ runner_id: [12, 13] }) })).toEqual([])
  })
})

describe('GLV06: a claim that is no string where the server needs one', () => {
  test.each<[field: string, Changes]>([
    ['user_claim', { user_claim: 'runner_id' }],
    ['user_claim', { user_claim: 'groups_direct' }],
    ['user_claim', { user_claim: 'user_identities' }],
    ['user_claim', { user_claim: 'job_config' }],
    ['user_claim', { user_claim: '/runner_id', user_claim_json_pointer: true }],
    ['claim_mappings.runner_id', { claim_mappings: { runner_id: 'runner' } }],
    ['claim_mappings./exp', { claim_mappings: { '/exp': 'ends' } }],
  ])('is found in %s of %j', (field, role) => {
    expect(findings(glv06, { role }).map((finding) => finding.field.join('.'))).toEqual([field])
  })

  test.each<Changes>([
    { user_claim: 'project_id' },
    { user_claim: '/job_config/sha', user_claim_json_pointer: true },
    { claim_mappings: { project_id: 'project', sha: 'commit' } },
    { groups_claim: 'groups_direct' },
  ])('is not found in %j', (role) => {
    expect(found(glv06, { role })).toEqual([])
  })
})

describe('GLV31: a claim or a value that no ID token has', () => {
  test.each<[field: string, help: string, Changes]>([
    ['bound_claims.project', 'Did you mean project_id?', boundTo({ project: '42' })],
    ['bound_claims.projectid', 'Did you mean project_id?', boundTo({ projectid: '42' })],
    ['bound_claims.group_id', 'Did you mean namespace_id?', boundTo({ group_id: '9' })],
    ['bound_claims.deployment_action', 'Did you mean environment_action?', boundTo({ deployment_action: 'start' })],
    ['bound_claims.colour', 'Use a claim', boundTo({ colour: 'red' })],
    ['bound_claims./job_confg/sha', 'Did you mean job_config?', boundTo({ '/job_confg/sha': 'a' })],
    ['user_claim', 'Did you mean user_email?', { user_claim: 'user_mail' }],
    ['user_claim', 'Use a claim', { user_claim: '/job_config/sha' }],
    ['groups_claim', 'Did you mean groups_direct?', { groups_claim: 'group_direct' }],
    ['claim_mappings.project_idd', 'Did you mean project_id?', { claim_mappings: { project_idd: 'project' } }],
    ['bound_claims.ref_type', 'Did you mean "branch"?', boundTo({ ref_type: 'branches' })],
    ['bound_claims.ref_protected', 'It is one of "false", "true"', boundTo({ ref_protected: 'yes' })],
    ['bound_claims.ref_type', 'It is one of', { ...boundTo({ ref_type: 'b*h*s' }), ...glob }],
  ])('is found in %s, with the help: %s', (field, help, role) => {
    const [finding, ...others] = findings(glv31, { role })
    expect(finding?.field.join('.')).toBe(field)
    expect(finding?.help).toContain(help)
    expect(others).toEqual([])
  })

  test.each<[string, Changes]>([
    ['claims that there are', {}],
    ['a pointer into a claim', boundTo({ '/job_config/sha': 'a' })],
    ['a pointer as user claim', { user_claim: '/job_config/sha', user_claim_json_pointer: true }],
    ['lists and mapped claims', { groups_claim: 'groups_direct', claim_mappings: { user_login: 'login' } }],
    ['a glob that fits a value', { ...boundTo({ ref_type: 'b*' }), ...glob }],
    ['a value of an open claim', boundTo({ pipeline_source: 'a_new_source' })],
    ['a value of another type, which GLV04 finds', boundTo({ ref_protected: true })],
  ])('is not found with %s', (_, role) => {
    expect(found(glv31, { role })).toEqual([])
  })

  test('knows which claims an older GitLab lacks', () => {
    expect(found(glv31, { gitlab: { version: '18.3' } })).toEqual([
      'bound_claims.job_project_id: role jwt/ci uses the claim job_project_id, which GitLab has since 18.4; this one is 18.3',
    ])
    expect(found(glv31, { gitlab: { version: '18.4' } })).toEqual([])
  })
})
