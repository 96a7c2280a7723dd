import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import {
  type FaultCounts,
  isChange,
  type Fault as NetworkFault,
  seededFaults,
  seededRandom,
} from '../support/fault-proxy.ts'
import { startVault } from '../support/live-vault.ts'
import { survive, undisturbed } from './survival.ts'
import { faultWorld } from './world.ts'

const each: readonly NetworkFault[] = [
  { fault: 'status', status: 429, headers: { 'retry-after': '0' } },
  { fault: 'status', status: 500 },
  { fault: 'status', status: 503 },
  { fault: 'drop before' },
  { fault: 'drop after' },
  { fault: 'truncate' },
  { fault: 'garble', as: 'html' },
  { fault: 'garble', as: 'half json' },
  { fault: 'garble', as: 'noise' },
  { fault: 'garble', as: 'empty' },
  { fault: 'garble', as: 'array' },
  { fault: 'garble', as: 'null' },
]

test('every kind of network fault, from one write on until the end', async () => {
  const vault = await startVault()
  const world = await faultWorld(vault)
  const clean = await undisturbed(world)
  for (const fault of each) {
    let seen = 0
    world.proxy.script = (request) => {
      if (isChange(request)) seen++
      return seen > 10 ? fault : undefined
    }
    // A fault that never ends would be waited for as patiently as one that does.
    const env = { VAULT_MAX_RETRIES: '0', VAULT_CLIENT_TIMEOUT: '5s' }
    const left = await survive(world, clean, { what: JSON.stringify(fault), options: { env } })
    expect(left, JSON.stringify(fault)).toBeGreaterThanOrEqual(39)
  }
  await world.proxy.close()
  await vault.stop()
}, 300_000)

test('faults by chance, at any request', async () => {
  const vault = await startVault()
  const world = await faultWorld(vault)
  const clean = await undisturbed(world)
  const counts: FaultCounts = new Map()
  for (let seed = 1; seed <= 12; seed++) {
    const weights = { status: 15, drop: 10, delay: 20, truncate: 8, garble: 8 }
    world.proxy.script = seededFaults(seededRandom(seed), weights, counts)
    const env = { VAULT_CLIENT_TIMEOUT: '5s' }
    const words = ['apply', '--auto-approve', '--parallelism', '4']
    await survive(world, clean, { what: `seed ${seed}`, words, options: { env } })
  }
  console.log(`survived ${JSON.stringify(Object.fromEntries([...counts].sort()))}`)
  for (const name of ['drop before', 'drop after', 'delay', 'truncate', 'garble'])
    expect(counts.get(name)).toBeGreaterThan(0)
  await world.proxy.close()
  await vault.stop()
}, 300_000)

/** Passes bytes on, and cuts the connections once so many have come from the program. */
async function cutter(target: string) {
  let [left, sockets] = [Number.POSITIVE_INFINITY, new Set<Socket>()]
  const { hostname, port } = new URL(target)
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    near.on('data', (chunk) => {
      const some = chunk.subarray(0, Math.max(0, left))
      left -= chunk.length
      far.write(some)
      if (left > 0) return
      for (const socket of sockets) socket.destroy()
    })
    far.on('data', (chunk) => near.write(chunk))
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    address: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The bytes that may still pass; without a number all may. */
    allow: (bytes = Number.POSITIVE_INFINITY) => {
      left = bytes
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('TLS connections are cut, in the handshake, in a request, between two', async () => {
  const vault = await startVault({ tls: true })
  const world = await faultWorld(vault)
  const clean = await undisturbed(world)
  const wire = await cutter(vault.address)
  const env = {
    VAULT_ADDR: wire.address,
    VAULT_CACERT: vault.caFile ?? '',
    VAULT_MAX_RETRIES: '0',
    VAULT_CLIENT_TIMEOUT: '5s',
  }
  const lefts: number[] = []
  for (const bytes of [50, 400, 3_000, 20_000, 60_000, 75_000, 90_000, 105_000]) {
    wire.allow(bytes)
    lefts.push(await survive(world, clean, { what: `cut after ${bytes} bytes`, options: { env } }))
  }
  expect(new Set(lefts).size, `left: ${lefts}`).toBeGreaterThan(2)
  wire.allow()
  wire.close()
  await world.proxy.close()
  await vault.stop()
}, 300_000)
