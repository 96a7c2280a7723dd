import { deepEqual } from '../../core/json.ts'
import type { AccessModel, ModelMount, ModelRole } from '../model.ts'

/** Says of a role of either model whether it, its mount or any of its policies is different in the other one. */
export type IsChanged = (mount: ModelMount, role: ModelRole) => boolean

/** What only one model has, or has otherwise; everything else gives the same tokens the same rights on both sides. */
export function changedBetween(before: AccessModel, after: AccessModel): IsChanged {
  if (!deepEqual(before.server as never, after.server as never) || before.namespace !== after.namespace)
    return () => true
  const policies = changedPolicies(before, after)
  const mounts = changedMounts(before, after)
  const others = (mount: ModelMount) =>
    (before.mounts.get(mount.path) === mount ? after : before).mounts.get(mount.path)
  return (mount, role) => {
    if (mounts.has(mount.path)) return true
    const other = others(mount)?.roles.get(role.name)
    if (other === undefined || (other.role !== role.role && !deepEqual(other.role, role.role))) return true
    return policies.size > 0 && namesPolicy(role, policies)
  }
}

function changedPolicies(before: AccessModel, after: AccessModel): ReadonlySet<string> {
  const changed = new Set<string>()
  for (const [name, { text }] of before.policies) if (after.policies.get(name)?.text !== text) changed.add(name)
  for (const name of after.policies.keys()) if (!before.policies.has(name)) changed.add(name)
  return changed
}

function changedMounts(before: AccessModel, after: AccessModel): ReadonlySet<string> {
  const paths = new Set([...before.mounts.keys(), ...after.mounts.keys()])
  return new Set([...paths].filter((path) => !sameMount(before.mounts.get(path), after.mounts.get(path))))
}

function sameMount(a: ModelMount | undefined, b: ModelMount | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return a.type === b.type && deepEqual(a.tune, b.tune) && deepEqual(a.config, b.config)
}

/** The server lower-cases and trims the names of a role's policies; templates of names are anything. */
function namesPolicy({ role }: ModelRole, changed: ReadonlySet<string>): boolean {
  const names = role['token_policies']
  if (role['token_no_default_policy'] !== true && changed.has('default')) return true
  if (!Array.isArray(names)) return false
  return names.some(
    (name) => typeof name === 'string' && (changed.has(name.trim().toLowerCase()) || name.includes('{{')),
  )
}
