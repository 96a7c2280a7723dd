import { deepEqual, type JsonObject } from '../../core/json.ts'
import type { AccessModel, ModelMount, ModelRole } from '../model.ts'

/** How a role of either model differs from the other model's of that name. */
interface Changed {
  /** In who gets what. */
  readonly access: boolean
  /** In what its tokens are like. */
  readonly tokens: boolean
}

export type Changes = ReadonlyMap<ModelRole, Changed>

/** Fields that say nothing of who gets in and by which policies: those of the token, and how the role is used. */
const onlyOfTokens: ReadonlySet<string> = new Set([
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

/** Fields that only say who gets in, and with which policies. */
const onlyOfLogins: ReadonlySet<string> = new Set([
  'bound_audiences',
  'bound_subject',
  'bound_claims',
  'bound_claims_type',
  'token_policies',
])

/**
 * The roles of each model that the other has not, or has otherwise; everything else gives the same tokens the same rights on
 * both sides. `policies` are those of another text.
 */
export function changedRoles(
  before: AccessModel,
  after: AccessModel,
  policies: ReadonlySet<string>,
): { readonly before: Changes; readonly after: Changes } {
  const changed = { before: new Map<ModelRole, Changed>(), after: new Map<ModelRole, Changed>() }
  for (const path of new Set([...before.mounts.keys(), ...after.mounts.keys()])) {
    const [old, now] = [before.mounts.get(path), after.mounts.get(path)]
    const ofMount = old === undefined || now === undefined ? whole : mountChange(old, now)
    const ofAll = { access: ofMount.access || isElsewhere(before, after), tokens: ofMount.tokens }
    const changeOf = (role: ModelRole, other: ModelRole | undefined) => {
      if (other === undefined) return whole
      const { access, tokens } = roleChange(role.role, other.role)
      return { access: ofAll.access || access || namesPolicy(role, policies), tokens: ofAll.tokens || tokens }
    }
    for (const [name, role] of now?.roles ?? []) {
      const other = old?.roles.get(name)
      const change = changeOf(role, other)
      if (!change.access && !change.tokens) continue
      changed.after.set(role, change)
      if (other !== undefined) changed.before.set(other, change)
    }
    for (const [name, role] of old?.roles ?? []) if (!now?.roles.has(name)) changed.before.set(role, whole)
  }
  return changed
}

const whole: Changed = { access: true, tokens: true }

function isElsewhere({ server, namespace }: AccessModel, other: AccessModel): boolean {
  return (
    server.product !== other.server.product || server.version !== other.server.version || namespace !== other.namespace
  )
}

function roleChange(role: JsonObject, other: JsonObject): Changed {
  const changed = { access: false, tokens: false }
  if (role === other) return changed
  const look = (field: string) => {
    if (!onlyOfTokens.has(field)) changed.access = true
    if (!onlyOfLogins.has(field)) changed.tokens = true
  }
  for (const field in role) if (!deepEqual(role[field], other[field])) look(field)
  for (const field in other) if (!(field in role) && other[field] !== undefined) look(field)
  return changed
}

function mountChange(mount: ModelMount, other: ModelMount): Changed {
  const access = mount.type !== other.type || !deepEqual(mount.config, other.config)
  return { access, tokens: !deepEqual(mount.tune, other.tune) }
}

/** Names of the policies that one model has not, or has with another text. */
export function changedPolicies(before: AccessModel, after: AccessModel): ReadonlySet<string> {
  const changed = new Set<string>()
  for (const [name, { text }] of before.policies) if (after.policies.get(name)?.text !== text) changed.add(name)
  for (const name of after.policies.keys()) if (!before.policies.has(name)) changed.add(name)
  return changed
}

/** The server lower-cases and trims the names of a role's policies; templates of names are anything. */
function namesPolicy({ role }: ModelRole, changed: ReadonlySet<string>): boolean {
  if (changed.size === 0) return false
  const names = role['token_policies']
  if (role['token_no_default_policy'] !== true && changed.has('default')) return true
  if (!Array.isArray(names)) return false
  return names.some(
    (name) => typeof name === 'string' && (changed.has(name.trim().toLowerCase()) || name.includes('{{')),
  )
}
