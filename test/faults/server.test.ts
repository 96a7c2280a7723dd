import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { startDurableVault } from '../support/durable-vault.ts'
import { atWrite } from '../support/fault-proxy.ts'
import { request, type Server } from '../support/live-vault.ts'
import { oneByOne, survive, undisturbed } from './survival.ts'
import { faultWorld } from './world.ts'

const moments = [0, 1, 17, 33, 49] as const

test('the server is killed in the middle of an apply, and comes back from its disk', async () => {
  const vault = await startDurableVault()
  const world = await faultWorld(vault)
  const clean = await undisturbed(world)
  for (const [index, write] of moments.entries()) {
    const when = index % 2 === 0 ? 'before' : 'after'
    const happen = async () => {
      await vault.kill()
      return undefined
    }
    atWrite(world.proxy, write, when, happen)
    const left = await survive(world, clean, { what: `server killed ${when} write ${write}`, mend: vault.start })
    expect(left).toBe(when === 'before' ? 50 - write : 49 - write)
  }
  await world.proxy.close()
}, 300_000)

test('the server restarts while an apply goes on', async () => {
  const vault = await startDurableVault()
  const world = await faultWorld(vault)
  const clean = await undisturbed(world)
  const happen = async () => {
    await vault.kill()
    await vault.start()
    return 'drop' as const
  }
  atWrite(world.proxy, 20, 'after', happen)
  expect(await survive(world, clean, { what: 'server restarted' })).toBeLessThanOrEqual(1)
  await world.proxy.close()
}, 300_000)

test('the server is sealed in the middle of an apply, and unsealed afterwards', async () => {
  const vault = await startDurableVault()
  const world = await faultWorld(vault)
  const clean = await undisturbed(world)
  for (const write of [0, 25, 49]) {
    const happen = async () => {
      await vault.seal()
      return undefined
    }
    atWrite(world.proxy, write, 'before', happen)
    const left = await survive(world, clean, { what: `sealed at write ${write}`, mend: vault.unseal })
    expect(left).toBe(50 - write)
  }
  await world.proxy.close()
}, 300_000)

/** A token of its own, as powerful as the root token. */
async function tokenOf(server: Server, ttl: string): Promise<string> {
  const { body } = await request(server, 'POST', 'auth/token/create', { policies: ['root'], ttl })
  return ((body as JsonObject)['auth'] as { client_token: string }).client_token
}

async function alive(server: Server, token: string): Promise<boolean> {
  const { status } = await request(server, 'POST', 'auth/token/lookup', { token })
  return status === 200
}

test('the token is revoked, or expires, in the middle of an apply', async () => {
  const vault = await startDurableVault()
  const world = await faultWorld(vault)
  const clean = await undisturbed(world)
  for (const [ttl, end] of [
    ['1h', async (token: string) => void (await request(vault, 'POST', 'auth/token/revoke', { token }))],
    ['10s', async () => {}],
  ] as const) {
    const token = await tokenOf(vault, ttl)
    atWrite(world.proxy, 20, 'before', async () => {
      await end(token)
      while (await alive(vault, token)) await new Promise((resolve) => setTimeout(resolve, 100))
      return undefined
    })
    const env = { VAULT_TOKEN: token }
    const left = await survive(world, clean, { what: `a token of ${ttl} ends`, words: oneByOne, options: { env } })
    expect(left).toBeGreaterThanOrEqual(30)
  }
  await world.proxy.close()
}, 300_000)
