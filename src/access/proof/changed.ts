import { deepEqual, type JsonObject } from '../../core/json.ts'
import type { AccessModel, ModelMount, ModelRole } from '../model.ts'

/** How a role of either model differs from the other model's: in who gets what, or only in what its tokens are like. */
export type Changed = 'access' | 'tokens' | undefined

export type ChangeOf = (mount: ModelMount, role: ModelRole) => Changed

/** Fields that say nothing of who gets in and by which policies: those of the token, and how the role is used. */
const ofTokens: ReadonlySet<string> = new Set([
  'token_ttl',
  'token_max_ttl',
  'token_explicit_max_ttl',
  'token_period',
  'token_num_uses',
  'token_type',
  'token_bound_cidrs',
  'token_strictly_bind_ip',
  'expiration_leeway',
  'not_before_leeway',
  'clock_skew_leeway',
  'max_age',
  'verbose_oidc_logging',
])

/** What only one model has, or has otherwise; everything else gives the same tokens the same rights on both sides. */
export function changesBetween(before: AccessModel, after: AccessModel): ChangeOf {
  const { product, version } = before.server
  const elsewhere =
    product !== after.server.product || version !== after.server.version || before.namespace !== after.namespace
  const policies = changedPolicies(before, after)
  const mounts = new Map(
    [...new Set([...before.mounts.keys(), ...after.mounts.keys()])].map((path) => [
      path,
      mountChange(before.mounts.get(path), after.mounts.get(path)),
    ]),
  )
  return (mount, role) => {
    const ofMount = mounts.get(mount.path)
    if (elsewhere || ofMount === 'access' || (policies.size > 0 && namesPolicy(role, policies))) return 'access'
    const sides = [before, after].map((model) => model.mounts.get(mount.path)?.roles.get(role.name)?.role)
    return roleChange(sides[0], sides[1]) ?? ofMount
  }
}

function roleChange(a: JsonObject | undefined, b: JsonObject | undefined): Changed {
  if (a === undefined || b === undefined) return 'access'
  if (a === b) return undefined
  let changed: Changed
  for (const field in { ...a, ...b }) {
    if (deepEqual(a[field], b[field])) continue
    if (!ofTokens.has(field)) return 'access'
    changed = 'tokens'
  }
  return changed
}

function mountChange(a: ModelMount | undefined, b: ModelMount | undefined): Changed {
  if (a === undefined || b === undefined || a.type !== b.type || !deepEqual(a.config, b.config)) return 'access'
  return deepEqual(a.tune, b.tune) ? undefined : 'tokens'
}

function changedPolicies(before: AccessModel, after: AccessModel): ReadonlySet<string> {
  const changed = new Set<string>()
  for (const [name, { text }] of before.policies) if (after.policies.get(name)?.text !== text) changed.add(name)
  for (const name of after.policies.keys()) if (!before.policies.has(name)) changed.add(name)
  return changed
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
