import { describe, expect, test } from 'vitest'
import { desiredOf, environmentOf, type Files, loadFiles, told } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment } from './sets.ts'

const withEnvironment = (text: string): Files => ({ ...complete, 'environments/production.yaml': text })
const load = (text: string) => loadFiles(withEnvironment(text))

describe('environments', () => {
  test('a mount and its configuration are two objects', async () => {
    const configuration = await load(environment)
    expect(desiredOf(configuration, 'auth-mount/jwt')).toMatchObject({
      spec: { type: 'jwt' },
      path: 'sys/auth/jwt',
      source: { file: 'environments/production.yaml', line: 2, column: 3 },
    })
    expect(desiredOf(configuration, 'jwt-config/jwt')).toMatchObject({
      spec: { oidc_discovery_url: 'https://gitlab.example.com' },
      needs: ['auth-mount/jwt'],
      source: { file: 'environments/production.yaml', line: 4, column: 13 },
    })
  })

  test('a mount without a configuration is one object', async () => {
    const configuration = await load('auth: { jwt: { type: jwt } }\n')
    expect(environmentOf(configuration).desired.map(({ address }) => address)).not.toContain('jwt-config/jwt')
  })

  test('what no file says is absent, and unmanaged objects are reported', async () => {
    const found = environmentOf(await load(environment))
    expect(Object.keys(found)).not.toContain('address')
    expect(Object.keys(found)).not.toContain('namespace')
    expect(found.unmanaged).toBe('report')
  })

  test('a file says which server answers, or the newest Vault is taken for granted', async () => {
    const serverOf = async (text: string) => environmentOf(await load(text)).server
    expect(await serverOf(environment)).toEqual({ product: 'vault', version: '1.21.0' })
    expect(await serverOf(`server: openbao@2.5\n${environment}`)).toEqual({ product: 'openbao', version: '2.5' })
  })

  test('objects are sorted by address and environments by name', async () => {
    const configuration = await loadFiles({ ...complete, 'environments/beta.yaml': environment.replace('jwt:', 'zz:') })
    expect(configuration.environments.map(({ name }) => name)).toEqual(['beta', 'production'])
    const addresses = environmentOf(configuration).desired.map(({ address }) => address)
    expect(addresses).toEqual([...addresses].sort())
  })

  describe('ownership', () => {
    test('without owns, an environment owns the roles of its own mounts', async () => {
      const { owns } = environmentOf(await load(`${environment}  ldap: { type: ldap }\n`))
      expect(owns).toEqual([
        { kind: 'jwt-role', parent: 'auth-mount/jwt', name: '*' },
        { kind: 'jwt-role', parent: 'auth-mount/ldap', name: '*' },
      ])
    })

    test('owns says it for each kind, in the spelling of the server', async () => {
      const written = 'owns: { policies: ["CI-*", app], roles: { jwt: ["*-ci"], other/: [x] }, auth: ["team/*"] }\n'
      const { owns } = environmentOf(await load(environment + written))
      expect(owns).toEqual([
        { kind: 'auth-mount', name: 'team/*' },
        { kind: 'policy', name: 'ci-*' },
        { kind: 'policy', name: 'app' },
        { kind: 'jwt-role', parent: 'auth-mount/jwt', name: '*-ci' },
        { kind: 'jwt-role', parent: 'auth-mount/other', name: 'x' },
      ])
    })

    test('an empty map of roles means none', async () => {
      expect(environmentOf(await load(`${environment}owns: { roles: {} }\n`)).owns).toEqual([])
    })
  })

  testMistakes([
    [
      'an unknown key',
      withEnvironment(`${environment}adress: https://v.example.com\n`),
      [['unknown-key environments/production.yaml:5:1', 'Did you mean "address"?']],
    ],
    [
      'an unknown key of a mount',
      withEnvironment(environment.replace('config:', 'confg:')),
      [['unknown-key environments/production.yaml:4:5', '"confg"', 'Did you mean "config"?']],
    ],
    [
      'an unknown key of a configuration',
      withEnvironment(environment.replace('}', ', bound_isuer: x }')),
      [['unknown-key environments/production.yaml:4:64', 'Did you mean "bound_issuer"?']],
    ],
    [
      'an unknown key of owns',
      withEnvironment(`${environment}owns: { role: {} }\n`),
      [['unknown-key environments/production.yaml:5:9', '"role" in owns', 'Did you mean "roles"?']],
    ],
    [
      'roles are owned by mount',
      withEnvironment(`${environment}owns: { roles: ["*"] }\n`),
      [['wrong-type environments/production.yaml:5:16', 'owns.roles: expected a map, got a list']],
    ],
    [
      'a server without a version',
      withEnvironment(`${environment}server: openbao\n`),
      [['invalid-value environments/production.yaml:5:9', 'vault@1.21.0 or openbao@2.6.1']],
    ],
    [
      'unmanaged is one of three words',
      withEnvironment(`${environment}unmanaged: remove\n`),
      [['invalid-value environments/production.yaml:5:12', 'report, delete, ignore']],
    ],
    [
      'auth that is no map',
      withEnvironment('auth: jwt\n'),
      [['wrong-type environments/production.yaml:1:7', 'auth: expected a map, got a string']],
    ],
    [
      'a mount that is no map',
      withEnvironment('auth:\n  jwt: jwt\n'),
      [['wrong-type environments/production.yaml:2:8', 'auth.jwt: expected a map, got a string']],
    ],
    [
      'a configuration that is empty',
      withEnvironment('auth:\n  jwt:\n    type: jwt\n    config:\n'),
      [['wrong-type environments/production.yaml:4:5', 'auth.jwt.config: expected a map, got nothing']],
    ],
    [
      'a configuration without keys or issuer',
      withEnvironment('auth:\n  jwt:\n    type: jwt\n    config: {}\n'),
      [['invalid-value environments/production.yaml:4:13', 'exactly one of']],
    ],
    [
      'a mount without a type',
      withEnvironment('auth:\n  jwt: {}\n'),
      [['missing-key environments/production.yaml:2:8', '"type"']],
    ],
    [
      'a mount path that the server would refuse',
      withEnvironment('auth:\n  /jwt: { type: jwt }\n'),
      [['invalid-name environments/production.yaml:2:9', 'must not begin']],
    ],
    ...['vault.example.com', 'ftp://vault.example.com', 'https://v.example.com?x=1', 'https://v.example.com/#a'].map(
      (address) =>
        [
          `${address} is no address of a server`,
          withEnvironment(`address: ${address}\n${environment}`),
          [['invalid-value environments/production.yaml:1:10', 'https://vault.example.com']],
        ] as const,
    ),
    [
      'variables that are no map',
      withEnvironment(`variables: [a]\n${environment}`),
      [['wrong-type environments/production.yaml:1:12', 'variables: expected a map']],
    ],
  ])

  test('a password in an address is not repeated', async () => {
    const password = ['pass', 'word', '1'].join('')
    const { diagnostics } = await load(`address: https://user:${password}@v.example.com\n${environment}`)
    expect(diagnostics.map(({ code }) => code)).toEqual(['invalid-value'])
    expect(JSON.stringify(diagnostics)).not.toContain(password)
  })

  test('problems of a mount and of its configuration are told together', async () => {
    const text = 'auth:\n  jwt:\n    type: 5\n    config: { jwks_url: 5 }\n'
    expect(told(await load(text)).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'wrong-type environments/production.yaml:3:11',
      'wrong-type environments/production.yaml:4:25',
    ])
  })
})

describe('settings', () => {
  test('without a file nothing is allowed and nothing external', async () => {
    expect((await loadFiles(complete)).settings).toMatchObject({ env: [], externalPolicies: [] })
  })

  test('names that ${env:NAME} may read, and policies that somebody else keeps', async () => {
    const files = { ...complete, 'vaultwright.yaml': 'env: [CI]\nexternal_policies: ["base-*"]\n' }
    expect((await loadFiles(files)).settings).toMatchObject({ env: ['CI'], externalPolicies: ['base-*'] })
  })

  testMistakes([
    [
      'an unknown setting',
      { ...complete, 'vaultwright.yaml': 'envs: []\n' },
      [['unknown-key vaultwright.yaml:1:1', 'Did you mean "env"?']],
    ],
    [
      'a name that no variable can have',
      { ...complete, 'vaultwright.yaml': 'env: [A B]\n' },
      [['invalid-value vaultwright.yaml:1:7', 'env.0']],
    ],
  ])
})
