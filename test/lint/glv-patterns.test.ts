import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import { glv31 } from '../../src/lint/rules/glv31-unknown-claim.ts'
import { glv32 } from '../../src/lint/rules/glv32-literal-pattern.ts'
import { glv33 } from '../../src/lint/rules/glv33-metadata-key.ts'
import { boundTo, findings, found } from './glv.ts'

const glob = { bound_claims_type: 'glob' }
const helpOf = (value: JsonValue) => findings(glv32, { role: boundTo({ ref: value }) }).map(({ help }) => help)

describe('GLV32: a pattern that is compared as text', () => {
  test.each(['release/*', '*', 'm*n', '**'])('without globs is found in %s', (value) => {
    expect(found(glv32, { role: boundTo({ ref: value }) })).toEqual([
      `bound_claims.ref: role jwt/ci wants ref to be "${value}", and bound_claims_type is string: "*" stands for itself, so nobody gets in`,
    ])
    expect(found(glv32, { role: { ...boundTo({ ref: value }), ...glob } })).toEqual([])
  })

  test('says how to open the claim, and that "*" alone says nothing', () => {
    expect(helpOf('release/*')).toEqual([expect.stringContaining('bound_claims_type: glob')])
    expect(helpOf('*')).toEqual([expect.stringContaining('take the claim out')])
  })

  test.each([
    ['^main', '"^"'],
    ['main$', '"$"'],
    ['release/.*', '".*"'],
    ['.+', '".*"'],
    ['(main|stable)', '"(…|…)"'],
    ['v[0-9]', '"[…]"'],
    ['v\\d', 'a backslash'],
  ])('is found in %s, with globs as well', (value, sign) => {
    for (const type of [{}, glob])
      expect(found(glv32, { role: { ...boundTo({ ref: value }), ...type } })).toEqual([
        expect.stringContaining(`in which ${sign} stands for itself`),
      ])
  })

  test('is found for each value of a list', () => {
    expect(found(glv32, { role: boundTo({ ref: ['main', 'a*', '^b'] }) })).toHaveLength(2)
  })

  test.each(['main', 'v1.0', 'feature/(x)', 'a+b', 'cost$centre', 'a.b.c', 'release|next'])(
    'is not found in %s',
    (value) => {
      for (const type of [{}, glob]) expect(found(glv32, { role: { ...boundTo({ ref: value }), ...type } })).toEqual([])
    },
  )

  test.each([
    ['bound_subject', 'project_path:shop/*', 'project_path:shop/*'],
    ['bound_audiences', ['https://vault.example.com', 'https://*'], 'https://*'],
  ])('is found in %s, which is never a glob', (field, value, text) => {
    for (const type of [{}, glob])
      expect(found(glv32, { role: { [field]: value, ...type } })).toEqual([
        `${field}: role jwt/ci has ${field} "${text}", in which "*" stands for itself whatever bound_claims_type is: no token has it`,
      ])
  })

  test('is not also a value that no token has', () => {
    expect(found(glv31, { role: boundTo({ ref_type: '*' }) })).toEqual([])
    expect(found(glv31, { role: { ...boundTo({ ref_type: 'trunk*' }), ...glob } })).toHaveLength(1)
  })
})

describe('GLV33: a metadata key that the server refuses', () => {
  test.each([
    ['project.path', 'project_path'],
    ['project path', 'project_path'],
    ['vault-project', 'project'],
    ['größe', 'gr_e'],
  ])('is found in %s, for which %s is possible', (key, proper) => {
    expect(findings(glv33, { role: { claim_mappings: { project_path: key } } })).toMatchObject([
      { field: ['claim_mappings', 'project_path'], help: expect.stringContaining(`Write project_path: "${proper}",`) },
    ])
  })

  test('is found in one that is too long', () => {
    expect(found(glv33, { role: { claim_mappings: { user_id: 'x'.repeat(129) } } })).toHaveLength(1)
    expect(found(glv33, { role: { claim_mappings: { user_id: 'x'.repeat(128) } } })).toEqual([])
  })
})
