/**
 * `npm test`, as the first command ever run in a clone or any later one: installs, builds, finds a real server, then runs
 * every check and every test. `npm test -- <arguments>` hands the arguments to vitest and runs nothing else.
 *
 * The last line is `N passed, N failed`: tests, plus one for each static check, plus one for each preparation that failed.
 * Nothing stops the steps after a failed one; the exit code is 1 when anything failed or when no test ran.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary, ensureBuilt, ensureInstalled, root, SetupError } from './setup.mjs'
import { findVault } from './vault.mjs'

const staticChecks = [['biome', 'check', '--error-on-warnings', '.'], ['tsc', '--noEmit'], ['knip']]

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

const tally = { passed: 0, failed: 0, tests: 0 }

async function main(args) {
  if (await prepared('packages', ensureInstalled)) {
    await prepared('build', ensureBuilt)
    await prepared('server', async () => {
      process.env.VAULT_BIN = await findVault()
    })
    if (args.length === 0) for (const check of staticChecks) await runCheck(check)
    await runTests(args)
  }
  if (tally.tests === 0) console.error('No test ran, which counts as a failure.')
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`)
  process.exitCode = tally.failed > 0 || tally.tests === 0 ? 1 : 0
}

async function prepared(name, work) {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(`${name}: ${error.message}`)
    tally.failed++
    return false
  }
}

async function runCheck([name, ...args]) {
  console.log(`\n> ${[name, ...args].join(' ')}`)
  const status = await run(binary(name), args)
  if (status === 0) tally.passed++
  else tally.failed++
}

async function runTests(args) {
  console.log('\n> vitest run')
  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-report-'))
  const file = join(folder, 'vitest.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  try {
    const status = await run(binary('vitest'), ['run', ...reporters, ...args])
    count(readReport(file), status)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Undefined when vitest ended before it could write one. */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** A file that fails as a whole, such as one that cannot be imported, has no failed test of its own: it counts as one. */
function count(report, status) {
  const files = report?.testResults ?? []
  const broken = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = (report?.numFailedTests ?? 0) + broken.length
  tally.tests = (report?.numPassedTests ?? 0) + failed
  tally.passed += report?.numPassedTests ?? 0
  tally.failed += failed === 0 && status !== 0 ? 1 : failed
}

/**
 * The exit status. A signal is handed on and ends the run, so that whoever stops this stops what it started, the server
 * included.
 */
function run(command, args) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
    let stopped = false
    const stop = (signal) => {
      stopped = true
      child.kill(signal)
    }
    for (const signal of signals) process.on(signal, stop)
    const end = (status) => {
      if (stopped) process.exit(1)
      for (const signal of signals) process.off(signal, stop)
      done(status)
    }
    child.once('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`)
      end(127)
    })
    child.once('close', (status, signal) => end(status ?? signal))
  })
}

await main(process.argv.slice(2))
