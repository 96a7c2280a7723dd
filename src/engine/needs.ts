import type { Operation } from '../access/acl/decision.ts'
import type { Requests } from '../access/proof/lost.ts'
import type { Environment } from '../core/configuration.ts'
import type { Demand } from '../core/demand.ts'
import { type Kind, type Kinds, kindOf } from '../core/kind.ts'
import type { Identity } from '../core/resource.ts'
import type { ServerVersion } from '../core/version.ts'

/** What handling an environment takes of a token. */
export interface Needs {
  /** For a plan and for drift. */
  readonly reading: readonly Requests[]
  /** For an apply and for taking it back, besides. */
  readonly writing: readonly Requests[]
}

interface NeedsInput {
  readonly kinds: Kinds
  readonly server: ServerVersion
  readonly environment: Environment
  /** All that is there now or will be: an apply may have to make, to change and to remove any of it. */
  readonly objects: readonly Identity[]
}

/** What is owned by pattern is needed by pattern, so that it is not only the objects of today that count. */
export function needsOf({ kinds, server, environment, objects }: NeedsInput): Needs {
  const [reading, writing] = [new Map<string, Requests>(), new Map<string, Requests>()]
  const add = (needs: Map<string, Requests>, demands: readonly Demand[], many: boolean) => {
    for (const requests of demands.flatMap((demand) => requestsOf(demand, many))) needs.set(keyOf(requests), requests)
  }
  const addAll = (kind: Kind, object: Identity, many: boolean) => {
    const { read, create, update, remove } = kind.demands
    add(reading, read(object), many)
    for (const demands of [create, update, remove]) add(writing, demands?.(object, server) ?? [], many)
  }
  for (const kind of kinds) {
    const patterns = patternsOf(kind, environment, kinds)
    const mine = objects.filter((object) => object.kind === kind.name)
    add(reading, kind.demands.list(containers(kind, [...mine, ...patterns], kinds)), false)
    for (const pattern of patterns) addAll(kind, pattern, true)
    for (const object of mine) addAll(kind, object, false)
  }
  return { reading: [...reading.values()], writing: [...writing.values()] }
}

function keyOf({ operation, path, many }: Requests): string {
  return `${operation} ${many} ${path}`
}

/** A path whose `*` is not at its end is no pattern of policies; then only what is there counts. */
export function requestsOf({ path, capabilities, instead, sends }: Demand, many: boolean): Requests[] {
  const star = path.indexOf('*')
  if (many && star !== -1 && star !== path.length - 1) return []
  const more = { ...(instead !== undefined && { instead }), ...(sends !== undefined && { sends }) }
  return capabilities
    .filter((capability) => capability !== 'sudo')
    .map((capability) => ({ operation: capability as Operation, path, many: many && star !== -1, ...more }))
}

/** The names that an environment owns as names of objects. */
function patternsOf(kind: Kind, { owns }: Environment, kinds: Kinds): Identity[] {
  return owns
    .filter((rule) => rule.kind === kind.name)
    .map(({ parent, name }) => {
      if (parent === undefined || kind.parent === undefined) return kind.identify(name)
      return kind.identify(parent.slice(kindOf(kinds, kind.parent).name.length + 1), name)
    })
}

function containers({ parent }: Kind, objects: readonly Identity[], kinds: Kinds): Identity[] {
  if (parent === undefined) return []
  const addresses = new Set(objects.flatMap((object) => object.parent ?? []))
  return [...addresses].map((address) => kindOf(kinds, parent).identify(address.slice(parent.length + 1)))
}
