import { expect } from 'vitest'
import type { Environment } from '../../src/core/configuration.ts'
import type { Begin, Image } from '../../src/core/journal.ts'
import { kindOf } from '../../src/core/kind.ts'
import type { Identity } from '../../src/core/resource.ts'
import { applyChanges } from '../../src/engine/apply.ts'
import { undoOf } from '../../src/engine/journal.ts'
import { planEnvironment } from '../../src/engine/plan.ts'
import { look, rollbackEnvironments } from '../../src/engine/rollback.ts'
import { kinds } from '../../src/kinds/index.ts'
import type { MemoryJournal } from '../support/memory-journal.ts'
import { lines, plan, type World } from './world.ts'

/**
 * Plans the way back from what was just applied, and applies it: then the server has what it had before, in all that can be
 * read of it. Then what was wanted is applied again, so that the story can go on.
 */
export async function takeBack(world: World, journal: MemoryJournal, want: Environment): Promise<void> {
  const counted = world.writes()
  const begun = journal.records.filter((record): record is Begin => record.record === 'begin')
  const environment = backwards(world, journal, want)
  if (environment === undefined) return
  await carryOut(world, environment)
  for (const { object, before } of begun) {
    const now = await imageOf(world, object)
    // A configuration goes with its mount, or not at all.
    const stays = before === null && kindOf(kinds, object.kind).remove === undefined && now !== undefined
    if (!stays) expect(now, object.address).toEqual(pictured(before))
  }
  expect(lines(await planFor(world, environment)), 'a second way back').toEqual([])
  await carryOut(world, want)
  expect(lines(await plan(world, want)), 'after all of it was made again').toEqual([])
  // The story counts what it did, not this.
  world.countAgain(counted)
}

function backwards(world: World, journal: MemoryJournal, want: Environment): Environment | undefined {
  const read = journal.journal(want.name, world.connection.server)
  const rollback = { journal: 'story', digest: read.digest, complete: true, environments: undoOf(read), keep: [] }
  return rollbackEnvironments(kinds, [want], rollback)[0]
}

async function planFor(world: World, environment: Environment) {
  const server = world.connection
  const live = await look({ kinds, server, environment })
  return planEnvironment({ kinds, environment, live, server: server.server })
}

async function carryOut(world: World, environment: Environment): Promise<void> {
  const { plan, objections } = await planFor(world, environment)
  expect(objections).toEqual([])
  const outcomes = await applyChanges({ kinds, tasks: [plan], server: world.connection, parallelism: 8 })
  expect(outcomes.filter(({ status }) => status !== 'done')).toEqual([])
}

function pictured(image: Image | null) {
  return image === null ? undefined : { spec: image.spec, attributes: image.attributes }
}

async function imageOf(world: World, object: Identity) {
  const live = await kindOf(kinds, object.kind)
    .read(world.connection, object)
    .catch(() => undefined)
  return live === undefined ? undefined : { spec: live.spec, attributes: live.attributes }
}
