import { expect, test } from 'vitest'
import { readSecretsManifest } from '../../src/config/secrets-manifest.ts'
import { UserError } from '../../src/core/diagnostic.ts'

const secret = { engine: 'kv-v2', mount: 'ops', path: 'db', field: 'password' }

function problemsOf(text: string): string[] {
  try {
    readSecretsManifest('s.json', text)
    return []
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return error.diagnostics.map(({ source, code }) => `${source?.line} ${code}`)
  }
}

test('what is left out stays out, and the engine is kv-v2 unless it says another', () => {
  const { engine: _, ...rest } = secret
  expect(readSecretsManifest('s.json', JSON.stringify({ role: 'r', secrets: { A: rest } }))).toEqual({
    role: 'r',
    secrets: { A: secret },
  })
})

test('YAML is as good', () => {
  const text = 'mount: jwt\nsecrets:\n  A: { mount: ops, path: db, field: password, file: false }\n'
  expect(readSecretsManifest('s.yaml', text)).toEqual({ mount: 'jwt', secrets: { A: { ...secret, file: false } } })
})

test.each(['', '[]', '{"secrets": []}', '{"role": "r"}'])('%j is none', (text) => {
  expect(problemsOf(text)).toHaveLength(1)
})

test.each([
  ['an unknown key', '{\n"rolle": "r",\n"secrets": {}}', ['2 unknown-key']],
  [
    'a mount that begins with a slash',
    '{"secrets": {\n"A": {"mount": "/ops", "path": "db", "field": "x"}}}',
    ['2 invalid-value'],
  ],
  [
    'a name that no variable can have',
    '{"secrets": {\n"1A": {"mount": "ops", "path": "db", "field": "x"}}}',
    ['2 invalid-name'],
  ],
])('%s is told with its place', (_, text, problems) => {
  expect(problemsOf(text)).toEqual(problems)
})
