import { type Fault, survive, undisturbed } from '../faults/survival.ts'
import { faultWorld, type World } from '../faults/world.ts'
import { type FaultCounts, type FaultScript, seededFaults, seededRandom } from '../support/fault-proxy.ts'
import { startVault } from '../support/live-vault.ts'
import { killable } from '../support/program.ts'
import { describeTally, newTally } from './tally.ts'

/**
 * Applies of fifty changes at which things go wrong at any request, by chance: broken answers and connections, and in
 * every other run SIGKILL. After each the same must hold as in test/faults; the first that does not ends it.
 */
export async function soak({
  seed,
  seconds,
  report,
}: {
  seed: number
  seconds: number
  report: (line: string) => void
}) {
  const vault = await startVault()
  const world = await faultWorld(vault)
  const tally = newTally()
  const end = Date.now() + seconds * 1000
  const random = seededRandom(seed)
  try {
    const clean = await undisturbed(world)
    while (Date.now() < end) {
      const counts: FaultCounts = new Map()
      const scale = random() * 2
      const weights = {
        status: 15 * scale,
        drop: 10 * scale,
        delay: 20 * scale,
        truncate: 8 * scale,
        garble: 8 * scale,
      }
      const faults = seededFaults(random, weights, counts)
      const killAt = random() < 0.5 ? Math.floor(random() * 350) : undefined
      const options = killing(world, faults, killAt, counts)
      const words = ['apply', '--auto-approve', '--parallelism', String(1 + Math.floor(random() * 8))]
      const what = `seed ${seed}, run ${tally.questions}`
      await survive(world, clean, { what, words, options: { ...options, env: { VAULT_CLIENT_TIMEOUT: '5s' } } })
      tally.count([...counts].flatMap(([name, count]) => Array.from({ length: count }, () => name)))
    }
  } finally {
    await world.proxy.close()
    await vault.stop()
  }
  report(`faults, seed ${seed}: ${describeTally(tally, 'applies survived')}`)
}

/** The program is killed when it sends its n-th request, whatever that is. */
function killing(world: World, faults: FaultScript, killAt: number | undefined, counts: FaultCounts): Fault['options'] {
  const { options, kill } = killable()
  const happen = async () => {
    counts.set('SIGKILL', 1)
    return kill()
  }
  world.proxy.script = (request) =>
    request.n === killAt ? { fault: 'event', when: request.n % 2 === 0 ? 'before' : 'after', happen } : faults(request)
  return options
}
