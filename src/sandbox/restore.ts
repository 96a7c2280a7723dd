import { withFloats } from '../access/login/json-number.ts'
import { byText, isObject, type JsonObject } from '../core/json.ts'
import type { Listing, ServerInfo } from '../core/server.ts'
import { type Snapshot, snapshotFormat } from '../core/snapshot.ts'
import { readableRole } from './jwt-role.ts'
import { builtinPolicies, detailedPolicies, policyData, policyFrom, policyKeys } from './policies.ts'
import { addMount, type Mount, type State } from './state.ts'

const policyPrefix = 'sys/policies/acl/'

/** Fills an empty state with what a snapshot saw; what it did not see is as on a new server. */
export function restore(state: State, snapshot: Snapshot): void {
  for (const [path, info] of Object.entries(snapshot.read['sys/auth'] ?? {})) {
    if (isObject(info) && typeof info['type'] === 'string') addMount(state, path, info['type'], info)
  }
  for (const mount of state.mounts.values()) restoreMount(mount, snapshot)
  for (const [path, info] of Object.entries(snapshot.read))
    if (path.startsWith(policyPrefix)) restorePolicy(state, path.slice(policyPrefix.length), info)
  const detailed = snapshot.list['sys/policies/detailed/acl']?.keyInfo ?? {}
  for (const [name, info] of Object.entries(detailed)) restorePolicy(state, name, info)
}

function restoreMount(mount: Mount, snapshot: Snapshot): void {
  const config = snapshot.read[`auth/${mount.path}config`]
  if (config !== undefined) mount.config = config
  const prefix = `auth/${mount.path}role/`
  for (const [path, role] of Object.entries(snapshot.read))
    if (path.startsWith(prefix)) mount.roles.set(path.slice(prefix.length), role)
}

function restorePolicy(state: State, name: string, info: JsonObject): void {
  if (!builtinPolicies.includes(name)) state.policies.set(name, policyFrom(info))
}

/** Everything the sandbox holds, as if it had been read through the API. */
export function snapshotOf(state: State, address: string): Snapshot {
  const mounts = [...state.mounts.values()].sort((a, b) => byText(a.path, b.path))
  const names = policyKeys(state)
  const detailed = detailedPolicies(state)
  return {
    format: snapshotFormat,
    server: serverInfo(state, address),
    read: {
      'sys/auth': Object.fromEntries(mounts.map(({ path, info }) => [path, info])),
      ...Object.assign({}, ...mounts.map(readsOf)),
      ...Object.fromEntries(names.map((name) => [`${policyPrefix}${name}`, policyData(state, name) as JsonObject])),
    },
    list: {
      'sys/policies/acl': { keys: names },
      ...(detailed === undefined ? {} : { 'sys/policies/detailed/acl': { keys: names, keyInfo: detailed } }),
      ...Object.assign({}, ...mounts.map(listsOf)),
    },
  }
}

function serverInfo({ product, version, clusterId }: State, address: string): ServerInfo {
  return { product, version, address, namespace: '', clusterId }
}

function readsOf(mount: Mount): Record<string, JsonObject> {
  const roles = [...mount.roles].map(
    ([name, role]) => [`auth/${mount.path}role/${name}`, withFloats(readableRole(role)) as JsonObject] as const,
  )
  return {
    ...(mount.config === undefined ? {} : { [`auth/${mount.path}config`]: mount.config }),
    ...Object.fromEntries(roles),
  }
}

function listsOf(mount: Mount): Record<string, Listing> {
  return mount.roles.size === 0 ? {} : { [`auth/${mount.path}role`]: { keys: [...mount.roles.keys()].sort(byText) } }
}
