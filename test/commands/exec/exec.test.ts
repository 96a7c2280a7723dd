import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { liveVault } from '../../support/live-vault.ts'
import { canary, makeWorld, reads, recorder, type World, writeSecret } from './world.ts'

let world: World
const [password, user] = [canary(), canary()]

beforeAll(async () => {
  world = await makeWorld(await liveVault())
  await writeSecret(world, 'app/db', { password, user, port: 5432, long: 'a\nb' })
  await world.root('POST', `${world.v1}/app`, { token: password, flag: true, list: [1, 'x', null] })
})

const allowed = () => reads(`${world.v2}/data/app/*`, `${world.v1}/*`)

/** What the command is given, written where masking does not reach. */
function dump(directory: string, expression: string): string[] {
  return ['--', 'sh', '-c', `printf %s "${expression}" > ${join(directory, 'out')}`]
}

const dumped = (directory: string) => readFileSync(join(directory, 'out'), 'utf8')

describe('secrets that the command line names', () => {
  test('come from kv-v2 and kv-v1 into variables, in one login, each path read once; the token is revoked', async () => {
    const role = await world.role(allowed())
    const directory = withFiles({})
    const way = await recorder(world.server)
    const words = ['PASSWORD', 'user', 'port'].map(
      (name) => `--secret=${name}=${world.v2}/app/db#${name.toLowerCase()}`,
    )
    const ended = await world.exec(
      [
        '--role',
        role,
        ...words,
        `--secret=OLD=${world.v1}/app#token`,
        ...dump(directory, '$PASSWORD $user $port $OLD'),
      ],
      { env: { VAULT_ADDR: way.address } },
    )
    expect(ended).toMatchObject({ code: 0, stdout: '' })
    expect(dumped(directory)).toBe(`${password} ${user} 5432 ${password}`)
    const count = (path: string) => way.asked.filter((asked) => asked === path).length
    expect(count(`POST auth/${world.id}/login`)).toBe(1)
    expect(count(`GET ${world.v2}/data/app/db`)).toBe(1)
    expect(count(`GET ${world.v1}/app`)).toBe(1)
    expect(way.asked.at(-1)).toBe('POST auth/token/revoke-self')
  })

  test('--secret-file gives a file that only the user can read, and that is gone afterwards', async () => {
    const role = await world.role(allowed())
    const directory = withFiles({})
    const script = `cat "$KEY" > ${directory}/out; ls -ld "$KEY" "$(dirname "$KEY")" | cut -c1-10 | sort > ${directory}/modes; printf %s "$KEY" > ${directory}/path`
    const ended = await world.exec([
      '--role',
      role,
      `--secret-file=KEY=${world.v2}/app/db#password`,
      '--',
      'sh',
      '-c',
      script,
    ])
    expect(ended).toMatchObject({ code: 0, output: '' })
    expect(dumped(directory)).toBe(password)
    expect(readFileSync(join(directory, 'modes'), 'utf8')).toBe('-rw-------\ndrwx------\n')
    const path = readFileSync(join(directory, 'path'), 'utf8')
    expect(path).not.toContain(password)
    expect(existsSync(dirname(path))).toBe(false)
  })

  test('values that are no texts are as the runner prints them', async () => {
    const role = await world.role(allowed())
    const directory = withFiles({})
    const words = ['flag', 'list'].map((name) => `--secret=${name}=${world.v1}/app#${name}`)
    await world.exec(['--role', role, ...words, ...dump(directory, '$flag $list')])
    expect(dumped(directory)).toBe('true [1 x <nil>]')
  })

  test('numbers keep every digit', async () => {
    // The body is written by hand: JavaScript would change it.
    const { address, token } = world.server
    const body = '{"n": 12345678901234567890, "f": 1.10}'
    await fetch(`${address}/v1/${world.v1}/numbers`, {
      method: 'POST',
      headers: { 'x-vault-token': token ?? '' },
      body,
    })
    const role = await world.role(allowed())
    const directory = withFiles({})
    const words = ['n', 'f'].map((name) => `--secret=${name}=${world.v1}/numbers#${name}`)
    await world.exec(['--role', role, ...words, ...dump(directory, '$n $f')])
    expect(dumped(directory)).toBe('12345678901234567890 1.10')
  })
})

describe('secrets that a configuration declares', () => {
  const files = () => ({
    'environments/production.yaml': `auth:\n  ${world.id}:\n    type: jwt\n    config: { oidc_discovery_url: "https://gitlab.example.com" }\n`,
    'environments/staging.yaml': `auth:\n  ${world.id}:\n    type: jwt\n    config: { oidc_discovery_url: "https://gitlab.example.com" }\n`,
    'roles/app.yaml': [
      `name: ${world.id}-declared-\${environment}`,
      `mount: ${world.id}`,
      'environments: [staging, production]',
      'role_type: jwt',
      'user_claim: project_id',
      'bound_audiences: [https://vault.example.com]',
      'bound_claims: { project_id: "22" }',
      'secrets:',
      `  PASSWORD: { mount: ${world.v2}, path: app/db, field: password }`,
      `  DB_USER: { mount: ${world.v2}, path: app/db, field: user, file: false }`,
    ].join('\n'),
  })

  async function declared(): Promise<string> {
    const name = `${world.id}-declared-production`
    await world.root('POST', `sys/policies/acl/${name}`, { policy: allowed() })
    await world.root('POST', `auth/${world.id}/role/${name}`, {
      role_type: 'jwt',
      user_claim: 'project_id',
      token_policies: [name],
      bound_audiences: ['https://vault.example.com'],
    })
    return name
  }

  test('are found by the full name of the role, and are files unless "file: false" stands there', async () => {
    const role = await declared()
    const directory = withFiles(files())
    const words = dump(directory, '$(cat $PASSWORD) $DB_USER')
    const env = { VAULT_AUTH_PATH: '' }
    expect(await world.exec(['--role', role, ...words], { cwd: directory, env })).toMatchObject({ code: 0, output: '' })
    expect(dumped(directory)).toBe(`${password} ${user}`)
  })

  test("are found by the file's name in an environment; --env-only gives values", async () => {
    await declared()
    const directory = withFiles(files())
    const words = ['--role', 'app', '-e', 'production', '-C', directory, '--env-only']
    const ended = await world.exec([...words, ...dump(directory, '$PASSWORD $DB_USER')])
    expect(ended).toMatchObject({ code: 0, output: '' })
    expect(dumped(directory)).toBe(`${password} ${user}`)
  })

  test.each([
    [['--role', 'app'], 'several-roles', '-e or --environment'],
    [['--role', 'ap', '-e', 'production'], 'unknown-role', 'Did you mean app?'],
    [['--role', 'app', '-e', 'prodction'], 'unknown-environment', 'Did you mean production?'],
    [[], 'usage', 'VAULT_AUTH_ROLE'],
  ])('%j is not enough', async (words, code, help) => {
    const ended = await world.exec([...words, '--', 'true'], { cwd: withFiles(files()) })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(`error[${code}]`)
    expect(ended.stderr).toContain(help.replace('-e or ', ''))
  })

  test('a folder without a configuration says what else there is', async () => {
    const ended = await world.exec(['--role', 'app', '--', 'true'], { cwd: withFiles({}) })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('--secret NAME=mount/path#field') })
  })
})

describe('secrets that a file names', () => {
  const manifest = (more: object = {}) => ({
    address: world.server.address,
    mount: world.id,
    secrets: { PASSWORD: { engine: 'kv-v2', mount: world.v2, path: 'app/db', field: 'password', file: false } },
    ...more,
  })

  test('are read without a configuration, and without any variable but the ID token', async () => {
    const directory = withFiles({ 'ci/secrets.json': JSON.stringify(manifest({ role: await world.role(allowed()) })) })
    const ended = await world.exec(['--secrets', 'ci/secrets.json', ...dump(directory, '$PASSWORD')], {
      cwd: directory,
      env: { VAULT_ADDR: '', VAULT_AUTH_PATH: '' },
    })
    expect(ended).toMatchObject({ code: 0, output: '' })
    expect(dumped(directory)).toBe(password)
  })

  test('a mistake in it is shown with its place', async () => {
    const text = JSON.stringify(
      manifest({ secrets: { A: { engine: 'kv2', mount: 'ops', path: 'a', feild: 'b' } } }),
      null,
      2,
    )
    const ended = await world.exec(['--secrets', 'secrets.json', '--role', 'x', '--', 'true'], {
      cwd: withFiles({ 'secrets.json': text }),
    })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('secrets.json:6:')
    expect(ended.stderr).toMatch(/did you mean "?field/i)
  })

  test('an address that VAULT_ADDR contradicts gets nothing', async () => {
    const directory = withFiles({
      's.json': JSON.stringify(manifest({ address: 'https://vault.example.com', role: 'r' })),
    })
    const way = await recorder(world.server)
    const ended = await world.exec(['--secrets', 's.json', '--', 'true'], {
      cwd: directory,
      env: { VAULT_ADDR: way.address },
    })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('error[address-mismatch]') })
    expect(way.asked).toEqual([])
  })
})
