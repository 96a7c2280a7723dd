/**
 * `npm run demo`, as the first command ever run in a clone or any later one: the main job on the embedded sandbox, with
 * this repository's own configuration. Each step says what it runs and which exit code it expects; a step that ends
 * otherwise fails the demo.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBuilt, ensureInstalled, fail, root } from './setup.mjs'

const program = join(root, 'dist/cli.js')
const color = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {}
const bold = (text) => ('FORCE_COLOR' in color ? `\x1b[1m${text}\x1b[0m` : text)

class DemoError extends Error {}

async function main() {
  ensureInstalled()
  ensureBuilt()
  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-demo-'))
  const sandbox = await startSandbox()
  try {
    await tell(sandbox, join(folder, 'plan.json'))
  } finally {
    sandbox.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function tell(sandbox, file) {
  const run = (says, expected, ...args) => step(sandbox, says, expected, args)
  await run('An empty server: what would the files change? The plan is saved, for review.', 2, 'plan', '--out', file)
  await run('Apply exactly the plan that was reviewed; every object is read back.', 0, 'apply', file)
  await run('A second plan is silent.', 0, 'plan')

  say("Somebody loosens the production role behind the files' back: protected branches are no longer asked for.")
  await sandbox.write('auth/jwt/role/myproject-production', { role_type: 'jwt', bound_claims: { project_id: '42' } })
  await sandbox.write('auth/jwt/role/backdoor', {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: ['x'],
    token_policies: ['myproject-production'],
  })

  await run('Drift finds both, field by field, and exits with 2: a schedule turns that into an alarm.', 2, 'drift')
  await run('The old plan no longer fits, and is refused.', 1, 'apply', file)
  await run(
    'A fresh apply repairs the role. The unknown one is reported: production deletes nothing by itself.',
    0,
    'apply',
    '--auto-approve',
    '--environment',
    'production',
  )
  await sandbox.remove('auth/jwt/role/backdoor')
  await run('With the unknown role gone, the server is as the files say.', 0, 'drift')
  say('Done. Next: README.md, "Five minutes to an applied change".')
}

function say(text) {
  console.log(`\n${bold(`# ${text}`)}`)
}

async function step({ env }, says, expected, args) {
  say(says)
  const shown = args.map((arg) => (arg.startsWith(tmpdir()) ? 'plan.json' : arg))
  console.log(`$ vaultwright ${shown.join(' ')}\n`)
  const status = await ended(
    spawn(process.execPath, [program, ...args], { cwd: root, env: { ...env, ...color }, stdio: 'inherit' }),
  )
  console.log(`(exit code ${status})`)
  if (status !== expected)
    throw new DemoError(`"vaultwright ${args.join(' ')}" ended with ${status} instead of ${expected}`)
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(status ?? signal))
  })
}

/** The sandbox as people start it, on a free port; and the hand of whoever works past the files. */
async function startSandbox() {
  const child = spawn(process.execPath, [program, 'sandbox', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const output = await new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (/VAULT_TOKEN=.+\n/.test(text)) resolve(text)
    })
    child.once('close', () => reject(new DemoError('the sandbox did not start')))
  })
  const value = (name) => new RegExp(`${name}=(.+)`).exec(output)[1]
  const [address, token] = [value('VAULT_ADDR'), value('VAULT_TOKEN')]
  const ask = async (method, path, body) => {
    const answer = await fetch(`${address}/v1/${path}`, {
      method,
      headers: { 'X-Vault-Token': token },
      body: body && JSON.stringify(body),
    })
    if (!answer.ok) throw new DemoError(`${method} ${path}: ${answer.status}`)
  }
  return {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TERM: process.env.TERM,
      CI: 'true',
      VAULT_ADDR: address,
      VAULT_TOKEN: token,
    },
    write: (path, body) => ask('POST', path, body),
    remove: (path) => ask('DELETE', path),
    stop: () => child.kill('SIGTERM'),
  }
}

try {
  await main()
} catch (error) {
  if (error instanceof DemoError) {
    console.error(`The demo failed: ${error.message}.`)
    process.exitCode = 1
  } else fail(error)
}
