import { describe, expect, test } from 'vitest'
import { desiredOf, environmentOf, type Files, loadFiles, told } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment, policy, role } from './sets.ts'

const withPolicies = (policies: string, more: Files = {}): Files => ({
  ...complete,
  'roles/app.yaml': role.replace('[reader]', policies),
  ...more,
})
const textOf = async (files: Files, name: string) => desiredOf(await loadFiles(files), `policy/${name}`).spec['policy']

describe('policies', () => {
  test('a policy goes where a role names it, and nowhere else', async () => {
    const configuration = await loadFiles({
      ...complete,
      'environments/staging.yaml': environment.replace('jwt:', 'ci:'),
    })
    expect(desiredOf(configuration, 'policy/reader').source).toEqual({
      file: 'policies/reader.hcl',
      line: 1,
      column: 1,
    })
    expect(environmentOf(configuration, 'staging').desired.map(({ address }) => address)).not.toContain('policy/reader')
  })

  test('a policy goes where the environment lists it', async () => {
    const files = {
      ...complete,
      'policies/more.hcl': policy,
      'environments/production.yaml': `${environment}policies: [more]\n`,
    }
    expect(await textOf(files, 'more')).toBe(policy)
  })

  test('an environment lists a policy under another name than that of its file, with its own variables', async () => {
    const files = {
      ...complete,
      'policies/more.hcl': `# \${environment}\n${policy}`,
      'environments/production.yaml': `${environment}policies: [{ name: "on call: \${environment}", template: more }]\n`,
    }
    expect(await textOf(files, 'on call: production')).toBe(`# production\n${policy}`)
    const named = { ...files, 'roles/app.yaml': role.replace('[reader]', '[reader, "on call: production"]') }
    expect(told(await loadFiles(named))).toEqual([])
  })

  test('what one environment calls external is described in another, and stays away from this one', async () => {
    const configuration = await loadFiles({
      ...complete,
      'environments/staging.yaml': `address: https://staging.example.com\n${environment}external_policies: [read*]\nowns: { policies: ["*"] }\n`,
      'roles/app.yaml': role.replace('[production]', '[production, staging]'),
    })
    expect(told(configuration)).toEqual([])
    expect(desiredOf(configuration, 'policy/reader').spec['policy']).toBe(policy)
    const staging = environmentOf(configuration, 'staging')
    expect(staging.desired.map(({ address }) => address)).not.toContain('policy/reader')
    expect(staging.external).toEqual([{ kind: 'policy', name: 'read*' }])
    expect(environmentOf(configuration).external).toEqual([])
  })

  testMistakes([
    [
      'an environment names a template that is not there',
      { ...complete, 'environments/production.yaml': `${environment}policies: [{ name: a, template: reade }]\n` },
      [['unknown-policy environments/production.yaml:5:12', 'policies/reade.hcl', 'reader']],
    ],
    [
      'an entry of policies is neither a name nor both keys',
      { ...complete, 'environments/production.yaml': `${environment}policies: [{ name: a }, 3]\n` },
      [
        ['missing-key environments/production.yaml:5:12', 'template'],
        ['wrong-type environments/production.yaml:5:25', '{ name, template }'],
      ],
    ],
    [
      'a policy that an environment calls external is made there all the same',
      {
        ...complete,
        'environments/production.yaml': `${environment}external_policies: [a]\npolicies: [{ name: a, template: reader }]\n`,
      },
      [['external-policy environments/production.yaml:6:12', '"a"', 'environments/production.yaml']],
    ],
  ])

  test('folders are part of the name', async () => {
    expect(
      await textOf(
        withPolicies('[team/a]', { 'policies/team/a.hcl': policy, 'policies/reader.hcl': undefined }),
        'team/a',
      ),
    ).toBe(policy)
  })

  test('every byte is kept: line ends, blank space, templates of Vault, escapes', async () => {
    const text = '\r\n# ${environment} and $${environment}\t{{identity.entity.id}}  \r\n\n'
    expect(await textOf({ ...complete, 'policies/reader.hcl': text }, 'reader')).toBe(
      '\r\n# production and ${environment}\t{{identity.entity.id}}  \r\n\n',
    )
  })

  test('a template is filled in with the variables of the role', async () => {
    const files = {
      ...complete,
      'environments/production.yaml': `variables: { mount: ops }\n${environment}`,
      'roles/app.yaml': `for_each: [{ project: web }, { project: api }]\nname: "\${project}"\n${role.replace(
        '[reader]',
        '[reader, { name: "${project}-read", template: one }]',
      )}`,
      'policies/one.hcl': '# ${mount} ${project} ${environment}\n',
    }
    const configuration = await loadFiles(files)
    expect(told(configuration)).toEqual([])
    expect(desiredOf(configuration, 'policy/web-read').spec['policy']).toBe('# ops web production\n')
    expect(desiredOf(configuration, 'policy/api-read').spec['policy']).toBe('# ops api production\n')
    expect(desiredOf(configuration, 'jwt-role/jwt/web').spec['token_policies']).toEqual(['reader', 'web-read'])
  })

  test('one role may name what the template of another defines', async () => {
    const files = withPolicies('[{ name: shared, template: reader }]', {
      'roles/b.yaml': role.replace('[reader]', '[shared]'),
    })
    expect(told(await loadFiles(files))).toEqual([])
  })

  test('names are compared as the server keeps them', async () => {
    expect(told(await loadFiles(withPolicies('[Reader]')))).toEqual([])
  })

  test('names that OpenBao fills in from claims are not those of files', async () => {
    const files = withPolicies('[reader, "app-{{.project_id}}"]')
    const text = `${files['roles/app.yaml']}token_policies_template_claims: true\n`
    expect(told(await loadFiles({ ...files, 'roles/app.yaml': text }))).toEqual([])
  })

  testMistakes([
    [
      'a file of a name that somebody else keeps',
      { ...complete, 'vaultwright.yaml': 'external_policies: ["read*"]\n' },
      [['external-policy roles/app.yaml:6:18', '"reader"', 'external_policies']],
    ],
    [
      'a template of a name that somebody else keeps',
      withPolicies('[reader, { name: Base-ci, template: reader }]', {
        'vaultwright.yaml': 'external_policies: ["base-*"]\n',
      }),
      [['external-policy roles/app.yaml:6:26', '"Base-ci"']],
    ],
    ['a file may describe default', withPolicies('[reader, default]', { 'policies/default.hcl': policy }), []],
    ['the policy default needs no file', withPolicies('[reader, default]'), []],
    [
      'external policies need no file',
      withPolicies('[reader, base-ci]', { 'vaultwright.yaml': 'external_policies: ["base-*"]\n' }),
      [],
    ],
    [
      'a policy without a file',
      withPolicies('[readr]', { 'policies/other.hcl': policy }),
      [
        [
          'unknown-policy roles/app.yaml:6:18',
          '"readr"',
          'Did you mean "reader"?',
          'policies/readr.hcl',
          'external_policies',
        ],
      ],
    ],
    [
      'a policy without a file that the environment lists',
      { ...complete, 'environments/production.yaml': `${environment}policies: [reader, nothing]\n` },
      [['unknown-policy environments/production.yaml:5:20', '"nothing"']],
    ],
    [
      'an unknown template',
      withPolicies('[reader, { name: a, template: readr }]'),
      [['unknown-policy roles/app.yaml:6:47', 'no template "policies/readr.hcl"', 'Did you mean "reader"?']],
    ],
    [
      'a templated policy has two keys and no others',
      withPolicies('[reader, { name: a, tmplate: reader }]'),
      [
        ['missing-key roles/app.yaml:6:26', '"template"', 'token_policies.1'],
        ['unknown-key roles/app.yaml:6:37', 'Did you mean "template"?'],
      ],
    ],
    [
      'a policy that nobody names is pointed out',
      { ...complete, 'policies/left.hcl': policy },
      [['unused-policy policies/left.hcl:1:1', '"left"', 'delete the file']],
    ],
    [
      'an unknown variable in a policy is shown in the policy, with the environment',
      { ...complete, 'policies/reader.hcl': '# one\npath "${team}/x" {}\n' },
      [['unknown-variable policies/reader.hcl:2:7', '"team"', '(in production)', 'environments/production.yaml']],
    ],
    [
      'a ${ without an end in a policy',
      { ...complete, 'policies/reader.hcl': '# ${a\n' },
      [['invalid-substitution policies/reader.hcl:1:3', '$${']],
    ],
    [
      'an empty policy',
      { ...complete, 'policies/reader.hcl': '' },
      [['invalid-value policies/reader.hcl:1:1', 'empty']],
    ],
    [
      'a policy that nobody may write',
      withPolicies('[root]', { 'policies/root.hcl': policy, 'policies/reader.hcl': undefined }),
      [['invalid-name roles/app.yaml:6:18', '"root"']],
    ],
  ])

  test('a variable that a policy lacks shows who uses the policy', async () => {
    const { diagnostics } = await loadFiles({ ...complete, 'policies/reader.hcl': '# ${team}\n' })
    expect(diagnostics[0]?.related).toEqual([
      { message: 'used here', source: { file: 'roles/app.yaml', line: 6, column: 18 } },
    ])
    expect(diagnostics[0]).toMatchObject({ excerpt: '# ${team}', length: 7 })
  })
})

const secrets = `secrets:
  TOKEN: { mount: ops, path: "\${environment}/b", field: token }
  PASSWORD: { mount: ops, path: "\${environment}/b", field: password }
  KEY: { engine: kv-v1, mount: legacy, path: a, field: key, file: true }
  OTHER: { engine: generic, mount: cubby, path: c/d, field: x }
`
const withSecrets = (text: string, more: Files = {}): Files => ({
  ...complete,
  'policies/reader.hcl': undefined,
  'roles/app.yaml': `${role.replace('token_policies: [reader]\n', '')}${text}`,
  ...more,
})

describe('secrets', () => {
  test('are known by role and variable', async () => {
    const found = environmentOf(await loadFiles({ ...complete, 'roles/app.yaml': role + secrets })).secrets
    expect(found).toEqual({
      'jwt-role/jwt/app': {
        TOKEN: { engine: 'kv-v2', mount: 'ops', path: 'production/b', field: 'token' },
        PASSWORD: { engine: 'kv-v2', mount: 'ops', path: 'production/b', field: 'password' },
        KEY: { engine: 'kv-v1', mount: 'legacy', path: 'a', field: 'key', file: true },
        OTHER: { engine: 'generic', mount: 'cubby', path: 'c/d', field: 'x' },
      },
    })
  })

  test('a role without policies gets one that reads just its secrets', async () => {
    const configuration = await loadFiles(withSecrets(`name: App\n${secrets}`))
    expect(told(configuration)).toEqual([])
    expect(desiredOf(configuration, 'jwt-role/jwt/app').spec['token_policies']).toEqual(['app'])
    expect(desiredOf(configuration, 'policy/app').spec['policy']).toBe(
      [
        '# Generated from the secrets of role App.',
        'path "cubby/c/d" {\n  capabilities = ["read"]\n}',
        'path "legacy/a" {\n  capabilities = ["read"]\n}',
        'path "ops/data/production/b" {\n  capabilities = ["read"]\n}',
        '',
      ].join('\n'),
    )
    expect(desiredOf(configuration, 'policy/app').source).toEqual({ file: 'roles/app.yaml', line: 9, column: 1 })
  })

  test('a role that says it has no policies gets none', async () => {
    const configuration = await loadFiles(withSecrets(`token_policies: []\n${secrets}`))
    expect(environmentOf(configuration).desired.map(({ address }) => address)).not.toContain('policy/app')
  })

  testMistakes([
    [
      'a generated policy does not overwrite the policy default',
      withSecrets(`name: Default\n${secrets}`),
      [['external-policy roles/app.yaml:9:1', '"default"', 'token_policies', 'rename the role']],
    ],
    [
      'a generated policy does not overwrite what somebody else keeps',
      withSecrets(secrets, { 'vaultwright.yaml': 'external_policies: ["ap*"]\n' }),
      [['external-policy roles/app.yaml:8:1', '"app"', 'token_policies']],
    ],
    [
      'a generated policy beside a file of the same name is a conflict',
      withSecrets(secrets, { 'policies/app.hcl': policy }),
      [['conflict policies/app.hcl:1:1', '"policy/app"']],
    ],
    [
      'an unknown key of a secret',
      withSecrets('secrets:\n  A: { mount: a, path: b, feild: c, field: d }\n'),
      [['unknown-key roles/app.yaml:9:27', '"feild" in secrets.A', 'Did you mean "field"?']],
    ],
    [
      'a missing key of a secret',
      withSecrets('secrets:\n  A: { mount: a, path: b }\n'),
      [['missing-key roles/app.yaml:9:6', '"field"', 'secrets.A']],
    ],
    [
      'an engine that is none',
      withSecrets('secrets:\n  A: { engine: kv2, mount: a, path: b, field: c }\n'),
      [['invalid-value roles/app.yaml:9:16', 'kv-v2, kv-v1, generic']],
    ],
    [
      'a name that no variable can have',
      withSecrets('secrets:\n  A-B: { mount: a, path: b, field: c }\n'),
      [['invalid-name roles/app.yaml:9:3', '"A-B"']],
    ],
    [
      'secrets that are no map',
      withSecrets('secrets: [A]\n'),
      [['wrong-type roles/app.yaml:8:10', 'secrets: expected a map, got a list']],
    ],
    ...['a/*', 'a/+/b', '/a', 'a/', 'a//b', '../a', 'a"b', 'a\\\\b', '{{identity.entity.id}}', ' a', 'a\\tb'].map(
      (path) =>
        [
          `the path ${path} is no plain path`,
          withSecrets(`secrets:\n  A: { mount: a, path: "${path.replace('"', '\\"')}", field: c }\n`),
          [['invalid-value roles/app.yaml:9:24', 'secrets.A.path', 'plain path']],
        ] as const,
    ),
    [
      'a mount is a plain path, too',
      withSecrets('secrets:\n  A: { mount: a/, path: b, field: c }\n'),
      [['invalid-value roles/app.yaml:9:15', 'plain path']],
    ],
    [
      'a path that begins with data/ is doubtful in a kv-v2 engine',
      withSecrets('secrets:\n  A: { mount: a, path: data/b, field: c }\n'),
      [['secret-path-data roles/app.yaml:9:24', 'Write "b"']],
    ],
    ...['PATH', 'LD_PRELOAD', 'NODE_OPTIONS', 'BASH_ENV'].map(
      (name) =>
        [
          `a variable ${name} would let the secret's writers run code`,
          withSecrets(`secrets:\n  ${name}: { mount: a, path: b, field: c }\n`),
          [['secret-steers-programs roles/app.yaml:9:3', 'another name']],
        ] as const,
    ),
    [
      'a name that only looks like one of those does not',
      withSecrets('secrets:\n  MY_PATH: { mount: a, path: b, field: c }\n'),
      [],
    ],
    [
      'and is not in a kv-v1 engine',
      withSecrets('secrets:\n  A: { engine: kv-v1, mount: a, path: data/b, field: c }\n'),
      [],
    ],
  ])
})
