import { describe, expect, test } from 'vitest'
import { desiredOf, loadFiles } from '../support/files.ts'
import { complete, environment, role } from './sets.ts'

const files = {
  ...complete,
  'environments/staging.yaml': environment.replace('jwt:', 'ci:'),
  'roles/app.yaml': role.replace(
    '[production]',
    '\n  production: { token_ttl: 6m, bound_claims: { ref: main } }\n  staging: {}',
  ),
}
const lookUp = async (address: string, field: readonly string[], name = 'production') => {
  const configuration = await loadFiles(files)
  return configuration.locate(desiredOf(configuration, address, name), name, field)
}

describe('locate', () => {
  test('a field of an override is found in the override', async () => {
    expect(await lookUp('jwt-role/jwt/app', ['token_ttl'])).toEqual({
      source: { file: 'roles/app.yaml', line: 2, column: 17 },
      excerpt: '  production: { token_ttl: 6m, bound_claims: { ref: main } }',
      length: 9,
    })
  })

  test('the same field is found in the rest of the file where nothing overrides it', async () => {
    expect((await lookUp('jwt-role/jwt/app', ['token_ttl'], 'staging'))?.source).toMatchObject({ line: 9, column: 1 })
  })

  test('of a merged map, each key is found where it is written', async () => {
    expect((await lookUp('jwt-role/jwt/app', ['bound_claims', 'ref']))?.source).toMatchObject({ line: 2, column: 48 })
    expect((await lookUp('jwt-role/jwt/app', ['bound_claims', 'project_id']))?.source).toMatchObject({
      line: 7,
      column: 17,
    })
  })

  test('an element of a list is found as the list, because canonical lists are sorted', async () => {
    expect((await lookUp('jwt-role/jwt/app', ['token_policies', '0']))?.source).toMatchObject({ line: 8, column: 1 })
  })

  test('a field that nobody wrote is found at the object', async () => {
    expect((await lookUp('jwt-role/jwt/app', ['token_period']))?.source).toMatchObject({ line: 1, column: 1 })
    expect((await lookUp('jwt-config/jwt', ['bound_issuer']))?.source).toMatchObject({
      file: 'environments/production.yaml',
      line: 4,
      column: 5,
    })
  })

  test('a policy is found in its file', async () => {
    expect((await lookUp('policy/reader', ['policy']))?.source).toEqual({
      file: 'policies/reader.hcl',
      line: 1,
      column: 1,
    })
  })

  test('what no file describes is not found', async () => {
    const configuration = await loadFiles(files)
    const object = desiredOf(configuration, 'policy/reader')
    expect(
      configuration.locate({ ...object, address: 'policy/x' as typeof object.address }, 'production', []),
    ).toBeUndefined()
    expect(configuration.locate(object, 'nowhere', [])).toBeUndefined()
  })
})
