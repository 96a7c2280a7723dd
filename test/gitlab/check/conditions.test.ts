import { describe, expect, test } from 'vitest'
import { couldBe, couldFit, expand } from '../../../src/gitlab/check/pattern.ts'
import { neverHolds } from '../../../src/gitlab/check/rules-of-role.ts'
import { boundClaims } from '../../../src/gitlab/jobs/conditions.ts'
import { codes, job } from './world.ts'

const bounds = boundClaims({
  bound_claims: {
    pipeline_source: ['push', 'web'],
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    job_project_id: '42',
  },
})
const never = (condition: string) => neverHolds(condition, bounds, new Set(['OWN']))

describe('a condition that cannot hold where the role takes the token', () => {
  test.each([
    '$CI_PIPELINE_SOURCE == "schedule"',
    '$CI_PIPELINE_SOURCE == "schedule" && $X',
    '$CI_COMMIT_TAG',
    '$CI_MERGE_REQUEST_IID',
    '$CI_COMMIT_BRANCH != "main"',
    '$CI_COMMIT_BRANCH =~ /^release-/ || $CI_COMMIT_TAG =~ /^v/',
    '$CI_COMMIT_REF_PROTECTED == "false"',
    '($CI_PROJECT_ID == "7")',
  ])('%s', (condition) => expect(never(condition)).toBe(true))
})

describe('a condition that can hold, or of which that is not known', () => {
  test.each([
    '$CI_PIPELINE_SOURCE == "web"',
    '$CI_PIPELINE_SOURCE == "schedule" || $X',
    '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH',
    '$CI_COMMIT_BRANCH =~ /^ma/',
    '$OWN == "x"',
    '$CI_COMMIT_TAG == null',
    'nonsense ((',
    '$CI_PIPELINE_SOURCE == "schedule" &&',
  ])('%s', (condition) => expect(never(condition)).toBe(false))
})

describe('texts with variables', () => {
  const variables = new Map([
    ['A', { text: 'a-$B' }],
    ['B', { text: '$UNSET' }],
    ['RAW', { text: '$B', raw: true }],
    ['LOOP', { text: 'x$LOOP' }],
  ])

  test('what no file sets can be anything, and raw values are what they are', () => {
    expect(expand('${A}/c', variables)).toEqual(['a-', null, '/c'])
    expect(expand('$RAW', variables)).toEqual(['$B'])
    expect(expand('$LOOP', variables)).toEqual(['x', null])
  })

  test('a text that is not wholly known fits what it can still become', () => {
    expect(couldBe(['a-', null, '/c'], 'a-b/c')).toBe(true)
    expect(couldBe(['a-', null, '/c'], 'b-b/c')).toBe(false)
    expect(couldBe(['a*', null], 'ab')).toBe(false)
    expect(couldFit(['review/', null], { values: ['re*/x'], glob: true })).toBe(true)
    expect(couldFit(['review/', null], { values: ['prod*'], glob: true })).toBe(false)
    expect(couldFit(['production'], { values: ['prod*'], glob: false })).toBe(false)
  })
})

describe('how a script uses a secret that is a file', () => {
  const said = (line: string) => {
    const secrets = '{ S: { vault: production/db/password@ops, token: $VAULT_ID_TOKEN } }'
    return codes(job({ secrets, script: JSON.stringify([line]) }))
  }
  test.each([
    'mysql -p"$S" db',
    'tool --token=$S',
    'curl -u user:$S https://example.com',
    'curl -H "PRIVATE-TOKEN: ${S}" https://example.com',
    'git clone https://ci:$S@example.com/x.git',
    'export DB_PASSWORD="$S"',
    'echo "$S" | docker login --password-stdin',
  ])('as a value: %s', async (line) => expect(await said(line)).toEqual(['GLC21']))

  test.each([
    'cat "$S" | docker login --password-stdin',
    'docker login --password-stdin < $S',
    'curl -d @$S https://example.com',
    'tool --token-file=$S --password-file "$S"',
    'DB_PASSWORD_FILE=$S ./run',
    'test -s "$S" && echo "$S"',
    'tool --token $S2 --token "$(cat $S)"',
    'deploy "$S"',
  ])('as a file, or who knows: %s', async (line) => expect(await said(line)).toEqual([]))
})
