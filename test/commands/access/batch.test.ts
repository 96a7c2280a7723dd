import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { tokenIn } from '../../repository/claims.ts'
import { withFiles } from '../../support/files.ts'
import { liveVault, request } from '../../support/live-vault.ts'
import { ownName } from '../fixture.ts'
import { type Said, say } from './program.ts'

const server = 'vault@1.21.0'
const read = 'path "ops/data/*" { capabilities = ["read"] }'

async function batch(lines: readonly string[]): Promise<Said & { readonly answers: readonly unknown[] }> {
  const said = await say(['access', 'can', '--batch', '-'], { input: lines.join('\n') })
  const answers = said.stdout.split('\n').filter((line) => line !== '')
  return { ...said, answers: answers.map((line) => JSON.parse(line) as unknown) }
}

function question(policies: object, path: string, more: object = {}): string {
  return JSON.stringify({ server, policies, path, ...more })
}

const login = {
  server: 'openbao@2.6.1',
  config: { bound_issuer: 'https://gitlab.example.com', jwks_url: 'https://gitlab.example.com/-/jwks' },
  name: 'ci',
  mount: 'jwt',
  role: {
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault.example.com'],
    bound_claims: { project_id: '42' },
    token_policies: ['ops-read'],
    token_ttl: '5m',
  },
  claims: {
    ...{ iss: 'https://gitlab.example.com', aud: 'https://vault.example.com', project_id: '42' },
    ...{ iat: 1790000000, nbf: 1789999995, exp: 1790003600 },
  },
  alg: 'RS256',
  now: 1790000000.5,
}

describe('questions about policies', () => {
  test('are answered in their order, as sys/capabilities would', async () => {
    const { answers, code } = await batch([
      question({ a: read }, 'ops/data/x'),
      question({ a: read }, 'ops/metadata/x'),
      question({ a: read, b: 'path "ops/data/x" { capabilities = ["update", "create"] }' }, 'ops/data/x'),
      question({ a: read, b: 'path "ops/data/+" { capabilities = ["deny"] }' }, 'ops/data/y'),
      question({}, 'ops/data/x'),
    ])
    expect(answers).toEqual([
      { capabilities: ['read'] },
      { capabilities: ['deny'] },
      { capabilities: ['create', 'update'] },
      { capabilities: ['deny'] },
      { capabilities: ['deny'] },
    ])
    expect(code).toBe(0)
  })

  test('name the server’s words for each policy that it would not take', async () => {
    const { answers, code } = await batch([
      question({ good: read, bad: 'path "a" { capabilities = ["fly"] }', none: '', root: read }, 'a'),
    ])
    expect(answers).toEqual([
      {
        refused: {
          bad: [expect.stringContaining('invalid capability "fly"')],
          none: ["'policy' parameter not supplied or empty"],
          root: ['cannot update "root" policy'],
        },
      },
    ])
    expect(code, 'a refusal is an answer').toBe(0)
  })

  test.each([
    ['the policies last', `{"path":"ops/data/x","server":"${server}","policies":{"a":${JSON.stringify(read)}}}`],
    [
      'blanks as Python writes them',
      `{"server": "${server}", "policies": {"a": ${JSON.stringify(read)}}, "path": "ops/data/x"}`,
    ],
    [
      'more keys after the policies',
      `{"server":"${server}","policies":{"a":${JSON.stringify(read)}},"id":{"n":1},"path":"ops/data/x"}`,
    ],
    [
      'a nested object of that name',
      `{"x":{"policies":{"a":"?"}},"server":"${server}","policies":{"a":${JSON.stringify(read)}},"path":"ops/data/x"}`,
    ],
    [
      'the name in a text',
      `{"x":"\\"policies\\":{","server":"${server}","policies":{"a":${JSON.stringify(read)}},"path":"ops/data/x"}`,
    ],
    ['a path that looks like JSON', question({ a: 'path "}" { capabilities = ["read"] }' }, '}')],
    [
      'the key twice',
      `{"policies":{},"server":"${server}","policies":{"a":${JSON.stringify(read)}},"path":"ops/data/x"}`,
    ],
    ['a policy called path', question({ path: read }, 'ops/data/x')],
    ['a line that ends like in Windows', `${question({ a: read }, 'ops/data/x')}\r`],
  ])('%s makes no difference', async (_, line) => {
    expect((await batch([line, line])).answers).toEqual([{ capabilities: ['read'] }, { capabilities: ['read'] }])
  })

  test('are decided by the rules of the server that each names', async () => {
    // Listings with and without the slash at the end: the two products look at them in another order.
    const policies = {
      a: 'path "foo/+/a" { policy = "write" capabilities = ["sudo"] }',
      b: 'path "foo*" { capabilities = [] }',
    }
    const ask = (server: string) => JSON.stringify({ server, policies, path: 'foo/data/a/' })
    expect((await batch([ask('vault@1.21.0'), ask('openbao@2.6.1'), ask('vault@1.21.0')])).answers).toEqual([
      { capabilities: ['create', 'delete', 'list', 'read', 'sudo', 'update'] },
      { capabilities: ['deny'] },
      { capabilities: ['create', 'delete', 'list', 'read', 'sudo', 'update'] },
    ])
  })

  test('get what the real server answers', async () => {
    const vault = await liveVault()
    const health = (await request(vault, 'GET', 'sys/seal-status')).body
    const version = String(health?.['version']).replace(/^v/, '')
    const product = /bao/i.test(JSON.stringify(health))
      ? 'openbao'
      : Number(version.split('.')[0]) > 1
        ? 'openbao'
        : 'vault'
    const name = ownName()
    const text = `${read}\npath "ops/+/x" { capabilities = ["list", "update"] }\npath "ops/data/secret*" { capabilities = ["deny"] }`
    await request(vault, 'PUT', `sys/policies/acl/${name}`, { policy: text })
    const created = await request(vault, 'POST', 'auth/token/create', { policies: [name], no_default_policy: true })
    const token = tokenIn(created.body)
    const paths = ['ops/data/x', 'ops/data/y', 'ops/data/secret/z', 'ops/other/x', 'ops/other/x/', 'ops']
    const real = (await request(vault, 'POST', 'sys/capabilities', { token, paths })).body?.['data'] as JsonObject
    const ask = (path: string) => JSON.stringify({ server: `${product}@${version}`, policies: { [name]: text }, path })
    const { answers } = await batch(paths.map(ask))
    const expected = paths.map((path) => ({ capabilities: real[path] }))
    expect(answers).toEqual(expected)
  })
})

describe('questions about logins', () => {
  test('name the token', async () => {
    const { answers, code } = await batch([JSON.stringify({ ...login, unknown: true })])
    expect(answers).toEqual([
      { ok: true, policies: ['default', 'ops-read'], ttl: 300, type: 'service', metadata: { role: 'ci' } },
    ])
    expect(code).toBe(0)
  })

  test('name every text that the server could have picked', async () => {
    const role = { ...login.role, bound_claims: { project_id: '43', ref: 'main' } }
    const { answers } = await batch([JSON.stringify({ ...login, role })])
    const errors = [
      'error validating claims: claim "project_id" does not match any associated bound claim values',
      'error validating claims: claim "ref" is missing',
    ]
    expect(answers).toEqual([{ ok: false, error: expect.toBeOneOf(errors), errors: expect.arrayContaining(errors) }])
  })

  test('name why the server would not take the role', async () => {
    const { bound_audiences: _, bound_claims: __, ...role } = login.role
    expect((await batch([JSON.stringify({ ...login, role })])).answers).toEqual([
      { refused: ['must have at least one bound constraint when creating/updating a role'] },
    ])
  })

  test('keep the spelling of a role’s numbers, which the server compares', async () => {
    const ask = (number: string) =>
      JSON.stringify({
        ...login,
        role: { ...login.role, bound_claims: { runner_id: 0 } },
        claims: { ...login.claims, runner_id: 7 },
      }).replace('"bound_claims":{"runner_id":0}', `"bound_claims":{"runner_id":${number}}`)
    const { answers } = await batch([ask('7'), ask('7.0')])
    expect(answers).toMatchObject([{ ok: true }, { ok: false }])
  })

  test('a policies list inside a role does not make them questions about policies', async () => {
    const line = JSON.stringify({ ...login, role: { ...login.role, policies: { a: read } }, path: 'x' })
    expect((await batch([line])).answers).not.toMatchObject([{ capabilities: expect.anything() }])
  })
})

describe('the file', () => {
  test('lines that hold no question get an error in their place, and the run ends with 1', async () => {
    const lines = [
      'no json',
      question({ a: read }, 'ops/data/x'),
      '[]',
      '{}',
      JSON.stringify({ server: 'vault', policies: {}, path: 'a' }),
      JSON.stringify({ server, policies: [], path: 'a' }),
      JSON.stringify({ server, policies: {}, path: 7 }),
    ]
    const { answers, code } = await batch(lines)
    expect(code).toBe(1)
    expect(answers).toHaveLength(lines.length)
    expect(answers[1]).toEqual({ capabilities: ['read'] })
    expect(answers.toSpliced?.(1, 1) ?? answers.filter((_, at) => at !== 1)).toEqual(
      lines.slice(1).map(() => ({ error: expect.any(String) })),
    )
  })

  test('blank lines are no questions, and the last line needs no break', async () => {
    const { answers } = await batch(['', question({ a: read }, 'ops/data/x'), '  ', question({ a: read }, 'x')])
    expect(answers).toEqual([{ capabilities: ['read'] }, { capabilities: ['deny'] }])
  })

  test('is read from disk as well, whatever lies on its boundaries', async () => {
    const lines = Array.from({ length: 4000 }, (_, at) =>
      question(
        { [`ü${at % 7}`]: `path "grüße/${at % 7}/*" { capabilities = ["read"] }` },
        `grüße/${at % 14}/${'x'.repeat(at % 300)}`,
      ),
    )
    const cwd = withFiles({ 'questions.jsonl': `${lines.join('\n')}\n` })
    const said = await say(['access', 'can', '--batch', 'questions.jsonl'], { cwd })
    const expected = lines.map((_, at) => JSON.stringify({ capabilities: [at % 14 < 7 ? 'read' : 'deny'] }))
    expect(said.stdout).toBe(`${expected.join('\n')}\n`)
  })

  test('that is not there is said to be missing', async () => {
    const said = await say(['access', 'can', '--batch', 'nowhere.jsonl'])
    expect(said).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('there is no such file') })
  })
})
