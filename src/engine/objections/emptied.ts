import type { Kind } from '../../core/kind.ts'
import type { Address } from '../../core/resource.ts'
import { kindNameOf } from '../order.ts'
import type { Brake, Judged, Refusal } from './brake.ts'

/** A container that stays and loses the last object that it is there for. */
export const emptied: Brake = {
  name: 'empty',
  about: 'address',
  judge(environments) {
    const kinds = environments[0]?.input.kinds ?? []
    return kinds.flatMap((kind) =>
      kind.emptyWithout === undefined ? [] : emptiedOf(kind, kind.emptyWithout, environments),
    )
  },
}

function emptiedOf(kind: Kind, reason: string, environments: readonly Judged[]): Refusal[] {
  const balance = new Map<Address, { lost: number; won: number; environment: string }>()
  const gone = new Set<Address>()
  for (const { plan } of environments) {
    for (const change of plan.changes) {
      if (change.action === 'delete') gone.add(change.address)
      if (kindNameOf(change) !== kind.name || change.action === 'update') continue
      const { parent } = change.action === 'delete' ? change.before : change.after
      if (parent === undefined) continue
      const sum = balance.get(parent) ?? { lost: 0, won: 0, environment: plan.environment }
      if (change.action === 'delete') sum.lost++
      else sum.won++
      balance.set(parent, sum)
    }
  }
  return [...balance].flatMap(([address, { lost, won, environment }]) => {
    // A container that goes itself is another brake's matter, and cannot be emptied of more than it holds.
    const held = Math.max(...environments.map(({ input }) => input.live.contents.get(kind.name)?.get(address) ?? 0))
    if (gone.has(address) || lost === 0 || won > 0 || held > lost) return []
    const allow = `empty:${address}`
    return [
      {
        code: 'emptied',
        environment,
        address,
        field: [],
        message: `the plan would delete the last ${kind.name} of ${address} (${lost} of ${lost}): ${reason}`,
        help: `If that is meant, say so with --allow ${allow}.`,
        allow,
      },
    ]
  })
}
