import { expect, test } from 'vitest'
import { everyCommand, figures, runsOf, tally, tryOut } from './pass.ts'
import { type Run, rows } from './rows.ts'
import { scene } from './scene.ts'

const minutes = 60_000

/** All that makes Node and libraries talk, and write reports of a process with its environment. */
const loud = {
  DEBUG: '*',
  NODE_DEBUG: '*',
  NODE_OPTIONS:
    '--trace-warnings --trace-uncaught --report-on-fatalerror --report-on-signal --report-uncaught-exception',
}

test(
  'no command shows a secret when everything that can be made to talk talks, and none writes a report of itself',
  async () => {
    const world = await scene()
    const counted = tally()
    for (const name of Object.keys(rows(world))) {
      const command = await everyCommand.find((one) => one.name === name)?.entry.load()
      const verbose = command?.options.some(({ flags }) => flags.includes('--verbose'))
      const { length } = runsOf(world, name)
      for (let index = 0; index < length; index++) {
        const run = runsOf(world, name)[index]
        if (run === undefined) continue
        const more = verbose && !run.words.includes('-v') ? ['-v'] : []
        await tryOut(world, name, run, { tally: counted, env: loud, more })
      }
    }
    await world.stop()
    process.stdout.write(figures('everything made to talk', world, counted))
    expect(counted.leaks).toEqual([])
    expect(counted.astray).toEqual([])
  },
  20 * minutes,
)

test('a signal on which Node would write down the process with its environment ends it without a word', async () => {
  const world = await scene()
  const counted = tally()
  const run: Run = { words: ['plan', '-e', 'production'], ends: [null], env: world.env }
  const onStart = (kill: (signal: NodeJS.Signals) => void) =>
    Object.assign(world.vault, {
      manner: 'hold',
      onHeld: () => {
        kill('SIGUSR2')
        // Where it wrote one, it goes on.
        setTimeout(() => kill('SIGKILL'), 2_000).unref()
      },
    })
  await tryOut(world, 'plan', run, { tally: counted, env: loud, onStart })
  await world.stop()
  expect(counted.astray).toEqual([])
  expect(counted.leaks).toEqual([])
  expect(counted.files).toBe(0)
})
