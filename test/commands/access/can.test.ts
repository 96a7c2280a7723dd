import { describe, expect, test } from 'vitest'
import { claimsFor, type JobName } from '../../repository/claims.ts'
import { withFiles } from '../../support/files.ts'
import { joined, say } from './program.ts'

const always = { aud: 'https://vault.example.com' }

function claimsOf(job: JobName, changes: object = {}): string {
  return JSON.stringify({ ...always, ...claimsFor(job), ...changes })
}

async function can(words: readonly string[], input = '') {
  const said = await say(['access', 'can', ...words], { input })
  return { ...said, told: joined(said.stdout) }
}

describe('a login through a role', () => {
  const asProduction = ['--role', 'myproject-production', '--claims', '-']

  test('yes: the token, the rule and where it stands', async () => {
    const said = await can([...asProduction, 'read', 'ops/data/production/db'], claimsOf('myproject-production'))
    expect(said.code).toBe(0)
    expect(said.told).toMatch(/^yes production: role jwt\/myproject-production may read ops\/data\/production\/db/)
    expect(said.told).toContain('token batch, 2m, policies default, myproject-production')
    expect(said.told).toContain('rule ops/data/production/*: read policies/myproject.hcl:2')
  })

  test('no, for the path: in which environment somebody may', async () => {
    const said = await can([...asProduction, 'read', 'ops/data/staging/db'], claimsOf('myproject-production'))
    expect(said.code).toBe(1)
    expect(said.told).toContain('No rule of these policies matches the path')
    expect(said.told).toContain(
      'In environment staging, policy myproject-staging would allow it; role jwt/myproject-staging has it',
    )
  })

  test('no, for the capability: what the rule does not grant', async () => {
    const said = await can([...asProduction, 'update', 'ops/data/production/db'], claimsOf('myproject-production'))
    expect(said.told).toContain('The rule does not grant update.')
  })

  test('no, for the login: the words of the server and the check that failed', async () => {
    const claims = claimsOf('myproject-production', { ref_protected: 'false' })
    const said = await can([...asProduction, 'read', 'ops/data/production/db'], claims)
    expect(said.code).toBe(1)
    expect(said.told).toContain('400 error validating claims: claim "ref_protected" does not match')
    expect(said.told).toContain('✗ ref_protected "false", expected "true" roles/myproject.yaml:16')
  })

  test('a role of several environments is asked about in each, and one alone with -e', async () => {
    const words = ['--role', 'vaultwright-plan', '--claims', '-', 'read', 'sys/auth']
    const both = await can(words, claimsOf('vaultwright-plan'))
    expect(both.told).toMatch(/yes production: .* yes staging: /)
    const one = await can([...words, '-e', 'staging'], claimsOf('vaultwright-plan'))
    expect(one.told).not.toContain('production:')
  })

  test('a token is read, its signature is said to be unchecked, and it is not printed', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = `${part({ alg: 'RS256', kid: 'one' })}.${part(JSON.parse(claimsOf('myproject-staging')) as object)}.c2ln`
    const words = ['--role', 'myproject-staging', '--token', '-', 'read', 'ops/data/staging/db']
    for (const format of ['text', 'json']) {
      const said = await can([...words, '--format', format], token)
      expect(said).toMatchObject({ code: 0, stderr: '' })
      expect(said.told).toContain('The signature is not checked')
      for (const secret of token.split('.')) expect(said.stdout).not.toContain(secret)
    }
  })

  test('a token is judged as of now, or as of when it was issued', async () => {
    const claims = claimsOf('myproject-staging', { iat: 1_700_000_000, nbf: 1_699_999_995, exp: 1_700_003_600 })
    const words = ['--role', 'myproject-staging', '--claims', '-', 'read', 'ops/data/staging/db']
    expect((await can(words, claims)).told).toContain('token is expired')
    expect(await can([...words, '--at', 'issued'], claims)).toMatchObject({ code: 0 })
    expect(await can([...words, '--at', '2023-11-14T22:30:00Z'], claims)).toMatchObject({ code: 0 })
    expect(await can([...words, '--at', '1700010000'], claims)).toMatchObject({ code: 1 })
  })

  test('json has the verdict, the checks and the rule', async () => {
    const said = await can(
      [...asProduction, 'read', 'ops/data/production/db', '--format', 'json'],
      claimsOf('myproject-production'),
    )
    expect(JSON.parse(said.stdout)).toMatchObject({
      format: 'vaultwright-access-can/1',
      allowed: true,
      answers: [
        {
          environment: 'production',
          login: {
            ok: true,
            role: 'myproject-production',
            policies: ['default', 'myproject-production'],
            ttl: 120,
            type: 'batch',
          },
          access: {
            allowed: true,
            rule: {
              path: 'ops/data/production/*',
              from: [{ policy: 'myproject-production', file: 'policies/myproject.hcl', line: 2 }],
            },
          },
        },
      ],
    })
  })
})

describe('policies without a login', () => {
  const files = {
    'broad.hcl': 'path "kv/*" {\n  capabilities = ["create", "read", "update", "delete", "list"]\n}\n',
    'narrow.hcl': [
      'path "kv/data/app" {',
      '  capabilities = ["update"]',
      '  required_parameters = ["data"]',
      '  denied_parameters = { "options" = [] }',
      '}',
      'path "kv/wrapped" {',
      '  capabilities = ["read"]',
      '  min_wrapping_ttl = "1m"',
      '}',
    ].join('\n'),
    'bad.hcl': 'path "a" {\n  capabilities = ["fly"]\n}\n',
  }
  const both = ['--policy', 'broad.hcl', '--policy', 'narrow.hcl']

  async function ask(...words: readonly string[]) {
    const said = await say(['access', 'can', ...words], { cwd: withFiles(files) })
    return { ...said, told: joined(said.stdout) }
  }

  test('files alone need no configuration', async () => {
    const said = await ask('--policy', 'broad.hcl', 'list', 'kv/metadata/')
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.told).toContain('rule kv/*: create, delete, list, read, update broad.hcl:1')
  })

  test('only the winning rule counts: what it beats and why is said, and that the other one would have granted it', async () => {
    const said = await ask(...both, 'read', 'kv/data/app')
    expect(said.code).toBe(1)
    expect(said.told).toContain('rule kv/data/app: update narrow.hcl:1')
    expect(said.told).toContain(
      'beats kv/*: create, delete, list, read, update (an exact path comes before patterns) broad.hcl:1',
    )
    expect(said.told).toContain('"kv/*" grants read, but only one rule counts for a path')
  })

  test('parameters of the body count', async () => {
    expect((await ask(...both, 'update', 'kv/data/app')).told).toContain('demands the parameter data')
    expect(await ask(...both, 'update', 'kv/data/app', '--parameter', 'data:={"a":1}')).toMatchObject({ code: 0 })
    const denied = ['--parameter', 'data=x', '--parameter', 'options=y']
    expect((await ask(...both, 'update', 'kv/data/app', ...denied)).told).toContain('denies the parameter options')
  })

  test('a wrapped response counts', async () => {
    expect((await ask(...both, 'read', 'kv/wrapped')).told).toContain(
      'only with a wrapped response, of a TTL of at least 60 s',
    )
    expect(await ask(...both, 'read', 'kv/wrapped', '--wrap-ttl', '2m')).toMatchObject({ code: 0 })
  })

  test('writing what is there and what is not are told apart', async () => {
    const said = await ask(...both, 'create', 'kv/data/app', '--parameter', 'data=x')
    expect(said.told).toContain('create is writing what is not there yet; the rule grants update only.')
  })

  test('a pasted URL and a leading slash are the path', async () => {
    for (const path of ['https://vault.example.com/v1/kv/data/x', '/v1/kv/data/x', '/kv/data/x'])
      expect(await ask('--policy', 'broad.hcl', 'read', path)).toMatchObject({ code: 0 })
  })

  test('a text that the server would refuse is shown with its place', async () => {
    const said = await ask('--policy', 'bad.hcl', 'read', 'a')
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(said.stderr).toContain('bad.hcl:')
    expect(said.stderr).toContain('invalid capability "fly"')
  })

  test('the rules of the product that was named count', async () => {
    const scan = { 'scan.hcl': 'path "kv/*" {\n  capabilities = ["scan"]\n}\n' }
    const words = ['access', 'can', '--policy', 'scan.hcl', 'scan', 'kv/x']
    expect(await say([...words, '--server', 'openbao@2.6.1'], { cwd: withFiles(scan) })).toMatchObject({ code: 0 })
    expect(await say([...words, '--server', 'vault@1.21.0'], { cwd: withFiles(scan) })).toMatchObject({ code: 1 })
  })

  test('a policy of the configuration is answered for each environment that has it', async () => {
    const said = await can(['--policy', 'vaultwright-plan', 'read', 'sys/auth'])
    expect(said.told).toMatch(/yes production: .* yes staging: /)
    expect((await can(['--policy', 'myproject-staging', 'read', 'sys/auth'])).told).toMatch(
      /^no staging: (?!.*production:)/,
    )
  })
})

describe('mistakes', () => {
  test.each([
    [['read', 'a'], /--role.*--policy/],
    [['--role', 'x', '--policy', 'y', 'read', 'a'], /either a role/],
    [['--policy', 'x'], /a capability and a path/],
    [['--policy', 'x', 'raed', 'a'], /Did you mean read\?/],
    [['--policy', 'vaultwright-paln', 'read', 'a'], /Did you mean vaultwright-plan\?/],
    [['--role', 'myproject', '--claims', '-', 'read', 'a'], /Did you mean "myproject-production"\?/],
    [['--role', 'nexus-ci', '--mount', 'jwt', '--claims', '-', 'read', 'a'], /It is at the mount "jwt_cwiq"/],
    [['--role', 'nexus-ci', '--claims', 'a', '--token', 'b', 'read', 'a'], /either --claims or --token/],
    [['--policy', 'vaultwright-plan', 'read', 'a', '--parameter', 'x'], /key=value/],
    [['--policy', 'vaultwright-plan', 'read', 'a', '--parameter', 'x:=nope'], /no JSON/],
    [['--policy', 'vaultwright-plan', 'read', 'a', '--wrap-ttl', 'soon'], /duration/],
    [['--policy', 'vaultwright-plan', 'read', 'a', '--server', 'valt@1'], /product and version/],
    [['--policy', 'nowhere.hcl', 'read', 'a'], /cannot be read/],
  ])('%j', async (words, message) => {
    const said = await can(words, '{}')
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(joined(said.stderr)).toMatch(message)
  })

  test.each([
    ['no json', /holds no JSON object/],
    ['[1]', /holds no JSON object/],
  ])('claims that are %s', async (claims, message) => {
    const said = await can(['--role', 'nexus-ci', '--claims', '-', 'read', 'a'], claims)
    expect(said).toMatchObject({ code: 1, stderr: expect.stringMatching(message) })
  })
})
