import { describe, expect, test } from 'vitest'
import { loadFiles, told } from '../support/files.ts'
import { type Mistake, testMistakes } from './mistakes.ts'
import { complete, environment, role } from './sets.ts'

const withRole = (text: string) => ({ ...complete, 'roles/app.yaml': text })
const withEnvironment = (text: string) => ({ ...complete, 'environments/production.yaml': text })

const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
for (let i = 1; i < 8; i++) {
  const [name, previous] = ['abcdefgh'[i], 'abcdefgh'[i - 1]]
  bomb.push(`${name}: &${name} [${Array(10).fill(`*${previous}`).join(', ')}]`)
}

const mistakes: Mistake[] = [
  ['a complete configuration has no problems', complete, []],
  [
    'a tab as indentation is named as such',
    withRole('environments:\n\t- production\n'),
    [['yaml-syntax roles/app.yaml:2:1', 'tab', 'spaces']],
  ],
  [
    'keys of one map in different columns',
    withRole('a:\n  b: 1\n c: 2\n'),
    [['yaml-syntax roles/app.yaml:3:1', 'not indented like']],
  ],
  [
    'a list that is never closed',
    withRole('environments: [production\nname: x\n'),
    [['yaml-syntax roles/app.yaml:2:1', 'not closed']],
  ],
  [
    'a quote that is never closed',
    withRole('name: "x\n'),
    [['yaml-syntax roles/app.yaml:2:1', 'quote', 'never closed']],
  ],
  ['two keys on one line', withRole('a: b: c\n'), [['yaml-syntax roles/app.yaml:1:4', 'same line', 'Quote the text']]],
  ['a text that begins with @', withRole('name: @x\n'), [['yaml-syntax roles/app.yaml:1:7', '"@"', 'quotes']]],
  ['a tag', withRole('name: !secret x\n'), [['yaml-syntax roles/app.yaml:1:7', '!secret', 'tags are not supported']]],
  ['a %YAML directive', withRole('%YAML 1.1\n---\nname: yes\n'), [['yaml-syntax roles/app.yaml:1:1', 'YAML 1.2']]],
  [
    'one broken file does not hide the problems of another',
    { ...withRole('name: "x\n'), 'environments/production.yaml': `${environment}colour: red\n` },
    [['unknown-key environments/production.yaml:5:1', 'colour'], ['yaml-syntax roles/app.yaml:2:1']],
  ],
  [
    'a key written twice shows both places',
    withRole(`${role}token_ttl: 6m\n`),
    [['duplicate-key roles/app.yaml:9:1', '"token_ttl"']],
  ],
  [
    'a number and a text that read the same are one key',
    withRole(`${role}claim_mappings: { 22: a, "22": b }\n`),
    [['duplicate-key roles/app.yaml:9:26', '"22"']],
  ],
  ['a list as a key', withRole(`${role}? [a]\n: b\n`), [['invalid-key roles/app.yaml:9:3']]],
  ['null as a key', withRole(`${role}claim_mappings: { ~: a }\n`), [['invalid-key roles/app.yaml:9:19', 'Quote it']]],
  [
    'a number as a key that does not read as it is written',
    withRole(`${role}claim_mappings: { 0x16: a }\n`),
    [['invalid-key roles/app.yaml:9:19', '"0x16"']],
  ],
  ['a number as a key is fine when it reads as written', withRole(`${role}claim_mappings: { 22: a }\n`), []],
  [
    '__proto__ as a key',
    withRole(`${role}claim_mappings: { __proto__: a }\n`),
    [['invalid-key roles/app.yaml:9:19', '__proto__']],
  ],
  [
    'a merge key',
    withRole(`${role}claim_mappings: { <<: { a: b } }\n`),
    [['merge-key roles/app.yaml:9:19', 'merged over']],
  ],
  ['"<<" in quotes is a key like any other', withRole(`${role}claim_mappings: { "<<": b }\n`), []],
  [
    'an integer beyond 2^53 would change its value',
    withRole(role.replace('"42"', '9007199254740993')),
    [['unsafe-number roles/app.yaml:5:29', 'Quote it', '9007199254740993']],
  ],
  ...['1.10', '007', '1e3', '0x1F', '+5', '.5', '5.0'].map(
    (text): Mistake => [
      `${text} would reach the server as another text`,
      withRole(role.replace('"42"', text)),
      [['unsafe-number roles/app.yaml:5:29', `Quote it: "${text}"`]],
    ],
  ),
  ...['300', '-1', '0.5', '0'].map((text): Mistake => [`${text} is fine`, withRole(role.replace('"42"', text)), []]),
  ['the largest exact integer is fine', withRole(role.replace('"42"', '9007199254740991')), []],
  ['infinity is no number of JSON', withRole(role.replace('"42"', '.inf')), [['unsafe-number roles/app.yaml:5:29']]],
  [
    'an alias without an anchor',
    withRole(`${role}bound_subject: *x\n`),
    [['unknown-alias roles/app.yaml:9:16', '"x"']],
  ],
  [
    'an alias that contains itself',
    withRole(`${role}x: &x [*x]\n`),
    [['unknown-key roles/app.yaml:9:1'], ['too-many-aliases roles/app.yaml:9:8', 'itself']],
  ],
  [
    'an anchor and its alias stand for one value',
    withRole(`${role.replace('5m', '&ttl 5m')}token_explicit_max_ttl: *ttl\n`),
    [],
  ],
  ['an empty file', withRole(''), [['empty-file roles/app.yaml:1:1']]],
  ['a file of comments only', withRole('# nothing yet\n'), [['empty-file roles/app.yaml:1:1']]],
  ['an empty document among others is no document', withRole(`---\n${role}---\n`), []],
  [
    'several documents in an environment file',
    withEnvironment(`${environment}---\nx: 1\n`),
    [['several-documents environments/production.yaml:6:1', 'role files']],
  ],
  [
    'a list where a map is expected',
    withEnvironment('- a\n'),
    [['wrong-type environments/production.yaml:1:1', 'expected a map, got a list']],
  ],
  ['nesting that would break the parser', withRole('['.repeat(20_000)), [['too-deep roles/app.yaml:1:1', '100']]],
]

describe('YAML', () => {
  testMistakes(mistakes)

  test('aliases that grow without bound are refused, once', async () => {
    const lines = told(await loadFiles({ ...complete, 'vaultwright.yaml': bomb.join('\n') }))
    const refusals = lines.filter((line) => line.startsWith('too-many-aliases'))
    // Lines 1 to 4 hold 11, 111, 1,111 and 11,111 values; the limit is passed on line 5.
    expect(refusals).toEqual([expect.stringMatching(/^too-many-aliases vaultwright\.yaml:5:/)])
  })
})
