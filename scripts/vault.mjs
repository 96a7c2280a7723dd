/**
 * A real server for the tests: VAULT_BIN, else `bao` or `vault` on PATH, else one built once from Go modules into the
 * user's cache folder. `node scripts/vault.mjs` prints the path of the one it found or built.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { fail, SetupError } from './setup.mjs'

const version = '1.21.0'

const ways = `There are three ways to give the tests a server:
  - set VAULT_BIN to the path of a vault or bao program,
  - put vault (https://developer.hashicorp.com/vault/install) or bao (https://openbao.org/docs/install) on PATH,
  - install Go 1.21 or later (https://go.dev/dl): then Vault ${version} is built once and kept; this takes about 5 minutes
    on two cores, 3 GB of downloads and 5 GB of disk.`

/** The absolute path of a program that can run `server -dev`. Throws SetupError when there is none to be had. */
export async function findVault() {
  const chosen = process.env.VAULT_BIN
  if (chosen) {
    if (canServe(chosen)) return resolve(chosen)
    throw new SetupError(`VAULT_BIN is ${chosen}, which does not run as a Vault or OpenBao server.\n${ways}`)
  }
  return onPath() ?? (await cached())
}

/** Other programs are called vault, too; and some packages of Vault hold the client only. */
function canServe(program) {
  const { status, stdout } = spawnSync(program, ['server', '-help'], { encoding: 'utf8', timeout: 30_000 })
  return status === 0 && stdout.includes('-dev-root-token-id')
}

function onPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = ['bao', 'vault'].flatMap((name) => folders.map((folder) => resolve(folder, name)))
  return candidates.find((candidate) => existsSync(candidate) && canServe(candidate))
}

async function cached() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'vaultwright')
  const program = join(cache, `vault-${version}`, 'vault')
  if (existsSync(program)) return program
  await mkdir(join(cache, `vault-${version}`), { recursive: true })
  return await withLock(`${program}.lock`, async () => {
    if (!existsSync(program)) await build(program)
    return program
  })
}

/**
 * Lets one process work at a time. The holder touches the lock as long as it lives; one that was not touched for a minute
 * is nobody's. Should two hold it all the same, both build and the later one's rename wins: slower, never wrong.
 */
async function withLock(lock, work) {
  while (!(await take(lock))) await wait(1000)
  const beat = setInterval(() => utimes(lock, new Date(), new Date()).catch(() => {}), 10_000)
  try {
    return await work()
  } finally {
    clearInterval(beat)
    await rm(lock, { force: true })
  }
}

async function take(lock) {
  try {
    await writeFile(lock, '', { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const touched = await stat(lock).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    )
    if (Date.now() - touched > 60_000) await rm(lock, { force: true })
    return false
  }
}

const main = `package main

import (
	"os"

	"github.com/hashicorp/vault/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:]))
}
`

/** The Go release is the one that Vault's own go.mod asks for; an older go fetches it. */
const module = `module vaultserver

go 1.25.1

require github.com/hashicorp/vault v${version}
`

/**
 * Vault is an ordinary Go module whose whole program is one call. The tag `minimal` leaves out what no test here uses,
 * the database engines above all, and halves the time. The program appears at its place complete or not at all.
 */
async function build(program) {
  if (spawnSync('go', ['version']).status !== 0)
    throw new SetupError(`There is no Vault or OpenBao server for the tests, and no Go to build one with.\n${ways}`)
  console.error(
    `Building Vault ${version} for the tests: once, in about 5 minutes (to use another server, set VAULT_BIN)`,
  )
  const folder = await mkdtemp(`${program}-build-`)
  try {
    await writeFile(join(folder, 'main.go'), main)
    await writeFile(join(folder, 'go.mod'), module)
    await go(folder, 'fetching its modules', ['mod', 'tidy'])
    await go(folder, 'compiling', ['build', '-tags', 'minimal', '-ldflags', '-s -w', '-o', 'vault', '.'])
    await chmod(join(folder, 'vault'), 0o755)
    await rename(join(folder, 'vault'), program)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs go with a line of progress every 30 seconds; its own words are shown only when it fails. */
async function go(folder, doing, args) {
  const started = Date.now()
  const say = () => console.error(`  ${doing}: ${Math.round((Date.now() - started) / 1000)} s`)
  const progress = setInterval(say, 30_000)
  say()
  try {
    const child = spawn('go', args, { cwd: folder, env: { ...process.env, CGO_ENABLED: '0' } })
    const { status, output } = await ended(child)
    if (status !== 0)
      throw new SetupError(`go ${args[0]} failed while building Vault ${version}:\n${output.slice(-2000)}\n${ways}`)
  } finally {
    clearInterval(progress)
  }
}

function ended(child) {
  return new Promise((done, failed) => {
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.once('error', failed)
    child.once('close', (status, signal) => done({ status: status ?? signal, output }))
  })
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  findVault().then((program) => console.log(program), fail)
}
