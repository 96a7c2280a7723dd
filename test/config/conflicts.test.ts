import { describe, expect, test } from 'vitest'
import { environmentOf, type Files, loadFiles, told } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment, policy, role } from './sets.ts'

/** Two environments, with a line before each, and the role in both of them. */
const siblings = (production: string, staging: string, environments = '[production, staging]'): Files => ({
  ...complete,
  'environments/production.yaml': `${production}\n${environment}`,
  'environments/staging.yaml': `${staging}\n${environment}`,
  'roles/app.yaml': role.replace('[production]', environments),
})
const differing = '{ production: {}, staging: { token_ttl: 6m } }'
const conflict = [
  ['conflict roles/app.yaml:1:33', 'production and staging share a server', 'token_ttl', '${environment}'],
] as const

describe('one name, one text', () => {
  testMistakes([
    ['two roles that say the same are one', { ...complete, 'roles/b.yaml': `name: app\n${role}` }, []],
    [
      'two roles of one name that differ',
      { ...complete, 'roles/b.yaml': `name: app\n${role.replace('5m', '6m')}` },
      [['conflict roles/b.yaml:1:1', '"jwt-role/jwt/app"', 'production', '(token_ttl)']],
    ],
    ...[
      ['the same secrets of one role are one', 'b', [] as const] as const,
      [
        'other secrets of one role are not',
        'c',
        [['conflict roles/b.yaml:10:1', 'secrets of "jwt-role/jwt/app"']] as const,
      ] as const,
    ].map(
      ([sentence, path, expected]) =>
        [
          sentence,
          {
            ...complete,
            'roles/app.yaml': `${role}secrets: { A: { mount: a, path: b, field: c } }\n`,
            'roles/b.yaml': `name: app\n${role}secrets: { A: { mount: a, path: ${path}, field: c } }\n`,
          },
          expected,
        ] as const,
    ),
    [
      'two names that are one to the server',
      { ...complete, 'roles/b.yaml': `name: APP\n${role.replace('5m', '6m')}` },
      [['conflict roles/b.yaml:1:1', '"jwt-role/jwt/app"']],
    ],
    [
      'two documents of one file',
      { ...complete, 'roles/app.yaml': `${role}---\n${role.replace('5m', '6m')}` },
      [['conflict roles/app.yaml:10:1']],
    ],
    [
      'a file and a template of the same name',
      {
        ...complete,
        'roles/b.yaml': role.replace('[reader]', '[{ name: reader, template: other }]'),
        'policies/other.hcl': `# other\n${policy}`,
      },
      [['conflict policies/reader.hcl:1:1', '"policy/reader"']],
    ],
    [
      'a file and a template of the same name and text',
      {
        ...complete,
        'roles/b.yaml': role.replace('[reader]', '[{ name: reader, template: other }]'),
        'policies/other.hcl': policy,
      },
      [],
    ],
    [
      'one template that two roles fill in differently',
      {
        ...complete,
        'roles/app.yaml': `for_each: [{ p: a }, { p: b }]\nname: "\${p}"\n${role.replace('[reader]', '[{ name: same, template: reader }]')}`,
        'policies/reader.hcl': '# ${p}\n',
      },
      [['conflict roles/app.yaml:8:18', '"policy/same"', 'policy']],
    ],
    [
      'two files that differ in upper and lower case only',
      { ...complete, 'policies/Reader.hcl': `# other\n${policy}` },
      [['conflict policies/reader.hcl:1:1', '"policy/reader"']],
    ],
  ])

  test('both places are shown', async () => {
    const { diagnostics } = await loadFiles({ ...complete, 'roles/b.yaml': `name: app\n${role.replace('5m', '6m')}` })
    expect(diagnostics[0]?.related).toEqual([
      { message: 'described here as well', source: { file: 'roles/app.yaml', line: 1, column: 1 } },
    ])
  })
})

describe('environments that share a server', () => {
  testMistakes([
    ['describe an object identically', siblings('', ''), []],
    ['must not describe it differently', siblings('', '', differing), conflict],
    [
      'share it where the addresses differ in spelling only',
      siblings('address: https://V.example.com', 'address: https://v.example.com:443/', differing),
      conflict,
    ],
    [
      'do not where ports differ',
      siblings('address: https://v.example.com', 'address: https://v.example.com:8200', differing),
      [],
    ],
    ['share a namespace whatever its slashes', siblings('namespace: a/b', 'namespace: /a/b/', differing), conflict],
    ['share the root namespace, written or not', siblings('namespace: ""', '', differing), conflict],
    ['do not where namespaces differ', siblings('namespace: a', 'namespace: b', differing), []],
    [
      'share it where one takes its address from the run',
      siblings('address: https://v.example.com', '', differing),
      conflict,
      { server: { address: 'https://v.example.com' } },
    ],
    ['do not where the run gives none', siblings('address: https://v.example.com', '', differing), []],
  ])

  test('have no object of the other as unmanaged', async () => {
    const files = { ...siblings('', '', '[staging]'), 'roles/b.yaml': role }
    const configuration = await loadFiles(files)
    expect(told(configuration)).toEqual([])
    for (const name of ['production', 'staging'])
      expect([...environmentOf(configuration, name).described].sort()).toEqual([
        'auth-mount/jwt',
        'jwt-config/jwt',
        'jwt-role/jwt/app',
        'jwt-role/jwt/b',
        'policy/reader',
      ])
  })

  test('know nothing of an environment on another server', async () => {
    const files = siblings('address: https://a.example.com', 'address: https://b.example.com', '[staging]')
    const described = environmentOf(await loadFiles(files)).described
    expect([...described].sort()).toEqual(['auth-mount/jwt', 'jwt-config/jwt'])
  })
})
