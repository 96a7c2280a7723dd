import { describe, expect, test } from 'vitest'
import { fixFindings } from '../../src/config/fix.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { kinds } from '../../src/kinds/index.ts'
import type { Fix, Rule } from '../../src/lint/rule.ts'
import { lint } from '../../src/lint/run.ts'
import { type Files, loadFiles, told } from '../support/files.ts'
import { complete, environment, role } from './sets.ts'

const options = { kinds, env: {} }

/** Wants a change of every object of a kind that a test says something about. */
function wanting(kind: string, fixOf: (address: string) => Fix | undefined): Rule {
  return {
    id: 'GLV01',
    title: 'a wish',
    level: 'warning',
    why: 'Wishes.',
    *check({ environment: { desired } }) {
      for (const object of desired) {
        const fix = object.kind === kind ? fixOf(object.address) : undefined
        if (fix === undefined) continue
        const position = 'lines' in fix ? { position: { line: fix.lines[0], column: 1 } } : {}
        yield { object, field: 'field' in fix ? fix.field : [], ...position, message: 'wish', help: 'Grant.', fix }
      }
    },
  }
}

async function fixed(files: Files, rule: Rule) {
  const configuration = await loadFiles({ ...complete, ...files })
  expect(told(configuration)).toEqual([])
  const { findings } = lint(configuration, { kinds, today: '2026-11-21', rules: [rule] })
  const { texts, done, left } = await fixFindings(configuration, findings, options)
  return {
    texts: Object.fromEntries(texts),
    done: done.map(({ before, after }) => [before, after]),
    left: left.map(({ reason }) => reason),
  }
}

const claim = (name: string, value: JsonValue | undefined) =>
  wanting('jwt-role', () => ({ field: ['bound_claims', name], value }))
const claims = 'bound_claims: { project_id: "42" }'
const withClaims = (lines: string) => role.replace(claims, lines)

describe('a field', () => {
  test.each([
    [
      'in a flow map',
      'bound_claims: { project_id: 42, ref: main } # as is',
      'bound_claims: { project_id: "42", ref: main } # as is',
    ],
    [
      'in a block',
      'bound_claims:\n  # Ours.\n  project_id:   42   # forty-two\n  ref: main',
      'bound_claims:\n  # Ours.\n  project_id:   "42"   # forty-two\n  ref: main',
    ],
    ['with a quoted key', 'bound_claims: { "project_id": 42 }', 'bound_claims: { "project_id": "42" }'],
  ])('gets its value %s, and nothing else moves', async (_where, before, after) => {
    const result = await fixed({ 'roles/app.yaml': withClaims(before) }, claim('project_id', '42'))
    expect(result).toMatchObject({ texts: { 'roles/app.yaml': withClaims(after) }, left: [] })
  })

  test('shows the line before and after', async () => {
    const files = { 'roles/app.yaml': withClaims('bound_claims: { project_id: 42 } # as is') }
    expect((await fixed(files, claim('project_id', '42'))).done).toEqual([
      ['bound_claims: { project_id: 42 } # as is', 'bound_claims: { project_id: "42" } # as is'],
    ])
  })

  test('that is a list keeps the order of the file, its comments and its lines', async () => {
    const before = 'bound_claims:\n  project_id:\n    - 9 # first\n    - 8\n    - "7"'
    const after = 'bound_claims:\n  project_id:\n    - "9" # first\n    - "8"\n    - "7"'
    const result = await fixed({ 'roles/app.yaml': withClaims(before) }, claim('project_id', ['7', '8', '9']))
    expect(result).toMatchObject({ texts: { 'roles/app.yaml': withClaims(after) }, left: [] })
  })

  test.each([
    ['in a flow map', claims, 'bound_claims: { project_id: "42", ref: "main" }'],
    [
      'in a block',
      'bound_claims:\n  project_id: "42" # ours',
      'bound_claims:\n  project_id: "42" # ours\n  ref: "main"',
    ],
  ])('that is missing is written %s', async (_where, before, after) => {
    const result = await fixed({ 'roles/app.yaml': withClaims(before) }, claim('ref', 'main'))
    expect(result).toMatchObject({ texts: { 'roles/app.yaml': withClaims(after) }, left: [] })
  })

  test('that is missing in a file is written at its end', async () => {
    const result = await fixed(
      {},
      wanting('jwt-role', () => ({ field: ['token_num_uses'], value: 3 })),
    )
    expect(result.texts).toEqual({ 'roles/app.yaml': `${role.trimEnd()}\ntoken_num_uses: 3\n` })
  })

  test('of an environment file is found inside its mount', async () => {
    const rule = wanting('jwt-config', () => ({ field: ['bound_issuer'], value: 'https://gitlab.example.com' }))
    expect((await fixed({}, rule)).texts).toEqual({
      'environments/production.yaml': environment.replace(' }', ', bound_issuer: "https://gitlab.example.com" }'),
    })
  })

  test('in the override of one environment changes there', async () => {
    const files = {
      'environments/staging.yaml': `address: https://staging.example.com\n${environment}`,
      'roles/app.yaml': role.replace('[production]', '{ production: {}, staging: { bound_claims: { ref: 5 } } }'),
    }
    const rule: Rule = {
      ...claim('ref', '5'),
      *check(subject) {
        if (subject.environment.name === 'staging') yield* claim('ref', '5').check(subject)
      },
    }
    expect((await fixed(files, rule)).texts).toEqual({
      'roles/app.yaml': files['roles/app.yaml'].replace('ref: 5', 'ref: "5"'),
    })
  })
})

describe('a value is left alone', () => {
  test('that comes from a variable', async () => {
    const files = {
      'environments/production.yaml': `variables: { id: 42 }\n${environment}`,
      'roles/app.yaml': withClaims('bound_claims: { project_id: "${id}" }'),
    }
    expect(await fixed(files, claim('project_id', 'x'))).toEqual({
      texts: {},
      done: [],
      left: ['its value comes from a variable'],
    })
  })

  test('that an anchor names, and that an alias stands for', async () => {
    const anchored = withClaims('bound_claims: { project_id: &id 42, ref: *id }')
    for (const name of ['project_id', 'ref'])
      expect(await fixed({ 'roles/app.yaml': anchored }, claim(name, '42'))).toMatchObject({
        texts: {},
        left: [expect.stringMatching(/anchor|elsewhere/)],
      })
  })

  test('that stands for several values in entries of for_each', async () => {
    const files = {
      'roles/app.yaml': `name: app-\${id}\n${withClaims('bound_claims: { project_id: "1" }')}for_each: [{ id: a }, { id: b }]\n`,
    }
    const rule = wanting('jwt-role', (address) => ({ field: ['bound_claims', 'project_id'], value: address }))
    expect(await fixed(files, rule)).toMatchObject({
      texts: {},
      left: Array(2).fill('the same line stands for several values'),
    })
  })

  test('where the same line is right for another environment', async () => {
    const files = {
      'environments/staging.yaml': `address: https://staging.example.com\n${environment}`,
      'roles/app.yaml': withClaims('bound_claims: { project_id: 42 }').replace('[production]', '[production, staging]'),
    }
    const rule: Rule = {
      ...claim('project_id', '42'),
      *check(subject) {
        if (subject.environment.name === 'staging') yield* claim('project_id', '42').check(subject)
      },
    }
    expect(await fixed(files, rule)).toEqual({ texts: {}, done: [], left: ['it would change more than this'] })
  })

  test('where the new one would be an error', async () => {
    const rule = wanting('jwt-role', () => ({ field: ['token_ttl'], value: '2h' }))
    expect(await fixed({}, rule)).toEqual({ texts: {}, done: [], left: ['it would change more than this'] })
  })

  test('that would be taken away', async () => {
    expect((await fixed({}, claim('project_id', undefined))).left).toEqual(['taking a key away is left to you'])
  })
})

describe('lines of a policy', () => {
  const text = '# Ours.\npath "a/b" {\n  capabilities = ["read", "sudo"]\n}\n'
  const line: Fix = { lines: [3, 3], text: '  capabilities = ["read"]' }

  test('are replaced, and the others stay', async () => {
    const result = await fixed(
      { 'policies/reader.hcl': text },
      wanting('policy', () => line),
    )
    expect(result.texts).toEqual({ 'policies/reader.hcl': text.replace(', "sudo"', '') })
  })

  test('are taken away', async () => {
    const result = await fixed(
      { 'policies/reader.hcl': text },
      wanting('policy', () => ({ lines: [1, 1], text: '' })),
    )
    expect(result.texts).toEqual({ 'policies/reader.hcl': text.replace('# Ours.\n', '') })
  })

  test('are left alone where a variable fills them in', async () => {
    const filled = text.replace('["read", "sudo"]', '["read", "sudo"] # ${environment}')
    const result = await fixed(
      { 'policies/reader.hcl': filled },
      wanting('policy', () => line),
    )
    expect(result).toEqual({ texts: {}, done: [], left: ['a variable fills the line in'] })
  })

  test('may be changed by one fix only', async () => {
    const two: Rule = {
      ...wanting('policy', () => line),
      *check(subject) {
        yield* wanting('policy', () => line).check(subject)
        yield* wanting('policy', () => ({ lines: [2, 3], text: 'path "a/b" { capabilities = ["read"]' })).check(subject)
      },
    }
    const result = await fixed({ 'policies/reader.hcl': text }, two)
    expect(result.left).toEqual(['another fix changes the same place'])
    expect(result.done).toHaveLength(1)
  })
})
