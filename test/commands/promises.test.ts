import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import type { Files } from '../support/files.ts'
import { liveVault, request } from '../support/live-vault.ts'
import { configuration, ownName, workplace } from './fixture.ts'

const kept = (id: string) => `promises:
  - name: the project reads
    role: ci
    mount: ${id}
    claims: { project_id: "42" }
    can: { read: ops/data/db }
    cannot: { read: secret/data/db, update: "ops/*" }
  - name: others do not get in
    role: ci
    mount: ${id}
    claims: { project_id: "43" }
    login: { refused: 'claim "project_id" does not match' }
  - name: only the project gets in
    admits_only: { claim: project_id, values: ["42"], roles: ${id}/* }
`

const broken = (id: string) => `${kept(id)}  - name: nobody reads everything
    never: { can: { read: ops/data/other } }
`

const promised = (id: string, promises: string, more: Files = {}) =>
  configuration(id, { 'test/access/ci.yaml': promises, ...more })

/** For runs that need no server. */
const nowhere = { address: 'http://127.0.0.1:9', token: 'none' }

describe('vaultwright test', () => {
  test('says which promises are kept, and ends with 0', async () => {
    const { run } = workplace(promised('jwt', kept('jwt')), nowhere)
    expect(await run(['test'])).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'production',
        '  test/access/ci.yaml',
        '    ✓ the project reads',
        '    ✓ others do not get in',
        '    ✓ only the project gets in',
        '',
        '3 promises kept.',
        '',
      ].join('\n'),
      output: expect.anything(),
    })
  })

  test('says what breaks a promise, at its line and at the line of the policy, and ends with 1', async () => {
    const { run } = workplace(promised('jwt', broken('jwt')), nowhere)
    const { code, stdout, stderr } = await run(['test'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toContain('    ✗ nobody reads everything\n')
    expect(stdout).toContain(
      'error[broken-promise]: production: "nobody reads everything": a token of jwt/ci can read ops/data/other',
    )
    expect(stdout).toContain('--> test/access/ci.yaml:16:27')
    expect(stdout).toContain('--> policies/jwt-read.hcl:1:1')
    expect(stdout).toContain('The token: project_id "42".')
    expect(stdout).toMatch(/\n3 promises kept, 1 broken\.\n$/)
  })

  test('shows no marks that the terminal may not have', async () => {
    const { run } = workplace(promised('jwt', broken('jwt')), nowhere)
    const { stdout } = await run(['test'], { env: { LC_ALL: 'C' } })
    expect(stdout).toContain('    ok   the project reads\n')
    expect(stdout).toContain('    FAIL nobody reads everything\n')
  })

  test('writes a report for other programs beside the text for people', async () => {
    const { run, directory } = workplace(promised('jwt', broken('jwt')), nowhere)
    const { code, stdout } = await run(['test', '--format', 'junit', '--out', 'report/junit.xml'])
    expect(code).toBe(1)
    expect(stdout).toContain('3 promises kept, 1 broken.')
    const report = readFileSync(join(directory, 'report/junit.xml'), 'utf8')
    expect(report).toContain('<testsuite name="production" tests="4" failures="1" errors="0" skipped="0">')
    expect(report).toContain('file="test/access/ci.yaml"')
  })

  test('prints JSON alone', async () => {
    const { run } = workplace(promised('jwt', broken('jwt')), nowhere)
    const { stdout } = await run(['test', '--format', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'vaultwright-promises/1',
      summary: { kept: 3, broken: 1, undecided: 0 },
      promises: [{ outcome: 'kept' }, {}, {}, { outcome: 'broken', findings: [{ source: { line: 16 } }] }],
    })
  })

  test('has nothing to say where nothing is promised', async () => {
    const { run } = workplace(configuration('jwt'), nowhere)
    expect(await run(['test'])).toMatchObject({ code: 0, stdout: 'No promises.\n' })
  })

  test.each([
    [['test', '--signing-key', 'key.pem'], '--signing-key is for --live'],
    [['test', '--live', '--signing-key', 'key.pem'], 'holds no private key'],
    [['test', '--live', '--signing-key', 'nothing.pem'], 'cannot be read (ENOENT)'],
    [['test', '--environment', 'staging'], 'no file describes the environment'],
  ])('refuses %j', async (words, message) => {
    const { run } = workplace(promised('jwt', kept('jwt')), nowhere)
    expect(await run(words)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(message) })
  })
})

test('check fails for a broken promise, and only for that', async () => {
  const { run, directory } = workplace(promised('jwt', broken('jwt')), nowhere)
  expect(await run(['check'])).toMatchObject({ code: 1, stdout: expect.stringContaining('error[broken-promise]') })
  writeFileSync(join(directory, 'test/access/ci.yaml'), kept('jwt'))
  const { stdout } = await run(['check'])
  expect(stdout).not.toContain('promise')
})

describe('what a plan would break', () => {
  test('is said by plan and refused by apply, of a saved plan as well, and nothing is written', async () => {
    const sandbox = await startSandbox()
    const id = ownName()
    const { run } = workplace(promised(id, broken(id)), sandbox)
    const message = 'production: "nobody reads everything": a token of'
    const planned = await run(['plan', '--out', 'plan.json'])
    expect(planned).toMatchObject({ code: 2, stderr: expect.stringContaining(`warning[broken-promise]: ${message}`) })
    for (const words of [
      ['apply', '--auto-approve'],
      ['apply', 'plan.json'],
    ]) {
      const refused = await run(words)
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`error[broken-promise]: ${message}`) })
      expect(refused.stderr).toContain('nothing was written')
    }
    expect(await run(['plan'])).toMatchObject({ code: 2, stdout: expect.stringContaining('4 to create') })
    expect(await run(['apply', 'plan.json', '--allow-broken-promises'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('4 created'),
      stderr: expect.stringContaining(`warning[broken-promise]: ${message}`),
    })
    await sandbox.close()
  })

  test('holds what the server has besides: a role that no file describes', async () => {
    const sandbox = await startSandbox()
    const id = ownName()
    const { run, directory } = workplace(promised(id, kept(id)), sandbox)
    const policy = (path: string) =>
      writeFileSync(join(directory, `policies/${id}-read.hcl`), `path "${path}" {\n  capabilities = ["read"]\n}\n`)
    expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
    const role = { role_type: 'jwt', user_claim: 'sub', bound_audiences: ['a'], token_policies: [`${id}-read`] }
    const server = { address: sandbox.address, token: sandbox.token }
    expect(await request(server, 'POST', `auth/${id}/role/guest`, role)).toMatchObject({ status: 204 })
    expect(await run(['test'])).toMatchObject({ code: 0 })
    expect(await run(['plan'])).toMatchObject({ stderr: expect.stringContaining(`${id}/guest admits a token`) })
    policy('ops/data/+')
    const repaired = await run(['apply', '--auto-approve'])
    expect(repaired).toMatchObject({ code: 0, stderr: expect.stringContaining('"only the project gets in"') })
    expect(repaired.stderr).toContain('It is so already, by what no file describes')
    policy('ops/data/*')
    const widened = await run(['apply', '--auto-approve'])
    expect(widened).toMatchObject({ code: 1, stderr: expect.stringContaining('"only the project gets in"') })
    expect(widened.stderr).toContain('nothing was written')
    rmSync(join(directory, 'test'), { recursive: true })
    expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
    await sandbox.close()
  })
})

describe('vaultwright test --live', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keys: Files = {
    'key.pem': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'private.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
  const withKey = ['test', '--live', '--signing-key', 'private.pem', '--format', 'json']

  const asked = (stdout: string) =>
    (JSON.parse(stdout).promises as { name: string; outcome: string; asked: string; note?: string }[]).map(
      ({ outcome, asked: how, note }) => [outcome, how, ...(note === undefined ? [] : [note])],
    )

  test('decides from what the server has, or logs in for real, and finds the same', async () => {
    const id = ownName()
    const { run, directory } = workplace(promised(id, broken(id), keys), await liveVault())
    expect(await run(['apply', '--auto-approve', '--allow-broken-promises'])).toMatchObject({ code: 0 })
    const read = await run(['test', '--live', '--format', 'json'])
    expect(read.code).toBe(1)
    expect(asked(read.stdout)).toEqual([
      ['kept', 'server objects'],
      ['kept', 'server objects'],
      ['kept', 'server objects'],
      ['broken', 'server objects'],
    ])
    const live = await run(withKey)
    expect(live.code).toBe(1)
    expect(asked(live.stdout)).toEqual([
      ['kept', 'login', 'Paths with * or + were decided from what the server has.'],
      ['kept', 'login'],
      ['kept', 'server objects'],
      ['broken', 'server objects', 'The server confirms it: at ops/data/other such a token has read.'],
    ])
    expect(existsSync(join(directory, 'junit.xml'))).toBe(false)
  })

  test('finds what somebody changed on the server', async () => {
    const id = ownName()
    const server = await liveVault()
    const { run } = workplace(promised(id, kept(id), keys), server)
    expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
    const policy = 'path "ops/data/*" { capabilities = ["update"] }'
    await request(server, 'POST', `sys/policies/acl/${id}-read`, { policy })
    await request(server, 'POST', `auth/${id}/role/ci`, {
      bound_claims: { project_id: ['42', '43'] },
      role_type: 'jwt',
    })
    const { code, stdout } = await run(withKey)
    expect(code).toBe(1)
    const results = JSON.parse(stdout).promises as { outcome: string; findings: { message: string }[] }[]
    expect(results.map(({ findings }) => findings.map(({ message }) => message))).toEqual([
      [
        'the token cannot read ops/data/db: the rule that decides does not give read',
        expect.stringMatching(/^the token can update ops\//),
      ],
      [`the login is granted, with the policies ${id}-read and default`],
      [expect.stringContaining(`${id}/ci admits a token whose project_id is`)],
    ])
    expect(await run(['test'])).toMatchObject({ code: 0 })
  })

  test('says that a mount does not trust the key instead of taking every refusal for the promised one', async () => {
    const id = ownName()
    const { run } = workplace(promised(id, kept(id), { 'private.pem': keys['private.pem'] }), await liveVault())
    expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
    const { code, stdout } = await run(withKey)
    expect(code).toBe(0)
    const note = `The mount ${id} does not trust the signing key, so the server was not asked.`
    expect(asked(stdout)).toEqual([
      ['kept', 'server objects', note],
      ['kept', 'server objects', note],
      ['kept', 'server objects'],
    ])
  })

  test('asks with its own token what a token without the policy "default" may not ask', async () => {
    const id = ownName()
    const role = `${(configuration(id)['roles/ci.yaml'] as string).trimEnd()}\ntoken_no_default_policy: true\n`
    const { run } = workplace(promised(id, kept(id), { ...keys, 'roles/ci.yaml': role }), await liveVault())
    expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
    const { code, stdout, output } = await run(withKey)
    expect(code).toBe(0)
    expect(asked(stdout)[0]?.slice(0, 2)).toEqual(['kept', 'login'])
    expect(output).not.toContain('BEGIN')
  })
})
