import { describe, expect, test } from 'vitest'
import { tokenIn } from '../repository/claims.ts'
import { liveVault, request } from '../support/live-vault.ts'
import { repository, vaultwright } from '../support/program.ts'
import { configuration, ownName, workplace } from './fixture.ts'

const nowhere = { address: 'http://127.0.0.1:9', token: 'hvs.never-to-be-seen' }

describe('exit codes', () => {
  test.each([
    [['--help'], 0],
    [['plan', '--help'], 0],
    [['version'], 0],
    [['schema', 'role'], 0],
    [[], 1],
    [['frobnicate'], 1],
    [['plan', '--nonsense'], 1],
    [['plan', '--format', 'nonsense'], 1],
    [['schema', 'nonsense'], 1],
  ])('vaultwright %j ends with %i', async (words, code) => {
    expect((await vaultwright(words)).code).toBe(code)
  })

  test('plan: 2 for changes, 0 for none; drift: 2 for drift', async () => {
    const server = await liveVault()
    const id = ownName()
    const { run } = workplace(configuration(id), server)
    expect((await run(['plan'])).code).toBe(2)
    expect((await run(['apply', '--auto-approve'])).code).toBe(0)
    expect((await run(['plan'])).code).toBe(0)
    expect((await run(['drift'])).code).toBe(0)
    await request(server, 'POST', `auth/${id}/role/uninvited`, {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: ['x'],
    })
    expect((await run(['plan'])).code, 'an unmanaged role is no change').toBe(0)
    expect(await run(['drift']), 'but it is drift').toMatchObject({
      code: 2,
      stdout: expect.stringContaining(`jwt-role/${id}/uninvited`),
    })
  })

  test('any failure of an apply is a 1, and what did not depend on it is done', async () => {
    const server = await liveVault()
    const id = ownName()
    // Refused by every server, because nobody answers there; the role that needs the configuration must not be written.
    const unreachable = `auth:\n  ${id}:\n    type: jwt\n    config: { jwks_url: "http://127.0.0.1:1/keys" }\n`
    const { run } = workplace(configuration(id, { 'environments/production.yaml': unreachable }), server)
    const ended = await run(['apply', '--auto-approve'])
    expect(ended).toMatchObject({ code: 1 })
    expect(ended.output).toContain(`jwt-config/${id} failed`)
    expect((await request(server, 'GET', `sys/policies/acl/${id}-read`)).status).toBe(200)
    expect((await request(server, 'GET', `auth/${id}/role/ci`)).status).toBe(404)
  })
})

describe('mistakes', () => {
  const lines = (text: string) => text.split('\n').filter((line) => /^\s+at /.test(line))

  test('all problems of all files at once, each with its place, and no stack', async () => {
    const files = {
      'environments/production.yaml': 'auth:\n  jwt: { typ: jwt }\nadress: https://a\n',
      'roles/a.yaml':
        'environments: [prodution]\nrole_type: jwt\nuser_claim: sub\nbound_audiences: [a]\ntoken_ttl: soon\n',
      'roles/b.yaml': 'a: [1,\n',
    }
    const ended = await workplace(files, nowhere).run(['check'])
    expect(ended.code).toBe(1)
    for (const place of ['environments/production.yaml:3:1', 'roles/a.yaml:1:16', 'roles/b.yaml:'])
      expect(ended.output).toContain(place)
    expect(ended.output).toMatch(/did you mean "?address/i)
    expect(lines(ended.output)).toEqual([])
  })

  test('a server that is not there', async () => {
    const ended = await workplace(configuration('jwt'), nowhere).run(['plan'], { env: { VAULT_MAX_RETRIES: '0' } })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing listens there') })
    expect(lines(ended.output)).toEqual([])
  })

  test('a refusal says which policy lines are missing, all of them at once', async () => {
    const server = await liveVault()
    const token = tokenIn((await request(server, 'POST', 'auth/token/create', { policies: ['default'] })).body)
    const ended = await workplace(configuration(ownName()), { ...server, token }).run(['plan'])
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('path "sys/auth" { capabilities = ["read"] }')
    expect(ended.stderr).toContain('path "sys/policies/acl" { capabilities = ["list"] }')
  })

  test('an environment that no file describes', async () => {
    const ended = await workplace(configuration('jwt'), nowhere).run(['plan', '-e', 'prodction'])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean production?') })
  })

  test('nothing is sent when the file and VAULT_ADDR name different servers', async () => {
    const server = await liveVault()
    const files = configuration('jwt', {
      'environments/production.yaml': 'address: https://vault.example.com\nauth: {}\n',
    })
    const ended = await workplace(
      { ...files, 'roles/ci.yaml': undefined, 'policies/jwt-read.hcl': undefined },
      server,
    ).run(['plan'])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('address-mismatch') })
  })

  test('one credential is not sent to two servers', async () => {
    const environment = (port: number) => `address: http://127.0.0.1:${port}\n`
    const files = { 'environments/a.yaml': environment(1), 'environments/b.yaml': environment(2) }
    const ended = await workplace(files, nowhere).run(['plan'], { env: { VAULT_ADDR: '' } })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('several-servers') })
  })

  test('without a terminal nobody is asked, and nothing is written', async () => {
    const id = ownName()
    const server = await liveVault()
    const ended = await workplace(configuration(id), server).run(['apply'], { input: 'yes\n' })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('--auto-approve') })
    expect((await request(server, 'GET', `auth/${id}/config`)).status).not.toBe(200)
  })
})

describe('output', () => {
  test('json and the terraform report are alone on stdout', async () => {
    const { run } = workplace(configuration(ownName()), await liveVault())
    expect(JSON.parse((await run(['plan', '--format', 'json'])).stdout)).toMatchObject({
      summary: { create: 4, update: 0, delete: 0 },
    })
    expect((await run(['plan', '--format', 'terraform-report'])).stdout.trim()).toBe(
      '{"create":4,"update":0,"delete":0}',
    )
    expect(JSON.parse((await run(['apply', '--auto-approve', '--format', 'json'])).stdout)).toBeTypeOf('object')
  })

  test('colour is for terminals, and for whoever asks', async () => {
    const { run } = workplace(configuration(ownName()), await liveVault())
    expect((await run(['plan'])).stdout).not.toContain('\x1b[')
    expect((await run(['plan'], { env: { FORCE_COLOR: '1' } })).stdout).toContain('\x1b[')
    expect((await run(['plan', '--no-color'], { env: { FORCE_COLOR: '1' } })).stdout).not.toContain('\x1b[')
  })

  test('--shard gives each environment to exactly one part', async () => {
    const files = Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e'].map((name) => [`environments/${name}.yaml`, 'unmanaged: report\n']),
    )
    const { run } = workplace(files, await liveVault())
    const parts = await Promise.all(['1/2', '2/2'].map((part) => run(['plan', '--format', 'json', '--shard', part])))
    const seen = parts.map(({ stdout }) =>
      (JSON.parse(stdout) as { environments: { environment: string }[] }).environments.map(
        ({ environment }) => environment,
      ),
    )
    expect(seen).toEqual([
      ['a', 'c', 'e'],
      ['b', 'd'],
    ])
    expect((await run(['plan', '--shard', '3/2'])).code).toBe(1)
  })
})

describe('secrets', () => {
  const secret = 'client-secret-that-must-stay-hidden'
  const loud = { DEBUG: '*', NODE_DEBUG: 'http,net,tls,module,fs,undici,*', CLIENT_SECRET: secret }

  const files = (id: string) =>
    configuration(id, {
      'environments/production.yaml': [
        'auth:',
        `  ${id}:`,
        '    type: jwt',
        '    config:',
        '      oidc_discovery_url: http://127.0.0.1:9',
        '      oidc_client_id: id',
        '      oidc_client_secret: "${env:CLIENT_SECRET}"',
        '',
      ].join('\n'),
    })

  test('neither token nor write-only value is in any output, DEBUG=* and a failing write included', async () => {
    const server = await liveVault()
    const { run } = workplace(files(ownName()), server)
    // The server cannot reach the key URL: the write fails, and with it the role.
    for (const words of [
      ['plan', '-v', '--out', 'plan.json'],
      ['plan', '--format', 'json'],
      ['apply', '--auto-approve', '-v'],
    ]) {
      const { output } = await run(words, { env: loud })
      expect(output).not.toContain(secret)
      expect(output).not.toContain(server.token)
    }
  })

  test('the saved plan holds the reference and not the value', async () => {
    const { readFileSync } = await import('node:fs')
    const { run, directory } = workplace(files(ownName()), await liveVault())
    await run(['plan', '--out', 'plan.json'], { env: loud })
    const saved = readFileSync(`${directory}/plan.json`, 'utf8')
    expect(saved).toContain('${env:CLIENT_SECRET}')
    expect(saved).not.toContain(secret)
  })

  test('an apply that lacks one says so before it writes anything', async () => {
    const server = await liveVault()
    const id = ownName()
    const ended = await workplace(files(id), server).run(['apply', '--auto-approve'])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('CLIENT_SECRET') })
    expect((await request(server, 'GET', `sys/policies/acl/${id}-read`)).status).toBe(404)
  })

  test('a plan does without them: a merge request holds none', async () => {
    expect(await workplace(files(ownName()), await liveVault()).run(['plan'])).toMatchObject({ code: 2 })
  })
})

test('a reader who stops reading ends neither the run nor its exit code', async () => {
  const { run, directory } = workplace(configuration(ownName()), await liveVault())
  await run(['plan', '--out', 'plan.json'])
  const { address, token } = await liveVault()
  const { promisify } = await import('node:util')
  const { execFile } = await import('node:child_process')
  const script = `"${process.execPath}" "${repository}/dist/cli.js" plan | head -n 1; echo "\${PIPESTATUS[0]}"`
  const env = { PATH: process.env['PATH'], CI: 'true', VAULT_ADDR: address, VAULT_TOKEN: token }
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: directory, env })
  expect(stdout.trim().split('\n').at(-1)).toBe('2')
  expect(stderr).not.toContain('EPIPE')
})

test.each([
  ['plan', '--out', 'no/such/folder/plan.json'],
  ['snapshot', '--out', 'no/such/folder/snapshot.json'],
  ['schema', '--out', 'key.pem/below-a-file'],
])('%s %s %s: a file that cannot be written is said to be so', async (...words) => {
  const ended = await workplace(configuration(ownName()), await liveVault()).run(words)
  expect(ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/could not be written \((ENOENT|ENOTDIR|EEXIST)\)/),
  })
})
