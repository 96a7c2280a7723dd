import { capabilities } from '../core/capability.ts'
import type { Change } from '../core/change.ts'
import type { Demand } from '../core/demand.ts'
import { type Kinds, kindOf } from '../core/kind.ts'
import type { Identity } from '../core/resource.ts'
import type { ServerVersion } from '../core/version.ts'
import { kindNameOf } from './order.ts'

/** What a plan takes of the token that applies it. */
export interface PlanDemands {
  /** Without these the apply would fail. */
  readonly apply: readonly Demand[]
  /** Without these it could not be taken back. */
  readonly rollback: readonly Demand[]
}

/** @param beside what the run itself needs, such as its lock */
export function planDemands(
  kinds: Kinds,
  changes: readonly Change[],
  server: ServerVersion,
  beside: readonly Demand[] = [],
): PlanDemands {
  return {
    apply: [...changes.flatMap((change) => onTheWay(kinds, change, server)), ...beside],
    rollback: changes.flatMap((change) => onTheWayBack(kinds, change, server)),
  }
}

/** An object is read before it is changed, and again afterwards. */
function onTheWay(kinds: Kinds, change: Change, server: ServerVersion): readonly Demand[] {
  const { demands } = kindOf(kinds, kindNameOf(change))
  switch (change.action) {
    case 'create':
      return [...demands.create(change.after, server), ...demands.read(change.after)]
    case 'update':
      return [...demands.update(change.after, server), ...demands.read(change.after)]
    case 'delete':
      return [
        ...(demands.remove?.(change.before) ?? []),
        ...demands.read(change.before),
        ...inside(kinds, change.before),
      ]
  }
}

/** What goes with a container is read before, so that it can be made again. */
function inside(kinds: Kinds, object: Identity): Demand[] {
  return kinds.filter(({ parent }) => parent === object.kind).flatMap(({ demands }) => demands.list([object]))
}

function onTheWayBack(kinds: Kinds, change: Change, server: ServerVersion): readonly Demand[] {
  const { demands } = kindOf(kinds, kindNameOf(change))
  switch (change.action) {
    case 'create':
      return demands.remove?.(change.after) ?? []
    case 'update':
      return demands.update(change.before, server)
    case 'delete':
      return demands.create(change.before, server)
  }
}

/** The paths to ask the server about. It matches a list's with the slash that the request has (vault http/logical.go). */
export function askedPaths(demands: readonly Demand[]): string[] {
  return [...new Set(demands.map(askedPath))]
}

function askedPath({ path, capabilities }: Demand): string {
  return capabilities.includes('list') ? `${path}/` : path
}

/** What a token lacks at one path. */
export interface Lack {
  readonly path: string
  readonly missing: readonly string[]
  /** What a policy has to grant there: a rule for a path hides those for wider patterns, so all that is had must be in it. */
  readonly granted: readonly string[]
  /** Some policy may say `deny`, which no other outweighs at the same path. */
  readonly nothing: boolean
}

/**
 * What of the demands a token lacks, by what `sys/capabilities-self` says of the asked paths. Sorted by path.
 * @param also demands that a rule made for a lack should meet as well
 */
export function lacksOf(
  demands: readonly Demand[],
  answers: ReadonlyMap<string, readonly string[]>,
  also: readonly Demand[] = [],
): Lack[] {
  const wanted = new Map<string, Set<string>>()
  const useful = new Map<string, Set<string>>()
  for (const { path, capabilities } of demands) addAll(wanted, path, capabilities)
  for (const { path, capabilities } of [...demands, ...also]) addAll(useful, path, capabilities)
  const had = new Map(demands.map((demand) => [demand.path, answers.get(askedPath(demand)) ?? []]))
  return [...wanted]
    .flatMap(([path, capabilities]) => {
      const has = had.get(path) ?? []
      const missing = has.includes('root') ? [] : inOrder([...capabilities].filter((name) => !has.includes(name)))
      if (missing.length === 0) return []
      const kept = has.filter((name) => name !== 'deny')
      return [{ path, missing, granted: inOrder([...kept, ...(useful.get(path) ?? [])]), nothing: kept.length === 0 }]
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function addAll(sets: Map<string, Set<string>>, path: string, names: readonly string[]): void {
  const set = sets.get(path) ?? new Set()
  for (const name of names) set.add(name)
  sets.set(path, set)
}

/** As policies usually have them; what is not known comes last. */
function inOrder(names: readonly string[]): string[] {
  const known = capabilities as readonly string[]
  const place = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length)
  return [...new Set(names)].sort((a, b) => place(a) - place(b))
}
