import { groupBy } from '../../core/group-by.ts'
import { deepEqual, isEmpty, isObject, type JsonObject } from '../../core/json.ts'
import type { ServerInfo } from '../../core/server.ts'
import { type Snapshot, snapshotFormat } from '../../core/snapshot.ts'
import type { ServerVersion } from '../../core/version.ts'
import { answered, configShapes, keySources, roleShapes, type WriteOnlyField } from './fields.ts'
import { type Findings, shortened } from './findings.ts'

/** A server as another tool's files describe it; nobody asked the server itself. */
export interface DescribedServer {
  /** Empty for the root namespace. */
  readonly namespace: string
  /** Tells several servers of one source apart, such as `vault.eu`; empty where the source speaks of one only. */
  readonly provider: string
  /** Its `server.address` is empty where the source does not say it. */
  readonly snapshot: Snapshot
  readonly writeOnly: readonly WriteOnlyField[]
  /**
   * Mounts, without `auth/`, that only roles speak of. The snapshot has a bare entry for each, so that the roles are found;
   * that entry is nothing to write into a file, as nobody knows what the mount is like.
   */
  readonly undescribedMounts: readonly string[]
}

/** What a source describes, and what of it is not taken over. Notices are plain sentences with names from the source. */
export interface DescribedServers {
  readonly servers: readonly DescribedServer[]
  readonly notices: readonly string[]
}

export interface DescribedOptions {
  /** Whose rules hold. Sources do not know it. */
  readonly server?: ServerVersion
}

/** Which server: an address or, where nobody says it, the name of the provider that knows it. */
export interface Target {
  readonly provider: string
  readonly address: string
  readonly namespace: string
}

type Content =
  | { readonly kind: 'auth-mount'; readonly mount: string; readonly data: JsonObject }
  | {
      readonly kind: 'jwt-config'
      readonly mount: string
      readonly data: JsonObject
      readonly writeOnly: readonly Omit<WriteOnlyField, 'path'>[]
    }
  | { readonly kind: 'jwt-role'; readonly mount: string; readonly name: string; readonly data: JsonObject }
  | { readonly kind: 'policy'; readonly name: string; readonly data: JsonObject }

/** One object of a server, and what in the source says it. Data is as the server would answer it. */
export type DescribedObject = Content & { readonly target: Target; readonly from: string }

/** API path of an object: names as the server spells them. */
function pathOf(object: Content): string {
  switch (object.kind) {
    case 'auth-mount':
      return `sys/auth/${object.mount}`
    case 'jwt-config':
      return `auth/${object.mount}/config`
    case 'jwt-role':
      return `auth/${object.mount}/role/${object.name.toLowerCase()}`
    case 'policy':
      return `sys/policies/acl/${object.name.trim().toLowerCase()}`
  }
}

export function mountPath(written: string): string {
  return written.replace(/^\/+|\/+$/g, '')
}

/** Whether a server can have an object of this name; others would turn into another path on the way. */
export function isPossible(object: Content): boolean {
  if (object.kind === 'policy') return isPath(object.name.trim())
  const role = object.kind !== 'jwt-role' || /^\w([\w.-]*\w)?$/.test(object.name)
  return role && isPath(object.mount) && !/[?#%\s]/.test(object.mount)
}

function isPath(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  return !/[\u0000-\u001f\u007f]/.test(name) && name.split('/').every((part) => !['', '.', '..'].includes(part))
}

/**
 * The objects as snapshots, one for each server and namespace. Two that describe the same object differently are a problem:
 * no source is right about both.
 */
export function describeServers(
  objects: readonly DescribedObject[],
  version: ServerVersion,
  findings: Findings,
): DescribedServer[] {
  const byServer = groupBy(objects, ({ target }) =>
    JSON.stringify([target.address || target.provider, target.namespace]),
  )
  const servers = [...byServer.values()].map((group) => describeServer(group, version, findings))
  const several = new Set(servers.map(({ provider }) => provider)).size > 1
  return several ? servers : servers.map((server) => ({ ...server, provider: '' }))
}

function describeServer(
  objects: readonly DescribedObject[],
  version: ServerVersion,
  findings: Findings,
): DescribedServer {
  const all = withoutTwins(objects, findings)
  const { provider, address, namespace } = (objects[0] as DescribedObject).target
  const mounts = all.filter((object) => object.kind === 'auth-mount')
  const described = new Set(mounts.map(({ mount }) => mount))
  const distinct = all.filter((object) => isPlaced(object, described, findings))
  const undescribed = mountsOfRoles(distinct).filter((mount) => !described.has(mount))
  for (const mount of undescribed)
    findings.note(`auth/${mount}`, 'not described here, though roles in it are: they are taken over, the mount is not')
  const server: ServerInfo = { product: version.product, version: version.version, address, namespace, clusterId: '' }
  return {
    namespace,
    provider,
    snapshot: {
      format: snapshotFormat,
      server,
      read: readsOf(distinct, [
        ...mounts.map(({ mount, data }) => [`${mount}/`, data] as const),
        ...undescribed.map((mount) => [`${mount}/`, { type: 'jwt' }] as const),
        // Every server has it; a list of mounts without it is not whole.
        ['token/', { type: namespace === '' ? 'token' : 'ns_token' }],
      ]),
      list: listsOf(distinct),
    },
    writeOnly: distinct.flatMap((object) =>
      object.kind === 'jwt-config' ? object.writeOnly.map((field) => ({ path: pathOf(object), ...field })) : [],
    ),
    undescribedMounts: undescribed,
  }
}

/** A configuration is written with its mount, so one without it has no place; roles do without. */
function isPlaced(object: DescribedObject, described: ReadonlySet<string>, findings: Findings): boolean {
  if (object.kind !== 'jwt-config') return true
  const keyless = keySources.every((name) => isEmpty(object.data[name]))
  const reason = keyless ? 'it says nothing of where keys come from' : 'its mount is left out'
  if (!keyless && described.has(object.mount)) return true
  findings.note(object.from, `its configuration is left out, because ${reason}`)
  return false
}

function mountsOfRoles(objects: readonly DescribedObject[]): string[] {
  return [...new Set(objects.flatMap((object) => (object.kind === 'jwt-role' ? [object.mount] : [])))]
}

function withoutTwins(objects: readonly DescribedObject[], findings: Findings): DescribedObject[] {
  const distinct = new Map<string, DescribedObject>()
  for (const object of objects) {
    const path = pathOf(object)
    const twin = distinct.get(path)
    if (twin === undefined) distinct.set(path, object)
    else if (!deepEqual(twin.data, object.data)) reportTwins(path, twin, object, findings)
  }
  return [...distinct.values()]
}

function reportTwins(path: string, one: DescribedObject, other: DescribedObject, findings: Findings): void {
  findings.problem(
    'described-twice',
    `${shortened(one.from)} and ${shortened(other.from)} describe ${shortened(path)} differently`,
    'Leave one of them out; if they are for two servers, take over one server at a time.',
  )
}

function readsOf(
  objects: readonly DescribedObject[],
  mounts: readonly (readonly [string, JsonObject])[],
): Record<string, JsonObject> {
  const reads = objects
    .filter(({ kind }) => kind !== 'auth-mount')
    .map((object) => [pathOf(object), answerOf(object)] as const)
  return Object.fromEntries([['sys/auth', Object.fromEntries(mounts)], ...reads])
}

function answerOf({ kind, data }: DescribedObject): JsonObject {
  if (kind === 'jwt-role') return answered(roleShapes, data)
  return kind === 'jwt-config' ? answered(configShapes, data) : data
}

function listsOf(objects: readonly DescribedObject[]): Snapshot['list'] {
  const paths = objects.filter(({ kind }) => kind === 'jwt-role').map(pathOf)
  const roles = groupBy(paths, (path) => path.slice(0, path.lastIndexOf('/')))
  const policies = objects
    .filter(({ kind }) => kind === 'policy')
    .map((object) => pathOf(object).slice('sys/policies/acl/'.length))
  const listings = [...roles].map(([folder, members]) => [
    folder,
    { keys: members.map((path) => path.slice(folder.length + 1)) },
  ])
  return Object.fromEntries([['sys/policies/acl', { keys: policies }], ...listings])
}

/** For sources: the value where it is a map, else an empty one. */
export function asMap(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** For sources: the text, or an empty one for anything else. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
