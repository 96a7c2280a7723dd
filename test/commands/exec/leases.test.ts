import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { request, startVault } from '../../support/live-vault.ts'
import type { VaultProcess } from '../../support/vault-process.ts'
import { canary, makeWorld, reads, recorder, type World } from './world.ts'

let vault: VaultProcess
let world: World
const [user, password] = [canary(), canary()]

/** A server whose kv mounts give leases, as a database's would: the one leased engine that needs nothing outside. */
beforeAll(async () => {
  vault = await startVault({ flags: ['-dev-leased-kv'] })
  world = await makeWorld(vault)
  await world.root('POST', `${world.v1}/creds`, { user, password, ttl: '3s' })
  // Long enough for a machine with other things to do to renew it in time.
  await world.root('POST', `${world.v1}/renewed`, { user, password, ttl: '12s' })
  await world.root('POST', `${world.v1}/long`, { password, ttl: '1h' })
})

afterAll(() => vault.stop())

async function leases(path: string): Promise<number> {
  const { status, body } = await request(vault, 'LIST', `sys/leases/lookup/${world.v1}/${path}`)
  return status === 404 ? 0 : (body as { data: { keys: string[] } }).data.keys.length
}

const secrets = (path: string) => [
  `--secret=DB_USER=${world.v1}/${path}#user`,
  `--secret=DB_PASSWORD=${world.v1}/${path}#password`,
]

describe('a leased secret', () => {
  test('is read once for all its fields, renewed while the command runs, and revoked with the token', async () => {
    const role = await world.role(reads(`${world.v1}/renewed`), { token_ttl: '12s', token_max_ttl: '10m' })
    const way = await recorder(vault)
    const directory = withFiles({})
    const script = `sleep 27; touch ${directory}/late; while [ -e ${directory}/late ]; do sleep 0.1; done`
    const words = ['--role', role, ...secrets('renewed'), '--', 'sh', '-c', script]
    const running = world.exec(words, { env: { VAULT_ADDR: way.address } })
    await expect.poll(() => existsSync(join(directory, 'late')), { timeout: 50_000 }).toBe(true)
    // More than twice its time: without renewals it would be gone.
    expect(await leases('renewed')).toBe(1)
    rmSync(join(directory, 'late'))
    expect(await running).toMatchObject({ code: 0, output: '' })
    await expect.poll(() => leases('renewed'), { timeout: 20_000 }).toBe(0)
    const count = (asked: string) => way.asked.filter((one) => one === asked).length
    expect(count(`GET ${world.v1}/renewed`)).toBe(1)
    expect(count('POST sys/leases/renew')).toBeGreaterThanOrEqual(2)
    expect(count('POST auth/token/renew-self')).toBeGreaterThanOrEqual(1)
  }, 120_000)

  test('that cannot be renewed is announced before it ends, and when it has ended', async () => {
    // Without the policy "default" the token may renew nothing.
    const policy = `${reads(`${world.v1}/creds`)}path "auth/token/revoke-self" { capabilities = ["update"] }\n`
    const role = await world.role(policy, { token_no_default_policy: true, token_ttl: '10m' })
    const ended = await world.exec(['--role', role, ...secrets('creds'), '--', 'sleep', '4'])
    expect(ended.code).toBe(0)
    const lease = `the lease of ${world.v1}/creds (DB_USER, DB_PASSWORD)`
    expect(ended.stderr).toContain(`${lease} could not be renewed (POST sys/leases/renew: 403 permission denied)`)
    expect(ended.stderr).toMatch(
      /WARNING: the lease of \S+ \(DB_USER, DB_PASSWORD\) ends in \d+s and cannot be renewed any more/,
    )
    expect(ended.stderr).toContain(`WARNING: ${lease} has ended; the command still runs`)
    expect(ended.output).not.toContain(password)
  })

  test('of a batch token is revoked by itself where a policy allows it', async () => {
    const policy = `${reads(`${world.v1}/long`)}path "sys/leases/revoke" { capabilities = ["update"] }\n`
    const role = await world.role(policy, { token_type: 'batch', token_ttl: '10m' })
    const words = ['--role', role, `--secret=A=${world.v1}/long#password`, '--', 'true']
    expect(await world.exec(words)).toMatchObject({ code: 0, output: '' })
    expect(await leases('long')).toBe(0)
  })

  test('of a batch token is said to live on where no policy allows to revoke it', async () => {
    const role = await world.role(reads(`${world.v1}/long`), { token_type: 'batch', token_ttl: '10m' })
    const words = ['--role', role, `--secret=A=${world.v1}/long#password`, '--', 'sh', '-c', 'exit 5']
    const ended = await world.exec(words)
    expect(ended.code).toBe(5)
    expect(ended.stderr).toContain('a batch token cannot be revoked, and the leases of')
    expect(ended.stderr).toContain('path "sys/leases/revoke" { capabilities = ["update"] }')
    expect(await leases('long')).toBe(1)
    await world.root('POST', `sys/leases/revoke-prefix/${world.v1}/long`)
  })

  test('is revoked although another secret could not be read', async () => {
    const role = await world.role(reads(`${world.v1}/long`))
    const words = [`--secret=A=${world.v1}/long#password`, `--secret=B=${world.v1}/other#x`]
    const ended = await world.exec(['--role', role, ...words, '--', 'true'])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('secret-denied') })
    await expect.poll(() => leases('long'), { timeout: 20_000 }).toBe(0)
  })

  test('is not for a token that is good for one more request only', async () => {
    const role = await world.role(reads(`${world.v1}/long`), { token_num_uses: 1 })
    const secret = JSON.stringify({
      secrets: { A: { engine: 'generic', mount: world.v1, path: 'long', field: 'password' } },
    })
    const ended = await world.exec(['--role', role, '--secrets', 's.json', '--', 'true'], {
      cwd: withFiles({ 's.json': secret }),
    })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('A role whose jobs read leased secrets must not set token_num_uses')
  })
})

test('a token that may not revoke itself is said to live on', async () => {
  const role = await world.role(reads(`${world.v1}/long`), { token_no_default_policy: true, token_ttl: '5m' })
  const ended = await world.exec(['--role', role, `--secret=A=${world.v1}/long#password`, '--', 'true'])
  expect(ended.code).toBe(0)
  expect(ended.stderr).toContain('the token could not be revoked')
  expect(ended.stderr).toContain('path "auth/token/revoke-self" { capabilities = ["update"] }')
})
