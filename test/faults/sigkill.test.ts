import { expect, test } from 'vitest'
import { atWrite } from '../support/fault-proxy.ts'
import { startVault } from '../support/live-vault.ts'
import { killable } from '../support/program.ts'
import { type Fault, survive, undisturbed } from './survival.ts'
import { faultWorld, type World } from './world.ts'

/** Where the program is killed: at which of its writes, before the server has it or after the server has done it. */
interface Step {
  readonly write: number
  readonly when: 'before' | 'after'
}

/** One server of its own a lane, because every world is looked at as a whole. */
const lanes = 4

function killedAt({ write, when }: Step, world: World): Fault {
  const { options, kill } = killable()
  atWrite(world.proxy, write, when, kill)
  return { what: `killed ${when} write ${write}`, options }
}

test('killed at every step of an apply of fifty changes, the next plan is what is left and the next apply converges', async () => {
  let survived = 0
  const left = new Set<number>()
  const lane = async (number: number) => {
    const vault = await startVault()
    const world = await faultWorld(vault)
    try {
      const clean = await undisturbed(world)
      expect(clean.writes.length).toBeGreaterThanOrEqual(50)
      const steps = clean.writes.map((_, write): Step => ({ write, when: write % 2 === 0 ? 'before' : 'after' }))
      for (const step of steps.filter((_, index) => index % lanes === number)) {
        left.add(await survive(world, clean, killedAt(step, world)))
        survived++
      }
    } finally {
      await world.proxy.close()
      await vault.stop()
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)))
  console.log(`killed by SIGKILL at ${survived} steps, and converged after each`)
  expect(survived).toBeGreaterThanOrEqual(50)
  expect(Math.max(...left), 'killed before anything was done').toBe(50)
  expect(Math.min(...left), 'killed when all was done').toBe(0)
}, 900_000)
