import { describe, expect, test } from 'vitest'
import { desiredOf, environmentOf, type Files, loadFiles, told } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment, role } from './sets.ts'

const withRole = (text: string, more: Files = {}): Files => ({ ...complete, 'roles/app.yaml': text, ...more })
/** The role in two environments on two servers. `environments` stands on line 8. */
const twoEnvironments = (environments: string, more = ''): Files => ({
  ...complete,
  'environments/production.yaml': `address: https://a.example.com\n${environment}`,
  'environments/staging.yaml': `address: https://b.example.com\n${environment}`,
  'roles/app.yaml': `${role.replace('environments: [production]\n', '')}environments: ${environments}\n${more}`,
})

describe('roles', () => {
  test('the name is that of the file and the mount is jwt, unless they are written', async () => {
    const files = withRole(role, { 'roles/b.yaml': `${role}name: other\nmount: ci\n` })
    expect(environmentOf(await loadFiles(files)).desired.map(({ address }) => address)).toEqual([
      'auth-mount/jwt',
      'jwt-config/jwt',
      'jwt-role/ci/other',
      'jwt-role/jwt/app',
      'policy/reader',
    ])
  })

  test('values are in canonical form, with the objects they need', async () => {
    const desired = desiredOf(await loadFiles(complete), 'jwt-role/jwt/app')
    expect(desired).toMatchObject({ spec: { token_ttl: 300, token_max_ttl: 3600 }, path: 'auth/jwt/role/app' })
    expect(desired.needs).toEqual(['auth-mount/jwt', 'jwt-config/jwt', 'policy/reader'])
  })

  test('a file may hold several roles as documents', async () => {
    const configuration = await loadFiles(withRole(`name: one\n${role}---\nname: two\n${role}`))
    expect(desiredOf(configuration, 'jwt-role/jwt/one').source.line).toBe(1)
    expect(desiredOf(configuration, 'jwt-role/jwt/two').source.line).toBe(11)
  })

  test('maps merge by key, everything else is replaced, null removes', async () => {
    const override = '{ staging: { bound_claims: { ref: main }, token_policies: [], token_ttl: null }, production: }'
    const configuration = await loadFiles(twoEnvironments(override))
    expect(told(configuration)).toEqual([])
    const production = desiredOf(configuration, 'jwt-role/jwt/app').spec
    expect(production).toMatchObject({ bound_claims: { project_id: '42' }, token_policies: ['reader'], token_ttl: 300 })
    const staging = desiredOf(configuration, 'jwt-role/jwt/app', 'staging').spec
    expect(staging['bound_claims']).toEqual({ project_id: '42', ref: 'main' })
    expect(Object.keys(staging)).not.toContain('token_ttl')
    expect(Object.keys(staging)).not.toContain('token_policies')
  })

  test('null removes a key inside a map, too', async () => {
    const configuration = await loadFiles(
      twoEnvironments('{ staging: { bound_claims: { project_id: null, sub: a } }, production: {} }'),
    )
    expect(desiredOf(configuration, 'jwt-role/jwt/app', 'staging').spec['bound_claims']).toEqual({ sub: 'a' })
  })

  test('an override may give another name and mount', async () => {
    const configuration = await loadFiles(twoEnvironments('{ staging: { name: beta, mount: ci }, production: {} }'))
    expect(desiredOf(configuration, 'jwt-role/ci/beta', 'staging').source.file).toBe('roles/app.yaml')
  })

  test('token_policies may be one text with commas', async () => {
    const files = withRole(role.replace('[reader]', 'reader, default'))
    expect(desiredOf(await loadFiles(files), 'jwt-role/jwt/app').spec['token_policies']).toEqual(['default', 'reader'])
  })

  testMistakes([
    [
      'a role that names no environment is refused, and told which there are',
      withRole(role.replace('environments: [production]\n', '')),
      [['missing-key roles/app.yaml:1:1', '"environments"', 'Environments are: production']],
    ],
    [
      'an empty list of environments',
      withRole(role.replace('[production]', '[]')),
      [['invalid-value roles/app.yaml:1:15', 'no environment']],
    ],
    [
      'one name is no list',
      withRole(role.replace('[production]', 'production')),
      [['wrong-type roles/app.yaml:1:15', 'a list of names']],
    ],
    [
      'an unknown environment',
      withRole(role.replace('[production]', '[production, prodution]')),
      [['unknown-environment roles/app.yaml:1:28', 'Did you mean "production"?']],
    ],
    [
      'an override that is no map',
      twoEnvironments('{ staging: 5, production: {} }'),
      [['wrong-type roles/app.yaml:8:26', 'environments.staging: expected a map, got a number']],
    ],
    [
      'environments inside an environment',
      twoEnvironments('{ staging: { environments: [production] } }'),
      [['unknown-key roles/app.yaml:8:28', 'cannot stand inside']],
    ],
    [
      'an unknown key says what it may have meant',
      withRole(`${role}token_polices: [a]\n`),
      [['unknown-key roles/app.yaml:9:1', '"token_polices"', 'Did you mean "token_policies"?']],
    ],
    [
      "the program's own keys are suggested as well",
      withRole(`${role}secret: {}\n`),
      [['unknown-key roles/app.yaml:9:1', 'Did you mean "secrets"?']],
    ],
    [
      'the old names of token fields lead to the new ones',
      withRole(`${role}policies: [a]\nttl: 1\nmax_ttl: 1\nperiod: 1\nnum_uses: 1\nbound_cidrs: []\n`),
      ['token_policies', 'token_ttl', 'token_max_ttl', 'token_period', 'token_num_uses', 'token_bound_cidrs'].map(
        (name, index) => [`unknown-key roles/app.yaml:${index + 9}:1`, `Did you mean "${name}"?`] as const,
      ),
    ],
    [
      'an unknown key that is like no other lists the valid ones',
      withRole(`${role}colour: red\n`),
      [['unknown-key roles/app.yaml:9:1', 'Valid keys are: name, mount, environments', 'token_ttl']],
    ],
    [
      'a missing key',
      withRole(role.replace('user_claim: project_id\n', '')),
      [['missing-key roles/app.yaml:1:1', '"user_claim"']],
    ],
    [
      'a wrong type in plain words',
      withRole(role.replace('[https://vault.example.com]', '7')),
      [['wrong-type roles/app.yaml:4:18', 'bound_audiences: expected a list of strings', 'got a number']],
    ],
    [
      'a wrong element of a list is shown, not the list',
      withRole(role.replace('[https://vault.example.com]', '[a, 7]')),
      [['wrong-type roles/app.yaml:4:22', 'expected a string, got a number']],
    ],
    [
      'a wrong value inside a map',
      withRole(role.replace('"42"', '{ a: b }')),
      [['wrong-type roles/app.yaml:5:29', 'bound_claims.project_id', 'got a map']],
    ],
    [
      'a map that begins below its key is shown by the key',
      withRole(role.replace('token_ttl: 5m', 'token_ttl:\n  a: 1')),
      [['wrong-type roles/app.yaml:7:1', 'token_ttl', 'got a map']],
    ],
    ['a value that is not there', withRole(role.replace('5m', '')), [['wrong-type roles/app.yaml:7:1', 'got nothing']]],
    [
      'a word that is none of the possible ones',
      withRole(role.replace('role_type: jwt', 'role_type: jwtt')),
      [['invalid-value roles/app.yaml:2:12', 'jwt, oidc', 'Did you mean "jwt"?']],
    ],
    [
      'a rule over two fields points at the one in question',
      withRole(role.replace('5m', '2h')),
      [['invalid-value roles/app.yaml:7:12', 'token_ttl cannot be greater than token_max_ttl']],
    ],
    [
      'a rule over the whole role points at the role',
      withRole(
        role.replace('bound_audiences: [https://vault.example.com]\n', '').replace('{ project_id: "42" }', '{}'),
      ),
      [['invalid-value roles/app.yaml:1:1', 'must be bound by at least one of']],
    ],
    [
      'a mistake in an override is shown there',
      twoEnvironments('\n  production: {}\n  staging: { token_ttl: soon }'),
      [['invalid-value roles/app.yaml:10:25', 'token_ttl']],
    ],
    [
      'a mistake that several environments share is told once',
      { ...twoEnvironments('[production, staging]', 'token_period: soon\n') },
      [['invalid-value roles/app.yaml:9:15', 'token_period']],
    ],
    [
      'a mistake of one environment only names it',
      twoEnvironments('{ production: {}, staging: { user_claim: null } }'),
      [['missing-key roles/app.yaml:1:1', '"user_claim"', '(in staging)']],
    ],
    [
      'a name the server would refuse',
      withRole(`${role}name: "a b"\n`),
      [['invalid-name roles/app.yaml:9:7', '"a b"']],
    ],
    [
      'a name that is no text',
      withRole(`${role}name: [a]\n`),
      [['wrong-type roles/app.yaml:9:7', 'name: expected a string, got a list']],
    ],
    ['an empty mount', withRole(`${role}mount: ""\n`), [['invalid-value roles/app.yaml:9:8', 'mount']]],
    ['a document that is no map', withRole('[]\n'), [['wrong-type roles/app.yaml:1:1', 'expected a map, got a list']]],
    [
      'problems of several files come in the order of files and lines',
      {
        ...withRole(`${role}b: 1\na: 1\n`),
        'roles/aa.yaml': `${role}c: 1\n`,
        'environments/production.yaml': `${environment}z: 1\n`,
      },
      [
        ['unknown-key environments/production.yaml:5:1'],
        ['unknown-key roles/aa.yaml:9:1'],
        ['unknown-key roles/app.yaml:9:1', '"b"'],
        ['unknown-key roles/app.yaml:10:1', '"a"'],
      ],
    ],
  ])

  test('a missing key of one environment is not blamed on the others', async () => {
    const lines = told(await loadFiles(twoEnvironments('{ production: {}, staging: {} }', 'colour: red\n')))
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('(in')
  })
})

const each = `for_each:
  - { project: web, id: "1" }
  - { project: api, id: "2", ttl: 10m }
name: "\${project}"
${role.replace('"42"', '"${id}"')}`

describe('for_each', () => {
  test('each entry makes a role, found where the entry is', async () => {
    const configuration = await loadFiles(withRole(each))
    expect(told(configuration)).toEqual([])
    expect(desiredOf(configuration, 'jwt-role/jwt/web').source).toEqual({ file: 'roles/app.yaml', line: 2, column: 5 })
    expect(desiredOf(configuration, 'jwt-role/jwt/api').spec['bound_claims']).toEqual({ project_id: '2' })
  })

  test('the entries can stand in a file of their own', async () => {
    const text = each.replace(/for_each:[\s\S]*?name:/, 'for_each: { file: lists/projects.yaml }\nname:')
    const files = withRole(text, { 'lists/projects.yaml': '- project: web\n  id: "1"\n- project: api\n  id: "2"\n' })
    const configuration = await loadFiles(files)
    expect(told(configuration)).toEqual([])
    expect(desiredOf(configuration, 'jwt-role/jwt/api').source).toEqual({
      file: 'lists/projects.yaml',
      line: 3,
      column: 3,
    })
  })

  test("an entry's variables win over the environment's, and may use them", async () => {
    const file = `variables: { id: "9", prefix: "p" }\n${environment}`
    const text = `for_each: [{ id: "\${prefix}1" }, { project: x }]\nname: "r\${id}"\n${role.replace('"42"', '"${id}"')}`
    const configuration = await loadFiles(withRole(text, { 'environments/production.yaml': file }))
    expect(desiredOf(configuration, 'jwt-role/jwt/rp1').spec['bound_claims']).toEqual({ project_id: 'p1' })
    expect(desiredOf(configuration, 'jwt-role/jwt/r9').spec['bound_claims']).toEqual({ project_id: '9' })
  })

  test('every entry exists in every environment that the document names', async () => {
    const files = {
      ...withRole(
        each
          .replace('name: "${project}"', 'name: "${project}-${environment}"')
          .replace('[production]', '[production, staging]'),
      ),
      'environments/staging.yaml': environment,
    }
    const configuration = await loadFiles(files)
    expect(told(configuration)).toEqual([])
    const names = configuration.environments.flatMap(({ desired }) => desired.map(({ address }) => address))
    expect(names.filter((name) => name.startsWith('jwt-role'))).toEqual([
      'jwt-role/jwt/api-production',
      'jwt-role/jwt/web-production',
      'jwt-role/jwt/api-staging',
      'jwt-role/jwt/web-staging',
    ])
  })

  testMistakes([
    [
      'for_each that is no list',
      withRole(`for_each: 5\n${role}`),
      [['wrong-type roles/app.yaml:1:11', 'a list of maps']],
    ],
    [
      'an entry that is no map',
      withRole(`for_each: [a]\n${role}`),
      [['wrong-type roles/app.yaml:1:12', 'expected a map, got a string']],
    ],
    [
      'a variable that one entry lacks',
      withRole(each.replace('"${project}"', '"${project}"\ntoken_period: "${ttl}"')),
      [['unknown-variable roles/app.yaml:5:15', '"ttl"', 'each entry of for_each']],
    ],
    [
      'an entry cannot redefine the built-in variable',
      withRole(each.replace('id: "1"', 'id: "1", environment: x')),
      [['invalid-name roles/app.yaml:2:30', 'built in']],
    ],
    [
      'a mistake that all entries share is told once',
      withRole(`${each}token_period: soon\n`),
      [['invalid-value roles/app.yaml:13:15', 'token_period']],
    ],
    [
      'entries that give the same name to different roles',
      withRole(each.replace('project: api', 'project: web')),
      [['conflict roles/app.yaml:3:5', 'jwt-role/jwt/web', 'bound_claims.project_id']],
    ],
    [
      'a file that is not there is reported where it is mentioned',
      withRole(`for_each: { file: nowhere.yaml }\n${role}`),
      [['unreadable-file roles/app.yaml:1:19', '"nowhere.yaml"', 'relative']],
    ],
    [
      'a file that holds no list',
      withRole(`for_each: { file: list.yaml }\n${role}`, { 'list.yaml': 'a: b\n' }),
      [['wrong-type list.yaml:1:1', 'expected a list of maps, got a map']],
    ],
    ...['../list.yaml', '/etc/hostname', 'a/../../b', 'C:\\list.yaml'].map(
      (path) =>
        [
          `the path ${path} is not allowed`,
          withRole(`for_each: { file: '${path}' }\n${role}`),
          [['path-not-allowed roles/app.yaml:1:19', 'cannot be used']],
        ] as const,
    ),
  ])

  test('a mistake shows one of the entries for which it was met', async () => {
    const { diagnostics } = await loadFiles(withRole(each.replace('project: api', 'project: "a b"')))
    expect(diagnostics[0]).toMatchObject({ code: 'invalid-name', source: { line: 4, column: 7 } })
    expect(diagnostics[0]?.related?.map(({ source }) => source.line)).toEqual([3])
  })
})
