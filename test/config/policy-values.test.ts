import { describe, expect, test } from 'vitest'
import { desiredOf, type Files, loadFiles } from '../support/files.ts'
import { type Mistake, testMistakes } from './mistakes.ts'
import { complete, environment } from './sets.ts'

const filled = (value: string, policy: string): Files => ({
  ...complete,
  'environments/production.yaml': `variables: { p: ${value} }\n${environment}`,
  'policies/reader.hcl': policy,
})
const inString = 'path "kv/data/${p}/*" { capabilities = ["read"] }\n'

describe('values in policies', () => {
  testMistakes(
    [
      '"*"',
      '"+"',
      '""',
      '"../../sys"',
      '"a/./b"',
      '"{{identity.entity.id}}"',
      `'x" { capabilities = ["sudo"] } path "+'`,
      '"a\\nb"',
      '"a\\\\b"',
      '"a$$"',
    ].map(
      (value): Mistake => [
        `${value} cannot stand inside quotes`,
        filled(value, inString),
        [['unsafe-value policies/reader.hcl:1:15', '${p}', 'inside the quotes', '(in production)']],
      ],
    ),
  )

  testMistakes([
    ['a path may', filled('group/web.app-1', inString), []],
    ['a number may', filled('7', inString), []],
    [
      'outside quotes a value is a word',
      filled('\'true } path "a" {\'', 'path "a" { capabilities = ["read"]\n required = ${p} }\n'),
      [['unsafe-value policies/reader.hcl:2:13', 'outside the quotes']],
    ],
    ['in a comment it may be any text', filled('\'say "a/b" {+}\'', '# for ${p} "x\npath "a" {}\n'), []],
    [
      'but not end the comment',
      filled('"a\\npath"', '// for ${p}\npath "a" {}\n'),
      [['unsafe-value policies/reader.hcl:1:8', 'in a comment']],
    ],
    [
      'a quote in a comment opens no text',
      filled('a/b', '# it "opens\n/* " */ path ${p} {}\n'),
      [['unsafe-value policies/reader.hcl:2:14', 'outside the quotes']],
    ],
  ])

  test('the place of the value is shown, the value is not', async () => {
    const files = { ...filled('"${env:CI}"', inString), 'vaultwright.yaml': 'env: [CI]\n' }
    const { diagnostics } = await loadFiles(files, { env: { CI: 'hidden*value' } })
    expect(diagnostics.map(({ code }) => code)).toEqual(['unsafe-value'])
    expect(diagnostics[0]?.related).toContainEqual(
      expect.objectContaining({ source: { file: 'environments/production.yaml', line: 1, column: 17 } }),
    )
    expect(JSON.stringify(diagnostics)).not.toContain('hidden')
  })

  test('texts of YAML files hold what they like', async () => {
    const files = filled('"*"', 'path "a" {}\n')
    const text = files['roles/app.yaml']?.toString().replace('"42"', '"a/${p}"')
    const { spec } = desiredOf(await loadFiles({ ...files, 'roles/app.yaml': text }), 'jwt-role/jwt/app')
    expect(spec['bound_claims']).toEqual({ project_id: 'a/*' })
  })
})
