/**
 * `npm run bench`: vaultwright beside the bare limit, on a real server, whole processes from start to end. Both make the
 * same requests, in turns, so that what else the machine does hits both; a figure is the median of the rounds, and what
 * counts is the ratio. `npm run bench -- --sizes 100,1000 --rounds 3 --readme` measures less, and writes README's tables; `--only access`
 * measures nothing but what the access diff adds to a plan.
 */
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { shareOf } from './bench/share.mjs'
import { writeConfiguration } from './bench/workload.mjs'
import { ensureBuilt, ensureInstalled, fail, root } from './setup.mjs'
import { findVault } from './vault.mjs'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '100,1000,10000' },
    only: { type: 'string', default: 'all' },
    rounds: { type: 'string', default: '5' },
    readme: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const program = join(root, 'dist/cli.js')
const bare = join(root, 'scripts/bench/bare.mjs')
const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })

async function main() {
  ensureInstalled()
  ensureBuilt()
  const vault = await findVault()
  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-bench-'))
  const sizes = values.sizes.split(',').map(Number)
  const [rows, shares] = [[], []]
  try {
    if (values.only === 'all') rows.push(await startup(folder))
    for (const size of sizes) {
      if (values.only === 'all') rows.push(...(await measureSize(vault, folder, size)))
      if (size <= 1000) shares.push(...(await measureAccess(vault, folder, size)))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const table = [...(rows.length > 0 ? [toTable(rows)] : []), toShareTable(shares)].join('\n\n')
  console.log(`\n${table}`)
  if (values.readme) writeReadme(table)
}

/** `--help` beside a script that is empty. */
async function startup(folder) {
  const empty = join(folder, 'empty.mjs')
  writeFileSync(empty, '')
  const measured = await inTurns(
    Math.max(rounds, 9),
    () => timed(folder, {}, [program, '--help']),
    () => timed(folder, {}, [empty]),
  )
  return { what: '`--help` (beside an empty script)', size: '', ...measured }
}

async function measureSize(vault, folder, size) {
  console.error(`${size} roles and ${size} policies`)
  const configuration = join(folder, `size-${size}`)
  writeConfiguration(configuration, { count: size, changed: 0, publicKey })
  const changed = join(folder, `size-${size}-changed`)
  writeConfiguration(changed, { count: size, changed: Math.ceil(size / 100), publicKey })
  const turns = size >= 10_000 ? Math.min(rounds, 3) : rounds
  const rows = []

  const create = await inTurns(
    turns,
    () =>
      onFreshServer(vault, false, (env) =>
        timed(folder, env, [program, 'apply', '--auto-approve', '--format', 'json', '-v', '-C', configuration]),
      ),
    () => onFreshServer(vault, true, (env) => timed(folder, env, [bare, 'write', String(size)])),
  )
  rows.push({ what: 'create: each read before and after, in a journal (beside bare writes)', size, ...create })

  await onFreshServer(vault, false, async (env, port) => {
    await timed(folder, env, [program, 'apply', '--auto-approve', '--format', 'json', '-v', '-C', configuration])
    const plan = (where, directory) => () =>
      timed(folder, where, [program, 'plan', '--format', 'terraform-report', '-v', '-C', directory])
    const read = (where) => () => timed(folder, where, [bare, 'read', String(size)])
    rows.unshift({ what: 'plan, nothing to do', size, ...(await inTurns(turns, plan(env, configuration), read(env))) })
    rows.splice(1, 0, { what: 'plan, 1 % changed', size, ...(await inTurns(turns, plan(env, changed), read(env))) })
    const proxy = await started([join(root, 'scripts/bench/latency.mjs'), '20', String(port)])
    const far = { ...env, VAULT_ADDR: `http://127.0.0.1:${proxy.line}` }
    rows.splice(2, 0, {
      what: 'plan, nothing to do, 20 ms away',
      size,
      ...(await inTurns(turns, plan(far, configuration), read(far))),
    })
    proxy.child.kill()
  })
  return rows
}

/** What the access diff adds to a plan, by samples of where the whole process is. */
async function measureAccess(vault, folder, size) {
  const at = (name, options) => {
    const configuration = join(folder, `access-${size}-${name}`)
    writeConfiguration(configuration, { count: size, changed: 0, publicKey, ...options })
    return configuration
  }
  const [same, some] = [at('same', {}), at('some', { moved: Math.ceil(size / 100) })]
  const [most, apply] = [at('most', { moved: size }), ['apply', '--auto-approve', '--format', 'json', '-C']]
  const plan = async (what, env, configuration, ...words) => ({
    what,
    size,
    ...(await sharesOf(folder, env, ['-C', configuration, ...words])),
  })
  return onFreshServer(vault, false, async (env) => {
    const rows = [await plan('plan, everything to create', env, same)]
    await timed(folder, env, [program, ...apply, same])
    // So much at once is refused unless somebody says that it is meant.
    rows.push(await plan('plan, every role of another environment', env, most, '--allow', 'share:jwt-role'))
    rows.push(await plan('plan, 1 % of the roles of another environment', env, some))
    rows.push(await plan('plan, nothing to do', env, same))
    return rows
  })
}

/** The median of the rounds. */
async function sharesOf(folder, env, words) {
  const runs = []
  for (let round = 0; round < rounds; round++) {
    const profile = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-name=access.cpuprofile']
    await timed(folder, env, [...profile, program, 'plan', '--format', 'json', '-v', ...words])
    runs.push(shareOf(join(folder, 'access.cpuprofile'), 'withAccess'))
  }
  return runs.sort((a, b) => added(a) - added(b))[Math.floor(runs.length / 2)]
}

/** To all that a plan takes without it, waiting for the server included. */
function added({ inside, outside, waiting }) {
  return inside / (outside + waiting)
}

/** Medians of both, taken one after the other in every round. */
async function inTurns(turns, ours, theirs) {
  const [a, b] = [[], []]
  for (let round = 0; round < turns; round++) {
    a.push(await ours())
    b.push(await theirs())
  }
  return { ours: middle(a), bare: middle(b) }
}

function middle(runs) {
  const sorted = [...runs].sort((a, b) => a.seconds - b.seconds)
  const { seconds, requests } = sorted[Math.floor(sorted.length / 2)]
  return { seconds, requests, megabytes: Math.max(...runs.map((run) => run.megabytes)) }
}

/** One process, from its start to its end. A run that fails ends the benchmark: its time would say nothing. */
async function timed(folder, env, words) {
  const usage = join(folder, 'usage')
  const begin = process.hrtime.bigint()
  const child = spawn(process.execPath, ['--require', join(root, 'scripts/bench/usage.cjs'), ...words], {
    env: { PATH: process.env.PATH, HOME: folder, CI: 'true', BENCH_USAGE: usage, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const status = await new Promise((resolve) => child.once('close', resolve))
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  if (status !== 0 && status !== 2) throw new Error(`${words.join(' ')} ended with ${status}:\n${errors || output}`)
  const requests = words[0] === bare ? Number(output.trim()) : counted(errors)
  return { seconds, requests, megabytes: Number(readFileSync(usage, 'utf8')) / 1024 }
}

/** What `-v` says, for each part of the run. */
function counted(errors) {
  return [...errors.matchAll(/^(\d+) requests$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
}

async function onFreshServer(vault, withMount, work) {
  const port = await freePort()
  const flags = ['-dev', '-dev-root-token-id=bench', `-dev-listen-address=127.0.0.1:${port}`, '-dev-no-store-token']
  const server = spawn(vault, ['server', ...flags], {
    env: { PATH: process.env.PATH, HOME: tmpdir() },
    stdio: 'ignore',
  })
  const env = { VAULT_ADDR: `http://127.0.0.1:${port}`, VAULT_TOKEN: 'bench' }
  try {
    await ready(env.VAULT_ADDR)
    if (withMount) await enable(env)
    return await work(env, port)
  } finally {
    server.kill('SIGKILL')
    await new Promise((resolve) => server.once('close', resolve))
  }
}

async function enable({ VAULT_ADDR, VAULT_TOKEN }) {
  const post = (path, body) =>
    fetch(`${VAULT_ADDR}/v1/${path}`, {
      method: 'POST',
      headers: { 'X-Vault-Token': VAULT_TOKEN },
      body: JSON.stringify(body),
    })
  await post('sys/auth/bench', { type: 'jwt' })
  await post('auth/bench/config', { jwt_validation_pubkeys: [publicKey] })
}

async function ready(address) {
  for (let attempt = 0; attempt < 300; attempt++) {
    const healthy = await fetch(`${address}/v1/sys/health`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (healthy) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the server did not become ready')
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** A helper process, and the first line it prints. */
function started(words) {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve) => child.stdout.once('data', (chunk) => resolve({ child, line: String(chunk).trim() })))
}

function toTable(rows) {
  const head = [
    '| what | roles + policies | vaultwright | bare | ratio | requests (bare) | peak memory (bare) |',
    '|---|---|---|---|---|---|---|',
  ]
  return [...head, ...rows.map(toRow)].join('\n')
}

function toRow({ what, size, ours, bare }) {
  const time = ({ seconds }) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(2)} s`)
  const count = size === '' ? '' : `${size.toLocaleString('en')} + ${size.toLocaleString('en')}`
  const requests = size === '' ? '' : `${ours.requests} (${bare.requests})`
  const memory = `${Math.round(ours.megabytes)} MB (${Math.round(bare.megabytes)} MB)`
  const ratio =
    size === '' ? `+${Math.round((ours.seconds - bare.seconds) * 1000)} ms` : (ours.seconds / bare.seconds).toFixed(2)
  return `| ${what} | ${count} | ${time(ours)} | ${time(bare)} | ${ratio} | ${requests} | ${memory} |`
}

function toShareTable(rows) {
  const head = [
    '| access diff of | roles + policies | takes | rest of the plan (of it waiting) | adds |',
    '|---|---|---|---|---|',
  ]
  const milliseconds = (number) => `${Math.round(number)} ms`
  const lines = rows.map((row) => {
    const { what, size, inside, outside, waiting } = row
    const count = `${size.toLocaleString('en')} + ${size.toLocaleString('en')}`
    const rest = `${milliseconds(outside + waiting)} (${milliseconds(waiting)})`
    return `| ${what} | ${count} | ${milliseconds(inside)} | ${rest} | ${(100 * added(row)).toFixed(1)} % |`
  })
  return [...head, ...lines].join('\n')
}

/** Between the two markers; everything else in README.md stays as it is. */
function writeReadme(table) {
  const file = join(root, 'README.md')
  const text = readFileSync(file, 'utf8')
  const marked = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/
  if (!marked.test(text)) throw new Error('README.md has no <!-- bench --> markers')
  writeFileSync(
    file,
    text.replace(marked, (_, open, close) => `${open}${table}\n${close}`),
  )
}

try {
  await main()
} catch (error) {
  fail(error)
}
