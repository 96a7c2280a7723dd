import type { AccessModel } from '../../access/model.ts'
import { judge } from '../../access/promises/judge.ts'
import { difference } from '../../access/proof/difference.ts'
import type { Configuration } from '../../core/configuration.ts'
import { kindOf } from '../../core/kind.ts'
import { type AccessPromise, fails, type PromiseResult } from '../../core/promise.ts'
import type { Address, Desired, Identity, Live } from '../../core/resource.ts'
import type { PlannedPart } from './planning.ts'
import { promisesOf, siblingsOf, withUnread } from './promises.ts'
import { completeModel, type Reading } from './server-model.ts'

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
  const sides = sidesOf(configuration, parts)
  const reading = { kinds: first.input.kinds, reader: first.reader }
  const { model, unread } = await completeModel(sides.after, sides.unmanaged, reading)
  const results = promises.map((promise) => withUnread(judgeOn(promise, model), unread))
  if (sides.unmanaged.length === 0 || !results.some(fails) || (await giveToUnmanaged(sides, reading))) return results
  const described = await completeModel(sides.after, [], reading)
  return results.map((result) =>
    fails(result) && !fails(judgeOn(result.promise, described.model)) ? { ...result, standing: true } : result,
  )
}

function judgeOn(promise: AccessPromise, model: AccessModel): PromiseResult {
  return judge(promise, model, { asked: 'server objects', now: Date.now() / 1000 })
}

type Objects = ReadonlyMap<Address, Desired | Live>

interface Sides {
  /** What was read and is described. */
  readonly before: Objects
  readonly after: Objects
  /** Left alone, and perhaps not read yet. */
  readonly unmanaged: readonly Identity[]
}

/** Environments of the same server that are not in the run are taken for what their files say. */
function sidesOf(configuration: Configuration, parts: readonly PlannedPart[]): Sides {
  const removed = new Set<Address>()
  for (const { action, address } of parts.flatMap(({ plan }) => plan.changes))
    if (action === 'delete') removed.add(address)
  const unmanaged = parts.flatMap(({ input }) => input.live.unmanaged).filter(({ address }) => !removed.has(address))
  const leftAlone = new Set(unmanaged.map(({ address }) => address))
  const live = parts.flatMap(({ input }) => [...input.live.objects]).filter(([address]) => !leftAlone.has(address))
  const environments = parts.flatMap(({ input }) => siblingsOf(configuration, input.environment))
  const after = new Map<Address, Desired | Live>(live.filter(([address]) => !removed.has(address)))
  for (const { desired } of environments) for (const object of desired) after.set(object.address, object)
  return { before: new Map(live), after, unmanaged: unmanaged.filter(({ address }) => !after.has(address)) }
}

/** Whether roles that no file describes come to admit or to give more than before: by a policy that they name, or their mount. */
async function giveToUnmanaged({ before, after, unmanaged }: Sides, reading: Reading): Promise<boolean> {
  const isRole = (object: Desired | Live) => kindOf(reading.kinds, object.kind).access?.(object)?.as === 'role'
  const around = (objects: Objects) => new Map([...objects].filter(([, object]) => !isRole(object)))
  const [old, now] = await Promise.all(
    [before, after].map((objects) => completeModel(around(objects), unmanaged, reading)),
  )
  if (old === undefined || now === undefined) return true
  const roles = new Set<Address | undefined>(unmanaged.map(({ address }) => address))
  const { effects, beyond } = difference(old.model, now.model)
  return effects.some(({ effect }) => effect !== 'loss') || beyond.some(({ about }) => !about || roles.has(about))
}
