import { describe, expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { configuration, manyRoles, ownName, workplace } from './fixture.ts'

describe('Ctrl-C in the middle of an apply', () => {
  test('finishes the writes under way, says what was and was not done, and a second apply does the rest', async () => {
    const sandbox = await startSandbox()
    const { run } = workplace(manyRoles(ownName(), 300), sandbox)
    let stopped = false
    const ended = await run(['apply', '--auto-approve', '--parallelism', '1'], {
      onOutput(output, kill) {
        if (stopped || !output.includes('jwt-role/')) return
        if (!/\+ jwt-role\/\S+ created/.test(output)) return
        stopped = true
        kill('SIGINT')
      },
    })
    expect(ended.code).toBe(1)
    const [, done, left] =
      /Applied: (\d+) created, 0 updated, 0 deleted; (?:\d+ failed, )?(\d+) skipped/.exec(ended.stdout) ?? []
    expect(Number(left), 'some were left').toBeGreaterThan(0)
    expect(Number(done) + Number(left), 'every change has an outcome').toBe(304)
    expect(ended.output).toContain('stopped before it began')

    const second = await run(['apply', '--auto-approve'])
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining(`Applied: ${left} created`) })
    expect(await run(['plan'])).toMatchObject({ code: 0 })
    await sandbox.close()
  })
})

test('two environments on one server share what both describe: it is made once', async () => {
  const sandbox = await startSandbox()
  const id = ownName()
  const files = configuration(id)
  const { run } = workplace({ ...files, 'environments/staging.yaml': files['environments/production.yaml'] }, sandbox)
  expect(await run(['plan', '--format', 'terraform-report'])).toMatchObject({
    stdout: expect.stringContaining('{"create":4,'),
  })
  expect(await run(['apply', '--auto-approve'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('4 created'),
  })
  expect(await run(['plan'])).toMatchObject({ code: 0 })
  await sandbox.close()
})

test('the removal of a mount happens only when it is named', async () => {
  const sandbox = await startSandbox()
  const [kept, gone] = [ownName(), ownName()]
  const environment = (text = '') =>
    `${configuration(kept)['environments/production.yaml']}owns: { auth: ["cmd-*"] }\nunmanaged: delete\n${text}`
  const { run } = workplace(configuration(kept, { 'environments/production.yaml': environment() }), sandbox)
  await fetch(`${sandbox.address}/v1/sys/auth/${gone}`, {
    method: 'POST',
    headers: { 'x-vault-token': sandbox.token },
    body: '{"type":"jwt"}',
  })
  const refused = await run(['apply', '--auto-approve'])
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`--allow delete:auth-mount/${gone}`) })
  expect(await run(['plan'])).toMatchObject({ code: 1 })
  expect(await run(['apply', '--auto-approve', '--allow', `delete:auth-mount/${gone}`])).toMatchObject({ code: 0 })
  expect(await run(['plan'])).toMatchObject({ code: 0 })
  await sandbox.close()
})

test('--rewrite sends a write-only value again, also from a saved plan', async () => {
  const sandbox = await startSandbox()
  const id = ownName()
  const environment = `auth:\n  ${id}:\n    type: jwt\n    config: { oidc_discovery_url: "http://127.0.0.1:9", oidc_client_id: id, oidc_client_secret: "\${env:SECRET}" }\n`
  const { run } = workplace(configuration(id, { 'environments/production.yaml': environment }), sandbox)
  const env = { SECRET: 'first' }
  expect(await run(['apply', '--auto-approve'], { env })).toMatchObject({ code: 0 })
  const silent = await run(['plan'], { env })
  expect(silent).toMatchObject({ code: 0, stdout: expect.stringContaining(`--rewrite jwt-config/${id}`) })
  expect(await run(['plan', '--rewrite', `jwt-config/${id}`, '--out', 'plan.json'], { env })).toMatchObject({ code: 2 })
  expect(await run(['apply', 'plan.json'], { env: { SECRET: 'second' } })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 updated'),
  })
  expect(await run(['plan', '--rewrite', 'jwt-config/typo'], { env })).toMatchObject({ code: 1 })
  await sandbox.close()
})

describe('environments that share a server', () => {
  const shared = (id: string) => {
    const files = configuration(id)
    return configuration(id, {
      'environments/aa.yaml': `${files['environments/production.yaml']}unmanaged: delete\n`,
      'environments/production.yaml': undefined,
      'environments/zz.yaml': 'address: ADDRESS\n',
      'roles/ci.yaml': files['roles/ci.yaml']?.toString().replace('[production]', '[aa]'),
      'roles/theirs.yaml': `mount: ${id}\nenvironments: [zz]\nrole_type: jwt\nuser_claim: sub\nbound_audiences: [a]\n`,
    })
  }

  test('never delete what the other describes, whichever variable names the server, nor against a snapshot', async () => {
    const sandbox = await startSandbox()
    const id = ownName()
    const files = shared(id)
    const zz = `address: ${sandbox.address}\nowns: { roles: { ${id}: [theirs] } }\n`
    const { run } = workplace({ ...files, 'environments/zz.yaml': zz }, sandbox)
    expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
    expect(await run(['snapshot', '--out', 'snapshot.json'])).toMatchObject({ code: 0 })
    const ways = [
      { words: ['plan', '-e', 'aa'], env: { VAULT_ADDR: '', BAO_ADDR: sandbox.address } },
      { words: ['plan', '-e', 'aa'], env: { VAULT_ADDR: 'http://127.0.0.1:1', BAO_ADDR: sandbox.address } },
      { words: ['plan', '-e', 'aa', '--live', 'snapshot.json'], env: { VAULT_ADDR: '' } },
    ]
    for (const { words, env } of ways) expect(await run(words, { env }), JSON.stringify(env)).toMatchObject({ code: 0 })
    await sandbox.close()
  })
})

test('a saved plan is applied whole: nothing on the command line narrows or widens it', async () => {
  const sandbox = await startSandbox()
  const files = configuration(ownName())
  const { run } = workplace({ ...files, 'environments/staging.yaml': files['environments/production.yaml'] }, sandbox)
  await run(['plan', '--out', 'plan.json'])
  for (const words of [
    ['-e', 'production'],
    ['--shard', '1/2'],
    ['--rewrite', 'x/y'],
    ['--allow', 'delete:auth-mount/x'],
  ])
    expect(await run(['apply', 'plan.json', ...words]), words.join(' ')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('applied whole'),
    })
  expect(await run(['apply', 'plan.json', '-e', 'production', '-e', 'staging'])).toMatchObject({ code: 0 })
  expect(await run(['plan', '--allow', 'nonsense'])).toMatchObject({ code: 1 })
  await sandbox.close()
})
