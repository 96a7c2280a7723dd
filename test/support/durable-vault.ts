import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { inject, onTestFinished } from 'vitest'
import { request, type Server } from './live-vault.ts'
import { freePorts } from './vault-process.ts'

/** A server with its data on disk (raft), which can be killed, started again, sealed and unsealed. It goes with the test. */
export interface DurableVault {
  readonly address: string
  readonly token: string
  /** Without a word, as in a power cut. Resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it on the same data and address, and unseals it. Resolves when it answers as the active node. */
  start(): Promise<void>
  seal(): Promise<void>
  unseal(): Promise<void>
}

export async function startDurableVault(): Promise<DurableVault> {
  const provided = inject('vault')
  if ('reason' in provided) throw new Error(`There is no real server to test against. ${provided.reason}`)
  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-raft-'))
  const [port, cluster] = await freePorts(2)
  const address = `http://127.0.0.1:${port}`
  const config = join(folder, 'server.hcl')
  writeFileSync(
    config,
    [
      `storage "raft" {\n  path = "${folder}"\n  node_id = "one"\n}`,
      `listener "tcp" {\n  address = "127.0.0.1:${port}"\n  cluster_address = "127.0.0.1:${cluster}"\n  tls_disable = true\n}`,
      `api_addr = "${address}"`,
      `cluster_addr = "http://127.0.0.1:${cluster}"`,
      'disable_mlock = true',
      '',
    ].join('\n'),
  )
  let child: ChildProcess | undefined
  const spawnServer = async () => {
    child = spawn(provided.program, ['server', `-config=${config}`], {
      env: { PATH: process.env['PATH'], HOME: folder },
      stdio: 'ignore',
    })
    await until(async () => (await health({ address })) !== 0, 'answer')
  }
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const abandon = () => void child?.kill('SIGKILL')
  process.on('exit', abandon)
  onTestFinished(async () => {
    await kill()
    process.off('exit', abandon)
    rmSync(folder, { recursive: true, force: true })
  })

  await spawnServer()
  const made = await request({ address }, 'PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
  const { keys, root_token: token } = made.body as unknown as { keys: readonly string[]; root_token: string }
  const unseal = async () => {
    await request({ address }, 'PUT', 'sys/unseal', { key: keys[0] })
    await until(async () => (await health({ address })) === 200, 'become active')
  }
  await unseal()
  return {
    address,
    token,
    kill,
    unseal,
    seal: async () => void (await request({ address, token }, 'PUT', 'sys/seal')),
    async start() {
      await spawnServer()
      await unseal()
    },
  }
}

/** Status of sys/health; 0 where nothing answers. */
async function health(server: Server): Promise<number> {
  return request(server, 'GET', 'sys/health').then(
    ({ status }) => status,
    () => 0,
  )
}

async function until(done: () => Promise<boolean>, what: string): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    if (await done()) return
    await wait(50)
  }
  throw new Error(`the server did not ${what} within a minute`)
}
