import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { liveVault } from '../support/live-vault.ts'
import { configuration, ownName, workplace } from './fixture.ts'

test('a plan against a snapshot of a real server is the plan against the server, without a credential', async () => {
  const server = await liveVault()
  const id = ownName()
  const { run, directory } = workplace(configuration(id), server)
  await run(['apply', '--auto-approve'])
  expect(await run(['snapshot', '--out', 'snapshot.json'])).toMatchObject({ code: 0 })
  const alone = { VAULT_ADDR: '', VAULT_TOKEN: '' }
  expect(await run(['plan', '--live', 'snapshot.json'], { env: alone })).toMatchObject({ code: 0 })
  expect(readFileSync(join(directory, 'snapshot.json'), 'utf8')).not.toContain(server.token)

  const changed = workplace(configuration(id, { [`policies/${id}-read.hcl`]: 'path "other" {}' }), server)
  const [live, offline] = [
    await changed.run(['plan', '--format', 'json']),
    await changed.run(['plan', '--format', 'json', '--live', join(directory, 'snapshot.json')], { env: alone }),
  ]
  expect(offline.code).toBe(2)
  expect(JSON.parse(offline.stdout)).toEqual(JSON.parse(live.stdout))
})

test('a sandbox that begins with a snapshot plans like the server it was taken of', async () => {
  const server = await liveVault()
  const id = ownName()
  const { run } = workplace(configuration(id), server)
  await run(['apply', '--auto-approve'])
  const { stdout } = await run(['snapshot'])
  const { startSandbox } = await import('../../src/sandbox/server.ts')
  const { parseSnapshot } = await import('../../src/core/snapshot.ts')
  const sandbox = await startSandbox({ load: parseSnapshot(JSON.parse(stdout)) })
  expect(await run(['plan'], { env: { VAULT_ADDR: sandbox.address, VAULT_TOKEN: sandbox.token } })).toMatchObject({
    code: 0,
  })
  await sandbox.close()
})

test('a snapshot of another server is refused', async () => {
  const server = await liveVault()
  const files = configuration(ownName())
  const { run } = workplace(files, server)
  await run(['snapshot', '--out', 'snapshot.json'])
  const elsewhere = `address: https://vault.example.com\n${files['environments/production.yaml']}`
  const other = workplace(
    { ...files, 'environments/production.yaml': elsewhere, 'snapshot.json': (await run(['snapshot'])).stdout },
    server,
  )
  expect(await other.run(['plan', '--live', 'snapshot.json'], { env: { VAULT_ADDR: '' } })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('other-server'),
  })
})
