import type { Change } from '../core/change.ts'
import type { Environment } from '../core/configuration.ts'
import { digest } from '../core/digest.ts'
import type { JsonValue } from '../core/json.ts'
import { type Kinds, kindOf } from '../core/kind.ts'
import type { Limits } from '../core/limits.ts'
import type { Basis, EnvironmentPlan } from '../core/plan.ts'
import { type Address, type Desired, type Identity, type Live, liveDigest } from '../core/resource.ts'
import type { ServerInfo } from '../core/server.ts'
import { differences, writeOnlyFields } from './compare.ts'
import { immutableFields, unsupportedFields } from './objections/impossible.ts'
import type { Objection } from './objections/objection.ts'
import { raisedLimits } from './objections/share.ts'
import { inOrder, kindNameOf } from './order.ts'
import type { LiveState } from './read.ts'
import { rollbackRemarks, unrestorable } from './unrestorable.ts'

export interface PlanInput {
  readonly kinds: Kinds
  readonly environment: Environment
  readonly live: LiveState
  readonly server: ServerInfo
  /** How much a plan may delete or rewrite before a brake stops it; the defaults where nothing is said. */
  readonly limits?: Limits
  /** Objects to write although nothing readable differs, to send their write-only values again. */
  readonly rewrite?: readonly string[]
  /** Addresses that another environment of the same server takes care of in the same run. */
  readonly elsewhere?: ReadonlySet<Address>
}

export interface PlanResult {
  readonly plan: EnvironmentPlan
  /** What the server cannot do at all. Whether the rest should be done is what the brakes say, server by server. */
  readonly objections: readonly Objection[]
}

/** Desired against live. Pure: the same input gives the same plan. */
export function planEnvironment(input: PlanInput): PlanResult {
  const { kinds, environment, live, server, elsewhere = new Set<Address>() } = input
  const objections: Objection[] = []
  const changes: Change[] = []
  const notices: string[] = []
  for (const desired of environment.desired) {
    const kind = kindOf(kinds, desired.kind)
    const before = live.objects.get(desired.address)
    objections.push(...unsupportedFields(kind, desired, server))
    if (before !== undefined) {
      objections.push(...immutableFields(kind, before, desired))
      if (before.unknown !== undefined)
        notices.push(
          `${before.address} has fields on the server that are left alone because this version does not know them: ${before.unknown.join(', ')}.`,
        )
    }
    const change = elsewhere.has(desired.address) ? undefined : changeOf(input, desired, before)
    if (change !== undefined) changes.push(change)
    else if (before !== undefined) notices.push(...unreadable(input, desired))
  }
  const { removed, reported } = unmanagedObjects(input)
  for (const { address } of removed) {
    const before = live.objects.get(address) as Live
    changes.push({ action: 'delete', address, before })
  }
  notices.push(...changes.flatMap((change) => unrestorable(kindOf(kinds, kindNameOf(change)), change)))
  const remarks = rollbackRemarks(input, changes)
  notices.push(...remarks.notices)
  objections.push(...remarks.objections)
  const plan = { environment: environment.name, server, changes: inOrder(kinds, changes) }
  notices.push(...raisedLimits({ input, plan }))
  return { plan: { ...plan, unmanaged: reported.map(({ address }) => address), notices }, objections }
}

/** What nobody describes: removed where the environment says so and the server can, reported unless it is to be ignored. */
function unmanagedObjects({ kinds, environment, live, elsewhere = new Set() }: PlanInput) {
  const mine = live.unmanaged.filter(({ address }) => !elsewhere.has(address))
  const goes = ({ kind }: Identity) => environment.unmanaged === 'delete' && kindOf(kinds, kind).remove !== undefined
  const reported = environment.unmanaged === 'ignore' ? [] : mine.filter((object) => !goes(object))
  return { removed: mine.filter(goes), reported }
}

function changeOf({ kinds, rewrite = [] }: PlanInput, after: Desired, before: Live | undefined): Change | undefined {
  const { address } = after
  const kind = kindOf(kinds, after.kind)
  if (before === undefined) return { action: 'create', address, after }
  const fields = differences(kind, before.spec, after.spec)
  if (fields.length > 0) {
    const meaning = kind.sameMeaning?.(before.spec, after.spec) !== true
    return { action: 'update', address, before, after, fields, meaning }
  }
  return rewrite.includes(address)
    ? { action: 'update', address, before, after, fields: writeOnlyFields(kind, after.spec), meaning: true }
    : undefined
}

function unreadable({ kinds }: PlanInput, { kind, address, spec }: Desired): string[] {
  const fields = writeOnlyFields(kindOf(kinds, kind), spec).map(({ field }) => field.join('.'))
  if (fields.length === 0) return []
  return [
    `${address}: ${fields.join(' and ')} cannot be read back, so a new value shows in no plan; --rewrite ${address} sends it.`,
  ]
}

/** What the plan of this input rests on. Apart from planning, because most plans are only printed. */
export function basisOf({ environment, live, elsewhere }: PlanInput): Basis {
  return { configuration: configurationDigest(environment), seen: seen(environment, live, elsewhere ?? new Set()) }
}

/** What was looked at, and what it was: the base on which a saved plan may later be applied. */
function seen(
  environment: Environment,
  { objects }: LiveState,
  elsewhere: ReadonlySet<Address>,
): Record<Address, string | null> {
  const all = new Set([...environment.desired.map(({ address }) => address), ...objects.keys()])
  const addresses = [...all].filter((address) => !elsewhere.has(address)).sort()
  return Object.fromEntries(addresses.map((address) => [address, liveDigest(objects.get(address))]))
}

/** Changes when what the files want changes, wherever in the files it stands. */
function configurationDigest({ desired, owns, unmanaged }: Environment): string {
  const objects = desired.map(({ address, spec }) => ({ address, spec }))
  return digest({ desired: objects, owns: owns as unknown as JsonValue, unmanaged })
}
