import { type Change, formatField } from '../core/change.ts'
import type { EnvironmentRollback } from '../core/configuration.ts'
import { type Kind, kindOf } from '../core/kind.ts'
import type { Address } from '../core/resource.ts'
import type { Undo } from '../core/rollback.ts'
import { differences, writeOnlyFields } from './compare.ts'
import type { Objection } from './objections/objection.ts'
import { kindNameOf } from './order.ts'
import type { PlanInput } from './plan.ts'
import { lostSecrets } from './rollback.ts'

/** What no rollback will bring back, said before it is lost: one sentence each. */
export function unrestorable(kind: Kind, change: Change): string[] {
  if (change.action === 'create') return []
  const { address, before } = change
  if (change.action === 'update') return overwritten(address, secretNames(kind, change.after.spec))
  return [
    ...(kind.removalDestroys === undefined
      ? []
      : [
          `${address} would go with ${kind.removalDestroys}. A rollback makes it again with what can be read of it now; tokens and write-only values are lost.`,
        ]),
    ...(before.unknown === undefined
      ? []
      : [
          `${address} has fields that this version does not know (${before.unknown.join(', ')}); a rollback would make it without them.`,
        ]),
  ]
}

function overwritten(address: string, names: readonly string[]): string[] {
  if (names.length === 0) return []
  return [
    `${address}: ${names.join(' and ')} is sent anew. What the server has now cannot be read, so no rollback restores it.`,
  ]
}

function secretNames(kind: Kind, spec: Undo['after']): string[] {
  return spec === null ? [] : writeOnlyFields(kind, spec).map(({ field }) => formatField(field))
}

interface Remarks {
  readonly notices: readonly string[]
  readonly objections: readonly Objection[]
}

/** What is to be said of a plan back besides its changes. */
export function rollbackRemarks(input: PlanInput, changes: readonly Change[]): Remarks {
  const { rollback } = input.environment
  if (rollback === undefined) return { notices: [], objections: [] }
  const changed = new Map(changes.map((change) => [change.address, change]))
  return {
    notices: [
      ...(rollback.complete ? [] : [cutOff]),
      ...rollback.keep.map(({ address }) => `${address} is left as it is, because --keep names it.`),
      ...[...rollback.undo.values()].flatMap((undo) => undoNotices(input, undo, changed)),
      ...filesWantMore(input, changes),
    ],
    objections: changes.flatMap((change) => [...unsendable(input, change), ...containersOfKept(rollback, change)]),
  }
}

const cutOff =
  'The journal ends before the apply did. Whatever it may have changed by then was looked at on the server itself.'

function undoNotices({ kinds, live }: PlanInput, undo: Undo, changed: ReadonlyMap<Address, Change>): string[] {
  const { object, before, after } = undo
  const change = changed.get(object.address)
  const goesWith = (parent: Address | undefined) => parent !== undefined && changed.get(parent)?.action === 'delete'
  const kind = kindOf(kinds, object.kind)
  const there = live.objects.get(object.address)
  const names = before === null ? [] : secretNames(kind, after)
  return [
    ...(names.length === 0
      ? []
      : [
          `${object.address}: the apply sent ${names.join(' and ')}; what was there before cannot be restored, because no server gives it back.`,
        ]),
    ...(change?.action === 'create' && kind.removalDestroys !== undefined
      ? [
          `${object.address} is made again. With it went ${kind.removalDestroys}; tokens and write-only values do not come back.`,
        ]
      : []),
    ...(before === null && kind.remove === undefined && there !== undefined && !goesWith(object.parent)
      ? [staying(undo)]
      : []),
  ]
}

function staying({ object }: Undo): string {
  return `${object.address} was made by the apply and stays, because the server has no way to remove it alone.`
}

function filesWantMore({ kinds, environment }: PlanInput, changes: readonly Change[]): string[] {
  const wanted = environment.rollback?.wanted
  const against = changes.filter((change) => {
    const files = wanted?.get(change.address)
    if (change.action === 'delete') return files !== undefined
    return files === undefined || differences(kindOf(kinds, kindNameOf(change)), change.after.spec, files).length > 0
  })
  if (against.length === 0) return []
  return [
    'The files want something else than this plan. Until they are changed, the next plan shows it as changes, and an apply makes them.',
  ]
}

function unsendable({ kinds, environment }: PlanInput, change: Change): Objection[] {
  if (change.action === 'delete' || environment.rollback === undefined) return []
  const { address } = change
  return lostSecrets(kindOf(kinds, change.after.kind), environment.rollback, address).map((field) => ({
    code: 'unrestorable',
    address,
    field,
    message: `${address} had a ${formatField(field)} before the apply, which no server gives back and no file refers to`,
    help: `Describe ${address} with a reference to the value, or leave it as it is with --keep ${address}.`,
  }))
}

function containersOfKept({ keep }: EnvironmentRollback, { action, address }: Change): Objection[] {
  if (action !== 'delete') return []
  return keep
    .filter(({ parent }) => parent === address)
    .map((kept) => ({
      code: 'kept-inside',
      address,
      field: [],
      message: `${address} cannot go while ${kept.address} is to be left as it is`,
      help: `Leave both, with --keep ${address} as well, or neither.`,
    }))
}
