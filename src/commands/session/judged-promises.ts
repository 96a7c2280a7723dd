import { judge } from '../../access/promises/judge.ts'
import type { Configuration } from '../../core/configuration.ts'
import type { PromiseResult } from '../../core/promise.ts'
import type { Address, Desired, Identity, Live } from '../../core/resource.ts'
import type { PlannedPart } from './planning.ts'
import { promisesOf, siblingsOf, withUnread } from './promises.ts'
import { completeModel } from './server-model.ts'

/**
 * The promises on what the servers will have once the plans are carried out: what the files want, and beside it what is
 * left of what the server has. Reads what no file describes, and the policies of others that its roles name.
 */
export async function judgeParts(
  configuration: Configuration,
  parts: readonly PlannedPart[],
): Promise<PromiseResult[]> {
  const results: PromiseResult[] = []
  for (const target of new Set(parts.map((part) => part.target))) {
    const together = parts.filter((part) => part.target === target)
    results.push(...(await judgeTogether(configuration, together)))
  }
  return results
}

async function judgeTogether(configuration: Configuration, parts: readonly PlannedPart[]): Promise<PromiseResult[]> {
  const [first] = parts
  const promises = parts.flatMap(({ input }) => promisesOf(configuration, input.environment))
  if (first === undefined || promises.length === 0) return []
  const { objects, unmanaged } = afterwards(configuration, parts)
  const reading = { kinds: first.input.kinds, reader: first.reader }
  const { model, unread } = await completeModel(objects, unmanaged, reading)
  const judging = { asked: 'server objects', now: Date.now() / 1000 } as const
  return promises.map((promise) => withUnread(judge(promise, model, judging), unread))
}

interface Afterwards {
  readonly objects: ReadonlyMap<Address, Desired | Live>
  /** Left alone, and perhaps not read yet. */
  readonly unmanaged: readonly Identity[]
}

/** Environments of the same server that are not in the run are taken for what their files say. */
function afterwards(configuration: Configuration, parts: readonly PlannedPart[]): Afterwards {
  const objects = new Map<Address, Desired | Live>()
  for (const { input } of parts) for (const [address, live] of input.live.objects) objects.set(address, live)
  const removed = new Set<Address>()
  for (const { action, address } of parts.flatMap(({ plan }) => plan.changes))
    if (action === 'delete') removed.add(address)
  for (const address of removed) objects.delete(address)
  const environments = parts.flatMap(({ input }) => siblingsOf(configuration, input.environment))
  for (const { desired } of environments) for (const object of desired) objects.set(object.address, object)
  const unmanaged = parts.flatMap(({ input }) => input.live.unmanaged)
  return { objects, unmanaged: unmanaged.filter(({ address }) => !removed.has(address)) }
}
