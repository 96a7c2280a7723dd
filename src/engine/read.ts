import type { Environment } from '../core/configuration.ts'
import { type Diagnostic, problem, UserError } from '../core/diagnostic.ts'
import type { Kind, Kinds } from '../core/kind.ts'
import type { Address, Identity, Listed, Live } from '../core/resource.ts'
import type { VaultReader } from '../core/server.ts'
import { owns } from './ownership.ts'

/** What the server has of an environment: the described objects that exist, and the owned ones that no file describes. */
export interface LiveState {
  readonly objects: ReadonlyMap<Address, Live>
  /** Owned, described by no environment of this server, and not made by the server itself. */
  readonly unmanaged: readonly Identity[]
  /** How many objects of a kind the server listed in each container, whoever owns them: by the kind's name. */
  readonly contents: ReadonlyMap<string, ReadonlyMap<Address, number>>
}

export interface ReadOptions {
  readonly kinds: Kinds
  readonly server: VaultReader
  readonly environment: Environment
  /** True where each object is read by itself before anything is written to it: then what a list leaves out is found there. */
  readonly trustLists?: boolean
}

/**
 * Reads what the environment describes or owns. A kind is listed as soon as the kind that contains it is known; the
 * objects of a listing are read all at once, and the connection pool bounds how many requests are under way.
 * Rejects when any part could not be read, because that must never look like absence: with the one reason, or with an
 * AggregateError of all, so that a token which lacks three permissions is told so once.
 */
export async function readLive({ kinds, server, environment, trustLists = false }: ReadOptions): Promise<LiveState> {
  const objects = new Map<Address, Live>()
  const unmanaged: Identity[] = []
  const wanted = new Set(environment.desired.map(({ address }) => address))
  const contents = new Map<string, ReadonlyMap<Address, number>>()
  const listings = new Map<string, Promise<readonly Listed[]>>()

  const listed = async (kind: Kind): Promise<readonly Listed[]> => {
    const parents = kind.parent === undefined ? [] : livesOf((await listings.get(kind.parent)) ?? [])
    const scope = { parents: parents.filter((parent) => containsWanted(environment, parent)) }
    return collect(kind.list(server, scope))
  }
  const readKind = async (kind: Kind): Promise<void> => {
    const all = (await listings.get(kind.name)) ?? []
    if (kind.parent !== undefined) contents.set(kind.name, countByParent(all))
    const found = all.filter((object) => {
      if (wanted.has(object.address)) return true
      if (object.builtin || environment.described.has(object.address)) return false
      if (!owns(environment.owns, object) || owns(environment.external, object)) return false
      unmanaged.push({ kind: object.kind, address: object.address, path: object.path })
      return environment.unmanaged === 'delete'
    })
    const lives = await Promise.all(found.map((object) => object.live ?? readListed(kind, server, object)))
    for (const live of lives) objects.set(live.address, live)
  }

  for (const kind of kinds) listings.set(kind.name, listed(kind))
  await allOrEveryReason(kinds.map(readKind))
  const confirm = async (kind: Kind): Promise<void> => {
    if (kind.listsAll === true || trustLists) return

    const containers = kind.parent === undefined ? undefined : await listings.get(kind.parent)
    const enabled = containers && new Set(containers.map(({ address }) => address))
    const absent = environment.desired.filter(
      (object) =>
        object.kind === kind.name &&
        !objects.has(object.address) &&
        (enabled === undefined || object.parent === undefined || enabled.has(object.parent)),
    )
    await confirmAbsence(kind, server, absent)
  }
  await allOrEveryReason(kinds.map(confirm))
  return { objects, unmanaged: unmanaged.sort((a, b) => (a.address < b.address ? -1 : 1)), contents }
}

async function allOrEveryReason(work: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(work)
  const reasons = [
    ...new Set(settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))),
  ]
  if (reasons.length === 1) throw reasons[0]
  if (reasons.length > 1) throw new AggregateError(reasons, 'the server could not be read')
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

function livesOf(listing: readonly Listed[]): Live[] {
  return listing.flatMap(({ live }) => (live === undefined ? [] : [live]))
}

/** A container matters when it is described itself, or holds something that is described or owned. */
function containsWanted(environment: Environment, parent: Live): boolean {
  return (
    environment.desired.some((desired) => desired.address === parent.address || desired.parent === parent.address) ||
    environment.owns.some((rule) => rule.parent === parent.address)
  )
}

function countByParent(listing: readonly Identity[]): ReadonlyMap<Address, number> {
  const counts = new Map<Address, number>()
  for (const { parent } of listing) if (parent !== undefined) counts.set(parent, (counts.get(parent) ?? 0) + 1)
  return counts
}

/**
 * A list that leaves an object out is no proof that there is none: policies of OpenBao can filter it
 * (`list_scan_response_keys_filter_path`), a standby may be behind. What would be created is looked for by itself before
 * it is believed to be absent, because a write goes over whatever is there.
 */
async function confirmAbsence(kind: Kind, server: VaultReader, absent: readonly Identity[]): Promise<void> {
  const found = await Promise.all(absent.map((object) => kind.read(server, object)))
  const hidden = absent.filter((_, index) => found[index] !== undefined)
  if (hidden.length > 0) throw new UserError(hidden.map(({ address }) => notListed(address)))
}

function notListed(address: Address): Diagnostic {
  return problem(
    'inconsistent-list',
    `${address} is on the server, but the server's list leaves it out`,
    'Nothing was planned, because other objects may be missing from that list too. Either somebody made it just now, then try again; or a policy filters what this token may list.',
  )
}

async function readListed(kind: Kind, server: VaultReader, object: Listed): Promise<Live> {
  const live = await kind.read(server, object)
  if (live !== undefined) return live
  const message = `${object.address} was in the server's list, but reading it found nothing`
  throw new UserError([problem('vanished', message, 'Somebody is changing the server right now; try again.')])
}
