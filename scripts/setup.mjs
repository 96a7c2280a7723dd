/**
 * What every command on a fresh clone needs first: the packages that package-lock.json names, and the built program.
 * Both are left alone when they are there and current. What is said on the way goes to stderr.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Something that the person at the keyboard has to put right; its message says how. */
export class SetupError extends Error {}

/** Ends the process with the message of a SetupError; anything else is a bug and keeps its stack. */
export function fail(error) {
  if (!(error instanceof SetupError)) throw error
  console.error(error.message)
  process.exit(1)
}

/** Installs the locked packages, development ones included, unless exactly these are there. Throws SetupError. */
export function ensureInstalled() {
  if (isInstalled()) return
  console.error('Installing packages (npm ci)')
  // NODE_ENV=production would leave the compiler and the test runner out. No package needs a script of its own to run.
  const status = run('npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'])
  if (status !== 0)
    throw new SetupError(`npm ci failed with ${status}. Read what it says above; it needs to reach a package registry.`)
}

/**
 * Compares contents, not times, because a checkout changes the times of files that stay the same. npm writes its own copy
 * of the lock file last, so that an installation that broke off has none.
 */
function isInstalled() {
  const [wanted, there] = ['package-lock.json', 'node_modules/.package-lock.json'].map(lockedPackages)
  if (wanted === undefined || there === undefined) return false
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || there[path]?.version === entry.version || (entry.optional && !there[path]),
  )
}

function lockedPackages(file) {
  const path = join(root, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}

/** Bundles src/ into dist/ when a source is newer. Throws SetupError when that fails. */
export function ensureBuilt() {
  if (!isBuilt()) build()
}

function isBuilt() {
  const built = modified('dist/cli.js')
  return built > 0 && newest() < built
}

/** Folders count as well: theirs is the only time that changes when a source is removed. */
function newest() {
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) => join('src', name))
  const settings = ['rolldown.config.mjs', 'scripts/sbom.mjs', 'package.json', 'package-lock.json']
  return Math.max(...['src', ...sources, ...settings].map(modified))
}

function modified(file) {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** Bundles src/ into dist/. The old dist/ stays until the new one is complete. Throws SetupError. */
export function build() {
  const [fresh, dist] = [join(root, `node_modules/.cache/vaultwright-dist-${process.pid}`), join(root, 'dist')]
  const status = run(binary('rolldown'), ['--config', 'rolldown.config.mjs', '--dir', fresh, '--log-level', 'warn'])
  if (status !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    throw new SetupError('The program could not be bundled: rolldown says above what is wrong.')
  }
  chmodSync(join(fresh, 'cli.js'), 0o755)
  rmSync(dist, { recursive: true, force: true })
  renameSync(fresh, dist)
}

/** The path of an installed package's command. */
export function binary(name) {
  return join(root, 'node_modules/.bin', name)
}

/** The exit status. What the command prints goes to stderr, so that stdout stays the caller's own. */
function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (error !== undefined) throw new SetupError(`${command} could not be started: ${error.message}`)
  return status ?? signal
}
