import type { AuditedRequest } from '../core/attribution.ts'
import { byText, isObject, type JsonObject } from '../core/json.ts'
import type { Kinds } from '../core/kind.ts'
import type { Address, Identity } from '../core/resource.ts'
import type { AuditEntry, Sample } from './entry.ts'
import { sortableTime } from './time.ts'

/** What somebody wants to know of: an object in a namespace, such as `platform`; empty for the root. */
export interface Wanted {
  readonly namespace: string
  readonly object: Identity
}

/** A request that changed an object or tried to, with what it sent. */
export interface Trace {
  readonly request: AuditedRequest
  /** For comparing only. A log of a second device has hashes of its own for the same request. */
  readonly sent: readonly { readonly log: number; readonly data: JsonObject }[]
  /** Sorts traces: by time, then by place in the logs. */
  readonly order: string
}

/** Of one object: at most so many of each, the newest. */
const mostTraces = 200
const mostRefused = 20
const mostPending = 10_000
const mostSamples = 8
/** Entries that are looked at for them. */
const mostTried = 200

export interface Trails {
  /** Whether entries of this log about this path matter. Remembers, because a log repeats few paths often. */
  wants(path: string, log: number): boolean
  /** Whether this log still has to show a text beside its hash, for which reading requests are good as well. */
  needsSample(log: number): boolean
  add(entry: AuditEntry, log: number): void
  /** Everything about one object, oldest first: its own requests, and those that took what contains it. */
  of(wanted: Wanted): Trail
  samples(log: number): readonly Sample[]
}

export interface Trail {
  readonly traces: readonly Trace[]
  readonly refused: readonly Trace[]
  readonly more: { readonly requests: number; readonly refused: number }
}

interface Bucket {
  traces: Trace[]
  refused: Trace[]
  dropped: { requests: number; refused: number }
}

const [moving, restoring] = ['sys/remount', /^sys\/storage\/raft\/snapshot(-force)?\/?$/] as const
const namespacing = /^sys\/namespaces\/(.*[^/])\/?$/s
const sampling = /^(sys\/policies\/acl\/.+|auth\/.+\/login)$/s

/** Gathers what logs say about some objects. Memory grows with these, never with the logs. */
export function trails(kinds: Kinds, wanted: readonly Wanted[]): Trails {
  const buckets = new Map<string, Bucket>()
  const addresses = new Set(wanted.flatMap(({ object }) => [object.address, ...parentOf(object)]))
  const keys = new Set(wanted.flatMap(keysOf))
  const places = new Map<string, Place>()
  const placeOf = (path: string): Place => remembered(places, path, () => findPlace(kinds, addresses, path))
  const bucket = (key: string): Bucket =>
    remembered(buckets, key, () => ({ traces: [], refused: [], dropped: { requests: 0, refused: 0 } }))
  const pending = new Map<string, { readonly trace: Trace; readonly key: string }>()
  const answered = new Set<string>()
  const samplesOf = new Map<number, { readonly found: Sample[]; tried: number }>()
  let count = 0
  let lastTime = ''

  const put = (key: string, trace: Trace) => {
    const { traces, refused, dropped } = bucket(key)
    const [list, most, name] =
      trace.request.outcome === 'refused'
        ? [refused, mostRefused, 'refused' as const]
        : [traces, mostTraces, 'requests' as const]
    const known = list.findIndex(({ request }) => request.id === trace.request.id)
    if (known !== -1) {
      list[known] = merged(list[known] as Trace, trace)
      return
    }
    insert(list, trace)
    if (list.length <= most) return
    list.shift()
    dropped[name]++
  }
  const remember = (id: string) => {
    answered.add(id)
    if (answered.size > mostPending) for (const oldest of answered) return void answered.delete(oldest)
  }
  const needsSample = (log: number) => {
    const { found, tried } = samplesOf.get(log) ?? { found: [], tried: 0 }
    return found.length < mostSamples && tried < mostTried
  }
  const takeSample = ({ sample }: AuditEntry, log: number) => {
    const samples = remembered(samplesOf, log, () => ({ found: [], tried: 0 }))
    samples.tried++
    if (sample !== undefined) samples.found.push(sample)
  }
  return {
    wants(path, log) {
      const place = placeOf(path)
      return place === 'sample' ? needsSample(log) : place !== 'nowhere'
    },
    needsSample,
    add(entry, log) {
      if (needsSample(log)) takeSample(entry, log)
      const place = placeOf(entry.path)
      const does = place === 'nowhere' || place === 'sample' ? undefined : deedOf(entry, place)
      if (does === undefined) return
      const time = sortableTime(entry.time)
      lastTime = time ?? lastTime
      const order = `${time ?? lastTime} ${String(count++).padStart(16, '0')}`
      const trace = traceOf(entry, log, does, order)
      const key = keyOf(entry.namespace, place as Exclude<Place, 'sample' | 'nowhere'>, entry.path)
      if (!keys.has(key)) return
      if (entry.type === 'response') {
        pending.delete(entry.id)
        remember(entry.id)
        put(key, trace)
      } else if (!answered.has(entry.id) && pending.size < mostPending) pending.set(entry.id, { trace, key })
    },
    of({ namespace, object }) {
      for (const { trace, key } of pending.values()) put(key, trace)
      pending.clear()
      const own = `${namespace} ${object.address}`
      const { refused, dropped } = bucket(own)
      const traces = [...new Set(keysOf({ namespace, object }))]
        .flatMap((key) => bucket(key).traces.filter((trace) => key === own || trace.request.does !== 'write'))
        .sort((a, b) => byText(a.order, b.order))
      return { traces, refused, more: dropped }
    },
    samples: (log) => samplesOf.get(log)?.found ?? [],
  }
}

/** Where all that matters of an object is kept. */
function keysOf({ namespace, object }: Wanted): string[] {
  const addresses = [object.address, ...parentOf(object)]
  return [
    ...addresses.map((address) => `${namespace} ${address}`),
    ...containers(namespace),
    'restore',
    `${namespace} move`,
    ' move',
  ]
}

function parentOf({ parent }: Identity): Address[] {
  return parent === undefined ? [] : [parent]
}

type Place = Address | 'move' | 'restore' | 'namespace' | 'sample' | 'nowhere'

function findPlace(kinds: Kinds, addresses: ReadonlySet<Address>, path: string): Place {
  for (const { audited } of kinds) {
    const address = audited?.objectAt(path)?.address
    if (address !== undefined && addresses.has(address)) return address
  }
  if (path.replace(/\/+$/, '') === moving) return 'move'
  if (restoring.test(path)) return 'restore'
  if (namespacing.test(path)) return 'namespace'
  return sampling.test(path) ? 'sample' : 'nowhere'
}

function keyOf(namespace: string, place: Exclude<Place, 'sample' | 'nowhere'>, path: string): string {
  if (place === 'restore') return 'restore'
  if (place !== 'namespace') return `${namespace} ${place}`
  const [, name = ''] = namespacing.exec(path) ?? []
  return `namespace ${namespace === '' ? name : `${namespace}/${name}`}`
}

/** The namespaces that an object goes with: its own, and those around it. */
function containers(namespace: string): string[] {
  const parts = namespace === '' ? [] : namespace.split('/')
  return parts.map((_, index) => `namespace ${parts.slice(0, index + 1).join('/')}`)
}

/** What the operation does to the object; undefined where it leaves it alone. */
function deedOf({ operation }: AuditEntry, place: Place): AuditedRequest['does'] | undefined {
  const special = (['move', 'restore'] as const).find((name) => name === place)
  if (operation === 'delete') return special === undefined ? 'remove' : undefined
  if (operation !== 'create' && operation !== 'update' && operation !== 'patch') return undefined
  return special ?? (place === 'namespace' ? undefined : 'write')
}

function traceOf(entry: AuditEntry, log: number, does: AuditedRequest['does'], order: string): Trace {
  const { id, operation, path, namespace, name, entity, policies, metadata, accessor, data } = entry
  const some = <Key extends string>(key: Key, value: string) => (value === '' ? {} : { [key]: value })
  return {
    request: {
      id,
      time: sortableTime(entry.time) ?? '',
      operation,
      path,
      namespace,
      does,
      outcome: entry.failed ? 'refused' : entry.type === 'response' ? 'done' : 'unknown',
      who: { name, ...some('entity', entity), policies, metadata, ...some('accessor', accessor) },
      ...some('from', entry.remoteAddress),
      ...some('forwardedFrom', entry.forwardedFrom),
      ...some('userAgent', entry.userAgent),
      fields: Object.keys(data ?? {}).sort(byText),
    },
    sent: isObject(data) ? [{ log, data }] : [],
    order,
  }
}

/** The same request as two devices, or one log given twice, tell of it. */
function merged(known: Trace, other: Trace): Trace {
  const logs = new Set(known.sent.map(({ log }) => log))
  return { ...known, sent: [...known.sent, ...other.sent.filter(({ log }) => !logs.has(log))] }
}

/** Logs are nearly sorted, so that the place is nearly always the end. */
function insert(list: Trace[], trace: Trace): void {
  let at = list.length
  while (at > 0 && (list[at - 1] as Trace).order > trace.order) at--
  list.splice(at, 0, trace)
}

/** Room for the paths of any server; a log that is made to hold more is slower, and takes no more memory. */
const mostRemembered = 100_000

function remembered<Key, Value>(memory: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = memory.get(key)
  if (known !== undefined) return known
  const value = make()
  if (memory.size >= mostRemembered && typeof value === 'string') memory.clear()
  memory.set(key, value)
  return value
}
