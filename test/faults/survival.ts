import { expect } from 'vitest'
import { isChange, type Passing } from '../support/fault-proxy.ts'
import type { RunOptions } from '../support/program.ts'
import type { ServerState } from '../support/server-state.ts'
import { digestOfOthers, leftOf, plannedChanges, type World } from './world.ts'

/** Changes one after the other, so that the n-th write of every run is the same. */
export const oneByOne = ['apply', '--auto-approve', '--parallelism', '1']

export interface Undisturbed {
  /** All of the server when the fifty changes are made. */
  readonly target: ServerState
  readonly writes: readonly Passing[]
}

/** What an apply does when nothing goes wrong; the world is as before afterwards. */
export async function undisturbed(world: World): Promise<Undisturbed> {
  const ended = await world.run(oneByOne)
  const summary = expect.stringContaining('20 created, 16 updated, 14 deleted')
  expect(ended, ended.output).toMatchObject({ code: 0, stdout: summary })
  const writes = world.proxy.requests.filter(isChange)
  const target = await world.now()
  expect(digestOfOthers(world, target)).toBe(digestOfOthers(world, world.before))
  await world.restore()
  expect(leftOf(world, await world.now(), target)).toHaveLength(50)
  return { target, writes }
}

export interface Fault {
  /** What went wrong, for the message of a failure. */
  readonly what: string
  /** Of the run that is disturbed. */
  readonly words?: readonly string[]
  readonly options?: RunOptions
  /** Mends what the fault left broken, such as a sealed server, before anything else is asked of it. */
  readonly mend?: () => Promise<void>
}

/**
 * Runs an apply while something goes wrong, and sees that nothing is lost by it: no object is in a third state, what the
 * run said was done is done, nothing else was touched, the next plan is exactly what is left, and the next apply does it.
 * Gives how many of the fifty the disturbed run left. The world is as before afterwards.
 */
export async function survive(world: World, { target }: Undisturbed, fault: Fault): Promise<number> {
  const others = digestOfOthers(world, world.before)
  const { what, words = oneByOne, options = {}, mend } = fault
  const ended = await world.run([...words, '--format', 'json'], options)
  world.proxy.script = undefined
  await mend?.()
  const about = `${what}\n${ended.output}`
  expect(ended.output, about).not.toMatch(/has a bug|\n {4}at /)

  const after = await world.now()
  const left = leftOf(world, after, target)
  expect(digestOfOthers(world, after), about).toBe(others)
  if (ended.code === 0) expect(left, about).toEqual([])
  expect(
    doneOf(ended.stdout).filter((address) => left.includes(address)),
    about,
  ).toEqual([])
  expect(await plannedChanges(world), about).toEqual([...left].sort())

  const again = await world.run(oneByOne)
  expect(again, `${about}\n${again.output}`).toMatchObject({ code: 0 })
  const end = await world.now()
  expect(leftOf(world, end, target), about).toEqual([])
  expect(digestOfOthers(world, end), about).toBe(others)
  await world.restore()
  return left.length
}

/** Addresses that a report says are done; a run that was killed or stopped before it began reports nothing. */
function doneOf(stdout: string): string[] {
  if (stdout.trim() === '') return []
  const { outcomes } = JSON.parse(stdout) as { outcomes: { address: string; status: string }[] }
  return outcomes.flatMap(({ address, status }) => (status === 'done' || status === 'already' ? [address] : []))
}
