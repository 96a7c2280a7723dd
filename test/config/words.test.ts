import { describe, expect, test } from 'vitest'
import { type Files, loadFiles, told } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment, role } from './sets.ts'

const withRole = (text: string): Files => ({ ...complete, 'roles/app.yaml': text })
const withSettings = (text: string, more: Files = {}): Files => ({ ...complete, 'vaultwright.yaml': text, ...more })
const withoutPolicy = { 'policies/reader.hcl': undefined }

test('a word that is far from all that there are is not taken for one of them', async () => {
  const text = `${environment}unmanaged: remove\n`
  const [line] = told(await loadFiles({ ...complete, 'environments/production.yaml': text }))
  expect(line).toMatch(/expected one of report, delete, ignore$/)
})

describe('mistakes that many make are told with the way out', () => {
  testMistakes([
    ...['yes', 'off', 'No'].map(
      (word) =>
        [
          `${word} is no boolean of YAML 1.2`,
          withRole(`${role}token_no_default_policy: ${word}\n`),
          [['wrong-type roles/app.yaml:9:26', 'YAML 1.2 knows only true and false']],
        ] as const,
    ),
    [
      'a misspelt policy "default"',
      withRole(role.replace('[reader]', '[reader, defualt]')),
      [['unknown-policy roles/app.yaml:6:26', 'Did you mean "default"?']],
    ],
    [
      'an environment where there are none',
      { 'roles/app.yaml': role, 'policies/reader.hcl': 'path "x" { capabilities = ["read"] }\n' },
      [
        ['no-environments environments:1:1'],
        ['unknown-environment roles/app.yaml:1:16', 'There are no environments yet'],
      ],
    ],
    [
      'no space behind the ":" of a key, at the end and before other keys',
      { ...withRole(`${role}token_period:5m\n`), 'roles/web.yaml': `name: web\ntoken_ttl:5m\n${role}` },
      [
        ['yaml-syntax roles/app.yaml:9:1', 'a space is missing after the ":"', 'Write a space'],
        ['yaml-syntax roles/web.yaml:2:1', 'a space is missing after the ":"', 'Write a space'],
      ],
    ],
    [
      'a word alone lacks the ":"',
      withRole(`${role}token_period\n`),
      [['yaml-syntax roles/app.yaml:9:1', 'a ":" is missing']],
    ],
    [
      '"environment" for "environments"',
      withRole(role.replace('environments:', 'environment:')),
      [
        [
          'unknown-key roles/app.yaml:1:1',
          '"environment"',
          'Did you mean "environments"? Environments are: production.',
        ],
      ],
    ],
    [
      'a role without user_claim',
      withRole(role.replace('user_claim: project_id\n', '')),
      [['missing-key roles/app.yaml:1:1', 'Write "user_claim": the claim that names who logs in']],
    ],
    [
      'a mount without a type',
      { ...complete, 'environments/production.yaml': environment.replace('    type: jwt\n', '') },
      [['missing-key environments/production.yaml:2:3', 'Write "type": type of the auth method, such as jwt.']],
    ],
    [
      'a secret without a field',
      withRole(`${role}secrets: { A: { engine: kv-v2, mount: ops, path: a } }\n`),
      [['missing-key roles/app.yaml:9:15', 'Write "field": the key in the secret.']],
    ],
    [
      'a number and a boolean where a text belongs',
      withSettings('gitlab: { version: 18.4 }\nexternal_policies: [true]\n'),
      [
        ['wrong-type vaultwright.yaml:1:20', 'Put it into quotes'],
        ['wrong-type vaultwright.yaml:2:21', 'Put it into quotes'],
      ],
    ],
    [
      'a TTL that no server can keep',
      withRole(role.replace('token_ttl: 5m', 'token_ttl: "99999999999999999999"')),
      [['invalid-value roles/app.yaml:7:12', 'expected a duration']],
    ],
    ...['', '# nothing yet\n', '\n---\r\n  # env: [A]\r\n'].map(
      (text) => [`settings that say nothing, as ${JSON.stringify(text)} does`, withSettings(text), []] as const,
    ),
    [
      'the policy "root"',
      withRole(role.replace('[reader]', '[reader, root]')),
      [['root-policy roles/app.yaml:6:26', 'cannot give']],
    ],
    [
      'for_each with a path alone',
      withRole(`${role}for_each: list.yaml\n`),
      [['wrong-type roles/app.yaml:9:11', 'Write { file: list.yaml }']],
    ],
    [
      'one environment without a list',
      withRole(role.replace('[production]', 'production')),
      [['wrong-type roles/app.yaml:1:15', 'Write [production]']],
    ],
    [
      'overrides in a list',
      withRole(role.replace('[production]', '[production: { token_ttl: 6m }]')),
      [['wrong-type roles/app.yaml:1:16', 'Drop the dash']],
    ],
    [
      'a list for for_each among the roles',
      { ...complete, 'roles/list.yaml': '- project: a\n' },
      [['wrong-type roles/list.yaml:1:1', 'outside roles/']],
    ],
    [
      'null outside environments',
      withRole(`${role}bound_subject: null\n`),
      [['wrong-type roles/app.yaml:9:16', 'null removes only inside environments']],
    ],
    [
      'null in an environment has no such help',
      { ...complete, 'environments/production.yaml': `${environment}namespace: null\n` },
      [['wrong-type environments/production.yaml:5:12', 'namespace: expected a string, got nothing']],
    ],
    [
      'a misspelt setting does not make its policies unknown',
      withSettings('external_polices: [reader]\n', withoutPolicy),
      [['unknown-key vaultwright.yaml:1:1', 'Did you mean "external_policies"?']],
    ],
    [
      'a misspelt setting does not disallow a variable',
      withSettings('envs: [A]\n', { 'roles/app.yaml': role.replace('https://vault.example.com', '"${env:A}"') }),
      [['unknown-key vaultwright.yaml:1:1', 'Did you mean "env"?']],
    ],
    [
      'a broken file of settings has no consequences',
      withSettings('env: [\n', withoutPolicy),
      [['yaml-syntax vaultwright.yaml:2:1']],
    ],
    [
      'good settings beside a misspelt one hold',
      withSettings('env: [A]\nexternal_polices: []\n', {
        'roles/app.yaml': role.replace('https://vault.example.com', '"${env:A}"'),
      }),
      [
        ['env-unset roles/app.yaml:4:19', 'A is not set'],
        ['unknown-key vaultwright.yaml:2:1', 'external_policies'],
      ],
    ],
  ])
})
