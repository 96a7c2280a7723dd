import { type Change, formatField } from '../../core/change.ts'
import { type Kind, kindOf } from '../../core/kind.ts'
import { type Live, liveDigest } from '../../core/resource.ts'
import type { Undo } from '../../core/rollback.ts'
import { differences } from '../compare.ts'
import { kindNameOf } from '../order.ts'
import { type Brake, eachChange } from './brake.ts'

/** A way back that would take somebody else's later change with it. */
export const overtaken: Brake = {
  name: 'overwrite',
  about: 'address',
  judge: eachChange((change, { input }) => {
    const { address } = change
    const undo = input.environment.rollback?.undo.get(address)
    if (undo === undefined) return []
    const kind = kindOf(input.kinds, kindNameOf(change))
    const live = change.action === 'create' ? undefined : change.before
    if (isAsLeft(kind, undo, live)) return []
    const allow = `overwrite:${address}`
    return [
      {
        code: 'changed-since',
        address,
        field: [],
        message: `somebody ${deed(kind, undo, live)} ${address} after the apply, and the way back would ${loss(change)}`,
        help: `If that is meant, say so with --allow ${allow}; to leave it as it is, --keep ${address}.`,
        allow,
      },
    ]
  }),
}

/** Whether the object is as the apply left it, or as it was if the apply did not get that far. */
function isAsLeft(kind: Kind, { before, after, left }: Undo, live: Live | undefined): boolean {
  if (left !== undefined && left === liveDigest(live)) return true
  if (live === undefined) return after === null || before === null
  return after !== null && differences(kind, live.spec, after).length === 0
}

function deed(kind: Kind, { after }: Undo, live: Live | undefined): string {
  if (live === undefined) return 'deleted'
  if (after === null) return 'made'
  const fields = differences(kind, after, live.spec).map(({ field }) => formatField(field))
  return `changed ${fields.join(', ')} of`
}

function loss({ action }: Change): string {
  return { create: 'make it again', update: 'overwrite that', delete: 'delete it' }[action]
}
