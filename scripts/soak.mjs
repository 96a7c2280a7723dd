/**
 * `npm run test:soak -- --minutes 5 [--seed 1]`: asks a real server and ourselves the same questions for as long as told,
 * about capabilities, logins and policy texts, and disturbs applies in every way; it says how many of each class it tried.
 * It ends at the first disagreement, made as small as it gets, or the first thing lost, and names the seed that finds it again.
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { binary, root } from './setup.mjs'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' } } })
const minutes = Number(values.minutes)
const seed = values.seed ?? String(Date.now() % 1_000_000_000)
if (!(minutes > 0) || !/^\d+$/.test(seed)) {
  console.error('usage: npm run test:soak -- [--minutes 5] [--seed 1]')
  process.exit(2)
}

const child = spawn(
  binary('vitest'),
  ['run', '--config', 'vitest.soak.config.ts', '--disable-console-intercept', '--reporter=default'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, VAULTWRIGHT_SOAK_MINUTES: String(minutes), VAULTWRIGHT_SEED: seed },
  },
)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.once('close', (status) => {
  if (status !== 0) console.error(`npm run test:soak -- --minutes ${minutes} --seed ${seed}`)
  process.exitCode = status ?? 1
})
