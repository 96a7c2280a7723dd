import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfiguration } from '../../src/config/load.ts'
import { kinds } from '../../src/kinds/index.ts'
import { desiredOf, loadFiles, told, withFiles } from '../support/files.ts'
import { expectTold, testMistakes } from './mistakes.ts'
import { complete, environment, policy, role } from './sets.ts'

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))

const promises = 'promises:\n  - { name: a, never: { can: { update: "b" } } }\n'

describe('files', () => {
  testMistakes([
    ['dot files are ignored', { ...complete, 'roles/.draft.yaml': 'a: [', 'policies/.notes': '' }, []],
    ['.yml is as good as .yaml', { ...complete, 'roles/app.yaml': undefined, 'roles/app.yml': role }, []],
    [
      'files with other endings are pointed out',
      { ...complete, 'roles/app.json': '{}', 'policies/app.txt': '', 'environments/notes.md': '' },
      [
        ['ignored-file environments/notes.md:1:1', '.yaml or .yml'],
        ['ignored-file policies/app.txt:1:1', '.hcl'],
        ['ignored-file roles/app.json:1:1', '.yaml or .yml'],
      ],
    ],
    [
      'environments are not nested',
      { ...complete, 'environments/eu/a.yaml': environment },
      [['ignored-file environments/eu:1:1']],
    ],
    [
      'two files for one environment',
      { ...complete, 'environments/production.yml': environment },
      [['duplicate-environment environments/production.yml:1:1', '"production"']],
    ],
    [
      'an environment whose name is none',
      { ...complete, 'environments/-a.yaml': environment },
      [['invalid-name environments/-a.yaml:1:1', '"-a"']],
    ],
    [
      'vaultwright.yml is not read',
      { ...complete, 'vaultwright.yml': 'env: []' },
      [['misnamed-file vaultwright.yml:1:1', 'vaultwright.yaml']],
    ],
    [
      'a byte-order mark',
      { ...complete, 'policies/reader.hcl': bytes([0xef, 0xbb, 0xbf], policy) },
      [['byte-order-mark policies/reader.hcl:1:1', 'without'], ['unknown-policy roles/app.yaml:6:18']],
    ],
    [
      'bytes that are not UTF-8 are found by their line',
      { ...complete, 'roles/app.yaml': bytes('# one\n# two\n# ', [0xe9], '\n') },
      [['not-utf8 roles/app.yaml:3:1', 'line 3']],
    ],
    [
      'UTF-16 is called by its name',
      { ...complete, 'vaultwright.yaml': bytes([0xff, 0xfe], Buffer.from('env: []', 'utf16le').toString('latin1')) },
      [['not-utf8 vaultwright.yaml:1:1', 'UTF-16']],
    ],
    ['a NUL byte', { ...complete, 'vaultwright.yaml': 'env: []\n# \0\n' }, [['nul-byte vaultwright.yaml:2:1', 'NUL']]],
    [
      'a file of more than 8 MiB is refused unread',
      { ...complete, 'vaultwright.yaml': `env: []\n${'#'.repeat(8 * 1024 * 1024)}` },
      [['file-too-large vaultwright.yaml:1:1', '8.0 MiB', 'Split']],
    ],
    [
      'a folder by a name in the singular',
      { ...complete, 'environments/production.yaml': undefined, 'environment/production.yaml': environment },
      [
        ['misnamed-folder environment:1:1', 'Did you mean "environments"?'],
        ['no-environments environments:1:1'],
        ['unknown-environment roles/app.yaml:1:16'],
      ],
    ],
    [
      'folders that are nearly ours and hold files such as ours, also beside ours',
      {
        ...complete,
        'role/other.yaml': role,
        'policy/team/other.hcl': policy,
        'Environment/staging.yml': environment,
        'tests/access/app.yaml': promises,
        'test/app.yaml': promises,
        'test/acess/app.yaml': promises,
      },
      [
        ['misnamed-folder Environment:1:1', '"Environment/staging.yml"', 'Did you mean "environments"?'],
        ['misnamed-folder policy:1:1', '"policy/team/other.hcl"', 'Did you mean "policies"?'],
        ['misnamed-folder role:1:1', '"role/other.yaml"', 'Did you mean "roles"?'],
        ['misnamed-folder test:1:1', '"test/app.yaml"', 'Did you mean "test/access"?'],
        ['misnamed-folder test/acess:1:1', '"test/acess/app.yaml"', 'Did you mean "test/access"?'],
        ['misnamed-folder tests/access:1:1', '"tests/access/app.yaml"', 'Did you mean "test/access"?'],
      ],
    ],
    [
      'folders with nearly our names that hold something else are nobody else’s business',
      {
        ...complete,
        'role/main.yaml': '- hosts: all\n',
        'rules/alerts.yaml': 'groups: []\n',
        'policy/allow.rego': 'package allow\n',
        'environment/ci.yaml': 'variables: { A: b }\n',
        'test/data.yaml': 'items: []\n',
        'tests/access/notes.md': promises,
      },
      [],
    ],
    [
      'a folder without environments',
      { 'vaultwright.yaml': 'env: []\n' },
      [['no-environments environments:1:1', 'environments/production.yaml']],
    ],
  ])

  test('a folder that is not there is a problem, not an exception', async () => {
    const configuration = await loadConfiguration(join(withFiles({}), 'nowhere'), { kinds, env: {} })
    expectTold(told(configuration), [['no-directory -', 'nowhere', 'environments/']])
    expect(configuration.environments).toEqual([])
  })

  test('a file in place of the folder is a problem', async () => {
    const configuration = await loadConfiguration(join(withFiles({ a: '' }), 'a'), { kinds, env: {} })
    expectTold(told(configuration), [['no-directory -', 'is no folder']])
  })

  test('a link out of the folder is refused, for files and for folders', async () => {
    const [directory, outside] = [withFiles(complete), withFiles({ 'other.yaml': role, 'more/x.hcl': policy })]
    symlinkSync(join(outside, 'other.yaml'), join(directory, 'roles/other.yaml'))
    symlinkSync(join(outside, 'more'), join(directory, 'policies/more'))
    const configuration = await loadConfiguration(directory, { kinds, env: {} })
    expectTold(told(configuration), [
      ['symlink-escapes policies/more:1:1', 'leads out'],
      ['symlink-escapes roles/other.yaml:1:1', 'leads out'],
    ])
  })

  test('a link inside the folder is followed', async () => {
    const directory = withFiles({ ...complete, 'shared/reader.hcl': policy, 'policies/reader.hcl': undefined })
    mkdirSync(join(directory, 'policies'))
    symlinkSync('../shared/reader.hcl', join(directory, 'policies/reader.hcl'))
    expect(told(await loadConfiguration(directory, { kinds, env: {} }))).toEqual([])
  })

  test('what cannot be opened as a file or a folder is a problem, and nothing waits for it', async () => {
    const directory = withFiles({ ...complete, 'roles/app.yaml': undefined, roles: 'a file' })
    execFileSync('mkfifo', [join(directory, 'vaultwright.yaml')])
    expectTold(told(await loadConfiguration(directory, { kinds, env: {} })), [
      ['unreadable-file roles:1:1', 'no folder'],
      ['unreadable-file vaultwright.yaml:1:1', 'a pipe'],
    ])
  })

  test('a name that is too long is no file', async () => {
    const text = `${role}for_each: { file: ${'x'.repeat(300)} }\n`
    const lines = told(await loadFiles({ ...complete, 'roles/app.yaml': text }))
    expect(lines).toEqual([expect.stringMatching(/^unreadable-file roles\/app\.yaml:9:19 /)])
  })

  test('a folder with a name that is too long is a problem', async () => {
    expectTold(told(await loadConfiguration('x'.repeat(5000), { kinds, env: {} })), [['no-directory -']])
  })

  test('links in a circle end', async () => {
    const directory = withFiles(complete)
    symlinkSync('..', join(directory, 'policies/again'))
    symlinkSync('.', join(directory, 'roles/again'))
    const lines = told(await loadConfiguration(directory, { kinds, env: {} }))
    expect(lines.filter((line) => line.startsWith('symlink-loop roles/again'))).toHaveLength(1)
  })

  test('a folder of roles may have folders, and its roles are named by the file', async () => {
    const configuration = await loadFiles({ ...complete, 'roles/app.yaml': undefined, 'roles/team/a/web.yaml': role })
    expect(desiredOf(configuration, 'jwt-role/jwt/web').source).toEqual({
      file: 'roles/team/a/web.yaml',
      line: 1,
      column: 1,
    })
  })
})
