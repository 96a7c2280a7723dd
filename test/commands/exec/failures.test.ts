import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { sign } from '../../support/issuer.ts'
import { liveVault } from '../../support/live-vault.ts'
import { vaultwright } from '../../support/program.ts'
import { scriptedServer } from '../../support/scripted-server.ts'
import { canary, makeWorld, reads, recorder, type World, writeSecret } from './world.ts'

let world: World
const password = canary()

beforeAll(async () => {
  world = await makeWorld(await liveVault())
  await writeSecret(world, 'app/db', { password, none: null })
  await writeSecret(world, 'app/deleted', { password })
  await writeSecret(world, 'app/destroyed', { password })
  await world.root('DELETE', `${world.v2}/data/app/deleted`)
  await world.root('POST', `${world.v2}/destroy/app/destroyed`, { versions: [1] })
  await world.root('POST', `${world.v1}/app`, { token: password })
})

interface Declared {
  readonly engine?: string
  readonly mount: string
  readonly path: string
  readonly field: string
}

/** Runs with these secrets; the command would leave a file. */
async function run(secrets: Readonly<Record<string, Declared>>, policy: string, role: object = {}) {
  const files = { 's.json': JSON.stringify({ secrets }) }
  const cwd = withFiles(files)
  const way = await recorder(world.server)
  const words = ['--secrets', 's.json', '--role', await world.role(policy, { ...role })]
  const ended = await world.exec([...words, '--', 'touch', 'started'], { cwd, env: { VAULT_ADDR: way.address } })
  expect(ended.output).not.toContain(password)
  return { ...ended, started: existsSync(join(cwd, 'started')), asked: way.asked }
}

const all = () => reads(`${world.v2}/*`, `${world.v1}/*`)

/** `code message | help` of each problem. */
function told(stderr: string): string[] {
  return [...stderr.matchAll(/^error\[(.*)\]: (.*)\n(?:= help: (.*))?/gm)].map(
    ([, code, words, help]) => `${code} ${words} | ${help}`,
  )
}

describe('nothing is started, and the token is revoked, when', () => {
  test('a secret cannot be read; all problems are told at once, with the policy line that would help', async () => {
    const { v2 } = world
    const { code, stderr, started, asked } = await run(
      {
        A: { mount: v2, path: 'app/db', field: 'password' },
        B: { mount: v2, path: 'other/db', field: 'password' },
        C: { mount: v2, path: 'other/db', field: 'user' },
        D: { mount: v2, path: 'app/nothing', field: 'password' },
      },
      reads(`${v2}/data/app/*`),
    )
    expect({ code, started }).toEqual({ code: 1, started: false })
    expect(told(stderr)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^secret-denied B, C: role \\S+ may not read ${v2}/data/other/db \\| .*: path "${v2}/data/other/db" { capabilities = \\["read"\\] }$`,
        ),
      ),
      `no-secret D: there is no secret at ${v2}/data/app/nothing | Check mount and path, and that somebody has written the secret.`,
    ])
    expect(asked.at(-1)).toBe('POST auth/token/revoke-self')
  })

  test.each<[string, () => Declared, string[]]>([
    [
      'a field is missing',
      () => ({ mount: world.v2, path: 'app/db', field: 'pasword' }),
      ['no-field', 'Did you mean "password"?'],
    ],
    ['a field is null', () => ({ mount: world.v2, path: 'app/db', field: 'none' }), ['no-field', 'is null']],
    [
      'the version was deleted',
      () => ({ mount: world.v2, path: 'app/deleted', field: 'password' }),
      ['secret-deleted', 'vault kv undelete'],
    ],
    [
      'the version was destroyed',
      () => ({ mount: world.v2, path: 'app/destroyed', field: 'password' }),
      ['secret-destroyed', 'was destroyed'],
    ],
    [
      'data/ is in the path twice',
      () => ({ mount: world.v2, path: 'data/app/db', field: 'password' }),
      ['no-secret', '/app/db'],
    ],
    [
      'a kv-v1 mount is declared as kv-v2',
      () => ({ engine: 'kv-v2', mount: world.v1, path: 'app', field: 'token' }),
      ['wrong-engine', 'Write "engine: kv-v1"'],
    ],
    [
      'a kv-v2 mount is declared as kv-v1',
      () => ({ engine: 'kv-v1', mount: world.v2, path: 'app/db', field: 'password' }),
      ['wrong-engine', 'Write "engine: kv-v2"'],
    ],
    [
      'a kv-v2 mount is declared as kv-v1 with data/',
      () => ({ engine: 'kv-v1', mount: world.v2, path: 'data/app/db', field: 'password' }),
      ['wrong-engine', 'the path without "data/"'],
    ],
    [
      'nothing is mounted there',
      () => ({ mount: `${world.v2}-not`, path: 'app', field: 'password' }),
      ['no-mount', '-not/'],
    ],
  ])('%s', async (_, secret, words) => {
    const { code, stderr, started } = await run({ SECRET: secret() }, `${all()}${reads(`${world.v2}-not/*`)}`)
    expect({ code, started }).toEqual({ code: 1, started: false })
    for (const word of words) expect(stderr).toContain(word)
    expect(told(stderr)).toHaveLength(1)
  })

  test('a path of the command line is in no mount that the role may see', async () => {
    const role = await world.role(reads('nothing/of/this'))
    const ended = await world.exec(['--role', role, `--secret=A=${world.v2}/app/db#password`, '--', 'true'])
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(`path "${world.v2}/data/app/db" { capabilities = ["read"] }`)
  })

  test('the token is good for fewer requests than there are paths', async () => {
    const secrets = Object.fromEntries(
      ['A', 'B'].map((name, index) => [name, { mount: world.v2, path: `app/${index}`, field: 'x' }]),
    )
    const { code, stderr, started } = await run(secrets, all(), { token_num_uses: 1 })
    expect({ code, started }).toEqual({ code: 1, started: false })
    expect(stderr).toContain('Set token_num_uses to 3 or more')
  })
})

test('a token that counts its requests is enough when it has one for each path', async () => {
  const secrets = { A: { mount: world.v2, path: 'app/db', field: 'password' } }
  const { code, stderr, started } = await run(secrets, all(), { token_num_uses: 1 })
  expect({ code, stderr, started }).toEqual({ code: 0, stderr: '', started: true })
})

describe('a login that is refused is explained, nothing is read, and nothing is started', () => {
  const secret = () => `--secret=A=${world.v2}/app/db#password`

  test.each<[string, () => Promise<Record<string, string>>, string[]]>([
    [
      'another branch',
      async () => ({ VAULT_ID_TOKEN: await sign({ project_id: '23' }) }),
      ['claim "project_id" does not match'],
    ],
    [
      'another audience',
      async () => ({ VAULT_ID_TOKEN: await sign({ aud: 'https://other' }) }),
      ['invalid audience', 'bound_audiences'],
    ],
    ['no mount of this name', async () => ({ VAULT_AUTH_PATH: 'not-there' }), ['403', 'VAULT_AUTH_PATH']],
    ['no JWT at all', async () => ({ VAULT_ID_TOKEN: '$VAULT_ID_TOKEN' }), ['login-refused', 'value of the variable']],
    ['no ID token', async () => ({ VAULT_ID_TOKEN: '' }), ['no-id-token', 'id_tokens: { VAULT_ID_TOKEN: { aud:']],
  ])('%s', async (_, env, words) => {
    const cwd = withFiles({})
    const ended = await world.exec(['--role', await world.role(all()), secret(), '--', 'touch', 'started'], {
      cwd,
      env: await env(),
    })
    expect(ended.code).toBe(1)
    for (const word of words) expect(ended.stderr).toContain(word)
    expect(existsSync(join(cwd, 'started'))).toBe(false)
    expect(ended.output).not.toMatch(/eyJ/)
  })

  test('by its claims, with the command that compares them for this role', async () => {
    const role = await world.role(all())
    const env = { VAULT_ID_TOKEN: await sign({ project_id: '23' }) }
    const ended = await world.exec(['--role', role, secret(), '--', 'true'], { env })
    expect(ended.stderr).toContain(`vaultwright access why --role ${role} --token -`)
  })

  test('an unknown role', async () => {
    const ended = await world.exec(['--role', 'no-such-role', secret(), '--', 'true'])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('role "no-such-role" could not be found') })
  })

  test.each(['a/../../sys', '..', 'a//b'])('the mount %s, which leads elsewhere', async (mount) => {
    const ended = await world.exec(['--role', 'r', '--mount', mount, secret(), '--', 'true'])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('is not the path of an auth mount') })
  })

  test('VAULT_SERVER_URL and VAULT_ADDR that differ', async () => {
    const env = { VAULT_SERVER_URL: 'https://vault.example.com' }
    const ended = await world.exec(['--role', 'r', secret(), '--', 'true'], { env })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('address-mismatch') })
  })
})

test('what a server says cannot steer the log', async () => {
  const auth = { client_token: 's.of-the-job', policies: ['default'], lease_duration: 300, renewable: true }
  const server = await scriptedServer(({ path }) => {
    if (path.endsWith('/login')) return { status: 200, body: { auth } }
    if (path.endsWith('/revoke-self')) return { status: 403, body: { errors: ['no\r\u001b[2Ksection_start:1:x'] } }
    return undefined
  })
  const env = { VAULT_ADDR: server.address, VAULT_ID_TOKEN: 'a.b.c' }
  const ended = await vaultwright(['exec', '--role', 'r', '--secret', 'A=ops/app#x', '--', 'true'], { env })
  expect(ended.stderr).toContain('could not be revoked')
  for (const sign of ['\r', '\u001b']) expect(ended.stderr).not.toContain(sign)
  await server.stop()
})

test('VAULT_SERVER_URL says the address, too', async () => {
  const env = { VAULT_ADDR: '', VAULT_SERVER_URL: world.server.address }
  const words = ['--role', await world.role(all()), `--secret=A=${world.v2}/app/db#password`, '--', 'true']
  expect(await world.exec(words, { env })).toMatchObject({ code: 0, output: '' })
})

test.each([
  [['--secret', 'A=one#x'], 'NAME=mount/path#field'],
  [['--secret', 'A=one/two'], 'NAME=mount/path#field'],
  [['--secret', '1A=one/two#x'], 'NAME=mount/path#field'],
  [['--secret', 'A=one/../two#x'], 'NAME=mount/path#field'],
  [['--secret', 'A=one/two#x', '--secret-file', 'A=one/two#y'], 'A is asked for twice'],
  [['--secrets', 'nowhere.json'], 'nowhere.json cannot be read (ENOENT)'],
  [['--secrets', 's.json', '-e', 'production'], 'Give one of them'],
])('%j is a mistake, and nothing is sent', async (words, message) => {
  const ended = await world.exec([...words, '--role', 'r', '--', 'true'], { env: { VAULT_ADDR: 'http://127.0.0.1:9' } })
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
})
