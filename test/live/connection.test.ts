import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configuration, ownName, workplace } from '../commands/fixture.ts'
import { withFiles } from '../support/files.ts'
import { request, startVault } from '../support/live-vault.ts'

describe('a server with TLS', () => {
  test('is trusted by VAULT_CACERT, VAULT_CAPATH or VAULT_CACERT_BYTES, and by nothing less', async () => {
    const server = await startVault({ tls: true })
    const directory = withFiles({})
    mkdirSync(join(directory, 'cas'))
    writeFileSync(join(directory, 'cas/vault.pem'), server.ca ?? '')
    const { run } = workplace(configuration(ownName()), server)
    const trusting = [
      { VAULT_CACERT: server.caFile ?? '' },
      { VAULT_CAPATH: join(directory, 'cas') },
      { VAULT_CACERT_BYTES: server.ca ?? '' },
      { VAULT_SKIP_VERIFY: 'true' },
    ]
    for (const env of trusting)
      expect(await run(['plan'], { env }), JSON.stringify(Object.keys(env))).toMatchObject({ code: 2 })
    expect(await run(['plan'])).toMatchObject({ code: 1, stderr: expect.stringContaining('VAULT_CACERT') })
    const otherName = { VAULT_CACERT: server.caFile ?? '', VAULT_TLS_SERVER_NAME: 'vault.example.com' }
    expect(await run(['plan'], { env: otherName })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('certificate'),
    })
    expect(await run(['plan'], { env: { VAULT_CACERT: join(directory, 'none.pem') } })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('bad-certificate'),
    })
    await server.stop()
  })

  test('that is spoken to without TLS says so', async () => {
    const server = await startVault({ tls: true })
    const { run } = workplace(configuration(ownName()), {
      ...server,
      address: server.address.replace('https:', 'http:'),
    })
    const ended = await run(['plan'], { env: { VAULT_MAX_RETRIES: '0' } })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/https|not JSON/)
    await server.stop()
  })
})

test('a server that limits the rate of requests is given time, and the plan is whole', async () => {
  const server = await startVault()
  const id = ownName()
  const role = [
    'name: "r-${n}"',
    `mount: ${id}`,
    'environments: [production]',
    `for_each: [${Array.from({ length: 150 }, (_, n) => `{ n: "${n}" }`).join(', ')}]`,
  ]
  const bounds = ['role_type: jwt', 'user_claim: project_id', 'bound_claims: { project_id: "${n}" }', '']
  const { run } = workplace(configuration(id, { 'roles/many.yaml': [...role, ...bounds].join('\n') }), server)
  expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
  expect((await request(server, 'POST', 'sys/quotas/rate-limit/slow', { rate: 60 })).status).toBe(204)
  expect(await run(['plan'])).toMatchObject({ code: 0 })
  await server.stop()
})

test('a token that is not known is said to be so', async () => {
  const server = await startVault()
  const { run } = workplace(configuration(ownName()), { ...server, token: 'hvs.unknown' })
  const ended = await run(['plan'])
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/does not (know|take) the token/) })
  expect(ended.stderr).not.toContain('policies need')
  expect(ended.output).not.toContain('hvs.unknown')
  await server.stop()
})
