import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** A development server: unsealed, everything in memory, kv-v2 at `secret/`. Whoever launched it stops it. */
export interface VaultProcess {
  readonly address: string
  /** Its root token, made for this process. */
  readonly token: string
  readonly pid: number
  /** With TLS: the certificate to trust, PEM, and a file that holds it. */
  readonly ca?: string
  readonly caFile?: string
  stop(): Promise<void>
}

export interface LaunchOptions {
  /** All of its environment besides PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  readonly tls?: boolean
  /** More of its command line, such as `-dev-leased-kv`. */
  readonly flags?: readonly string[]
}

/** Starts `program` (vault or bao) on a free port of the loopback. Throws with the server's last words. */
export async function launch(program: string, options: LaunchOptions = {}): Promise<VaultProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [port] = (await freePorts(1)) as [number]
      return await launchAt(program, port, options)
    } catch (error) {
      // Somebody else may take the port between the asking and the using.
      if (attempt === 3 || !String(error).includes('address already in use')) throw error
    }
  }
}

async function launchAt(
  program: string,
  port: number,
  { env, tls = false, flags: more = [] }: LaunchOptions,
): Promise<VaultProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-vault-'))
  const token = crypto.randomUUID()
  const flags = [`-dev-root-token-id=${token}`, `-dev-listen-address=127.0.0.1:${port}`, '-dev-no-store-token', ...more]
  if (tls) flags.push('-dev-tls', `-dev-tls-cert-dir=${folder}`)
  const child = spawn(program, ['server', '-dev', ...flags], {
    // Nothing else of the user's: their VAULT_ADDR or their proxy would change what the tests see.
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const abandon = () => {
    child.kill('SIGKILL')
    remove()
  }
  const forget = whenThisProcessEnds(abandon)
  const stop = async () => {
    await end(child)
    forget()
    remove()
  }
  try {
    await untilItIsReady(child)
  } catch (error) {
    await stop()
    throw error
  }
  const caFile = join(folder, 'vault-ca.pem')
  return {
    address: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    token,
    pid: child.pid as number,
    ...(tls ? { caFile, ca: readFileSync(caFile, 'utf8') } : {}),
    stop,
  }
}

const abandoned = new Set<() => void>()

/**
 * A server must not outlive the process that started it, however that ends: vitest stops its workers with SIGTERM, people
 * stop vitest with Ctrl-C. Gives a function that takes the wish back.
 */
function whenThisProcessEnds(action: () => void): () => void {
  if (abandoned.size === 0) {
    process.on('exit', abandonAll)
    for (const event of endings) process.on(event, exit)
  }
  abandoned.add(action)
  return () => {
    abandoned.delete(action)
    if (abandoned.size > 0) return
    process.off('exit', abandonAll)
    for (const event of endings) process.off(event, exit)
  }
}

/** `disconnect` is what a worker sees when vitest itself is gone. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']

function abandonAll(): void {
  for (const action of abandoned) action()
}

function exit(): void {
  process.exit(1)
}

/** Ports that nobody uses now. Held together until all are known: asked one by one, the system may give the same twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

/**
 * A development server prints its root token when it is unsealed and every mount is in place; it listens before that,
 * and answers sys/health with 200 before the mount of kv-v2 is there.
 */
async function untilItIsReady(child: ChildProcess): Promise<void> {
  let said = ''
  let died: string | undefined
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => (said = `${said}${chunk}`.slice(-8192)))
  child.once('error', (error) => (died = error.message))
  child.once('exit', (status, signal) => (died = `it ended with ${status ?? signal}`))
  while (!said.includes('Root Token:')) {
    if (died !== undefined) throw new Error(`The Vault server did not start: ${died}\n${said}`)
    await wait(50)
  }
}

/** Lets it end by itself, then makes it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(hard)
}
