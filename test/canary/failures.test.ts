import { expect, test } from 'vitest'
import { figures, runsOf, type Tally, tally, tryOut } from './pass.ts'
import { type Run, rows } from './rows.ts'
import { type Scene, scene } from './scene.ts'
import type { Manner } from './way.ts'

const minutes = 60_000

const manners: readonly Manner[] = ['echo', 'garble', 'misshape', 'redirect', 'cut']

/** Where a command sends or gets a secret, after everything before it went well. */
const late: Readonly<Record<string, { readonly vault?: RegExp; readonly gitlab?: RegExp }>> = {
  apply: { vault: /^(POST|PUT) .*\/config$/ },
  exec: { vault: /-kv\/|revoke-self/ },
  'migrate copy': { vault: /-kv\/data/, gitlab: /^GET .*\/variables/ },
  'migrate verify': { vault: /-kv\/data/, gitlab: /^GET .*\/variables/ },
  'gitlab note': { gitlab: /^POST .*\/notes/ },
}

/** What the runs below need to be there. */
const first = ['snapshot', 'plan', 'apply', 'migrate inventory', 'migrate plan', 'migrate checklist']

/** However a server behaves, a run ends like this, and says of no bug of ours. */
const ends = [0, 1, 2, 130]

test(
  'no command shows a secret when a server repeats it, garbles, redirects or hangs, nor when it is interrupted',
  async () => {
    const world = await scene()
    const [before, counted] = [tally(), tally()]
    for (const name of first)
      for (const index of runsOf(world, name).keys())
        await tryOut(world, name, runsOf(world, name)[index] as Run, { tally: before })
    expect(before.astray).toEqual([])
    for (const name of Object.keys(rows(world))) {
      for (const asks of ['vault', 'gitlab'] as const) {
        const run = runsOf(world, name).find((one) => one.asks === asks)
        if (run === undefined) continue
        for (const manner of manners) {
          await misbehave(world, name, run, manner, counted)
          const only = late[name]?.[asks]
          if (only !== undefined) await misbehave(world, name, run, manner, counted, only)
        }
        for (const signal of ['SIGINT', 'SIGQUIT'] as const) await interrupt(world, name, run, signal, counted)
      }
    }
    await world.stop()
    process.stdout.write(figures('servers that misbehave', world, counted))
    expect(counted.leaks).toEqual([])
    expect(counted.astray).toEqual([])
  },
  20 * minutes,
)

async function misbehave(world: Scene, name: string, given: Run, manner: Manner, counted: Tally, only?: RegExp) {
  const way = world[given.asks ?? 'vault']
  const run = name === 'apply' ? rewriting(world, given) : given
  Object.assign(way, { manner, only, met: 0 })
  const note = `${manner}${only === undefined ? '' : ' late'}`
  const ended = await tryOut(world, name, run, { tally: counted, env: { DEBUG: '*' }, ends, note })
  const told = `${run.words.join(' ')}, ${note}`
  if (way.met === 0)
    counted.astray.push(
      `${told}: nothing was asked that could go wrong: ${(ended.stderr || ended.stdout).slice(0, 400)}`,
    )
  if (/has a bug/.test(ended.stderr)) counted.astray.push(`${told}: ${ended.stderr.slice(0, 400)}`)
  Object.assign(way, { manner: 'through', only: undefined })
}

async function interrupt(world: Scene, name: string, given: Run, signal: NodeJS.Signals, counted: Tally) {
  const asks = given.asks ?? 'vault'
  const way = world[asks]
  const run = name === 'apply' ? rewriting(world, given) : given
  Object.assign(way, { manner: 'hold', only: late[name]?.[asks], met: 0 })
  let timer: NodeJS.Timeout | undefined
  const onStart = (kill: (signal: NodeJS.Signals) => void) =>
    Object.assign(way, {
      onHeld: () => {
        kill(signal)
        // Whatever waits for an answer gets one, or none.
        timer = setTimeout(() => Object.assign(way, { manner: 'cut' }).release(), 300)
      },
    })
  await tryOut(world, name, run, {
    tally: counted,
    env: { DEBUG: '*' },
    ends: [...ends, null, 131],
    note: signal,
    onStart,
  })
  clearTimeout(timer)
  Object.assign(way, { manner: 'through', only: undefined, onHeld: undefined })
}

/** There is something to write, whatever was applied before. */
function rewriting({ id }: Scene, run: Run): Run {
  return { ...run, words: `apply -e production --auto-approve --no-lock --rewrite jwt-config/${id}`.split(' ') }
}
