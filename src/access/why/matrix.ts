import type { Source } from '../../core/diagnostic.ts'
import { byText, isObject, type JsonObject } from '../../core/json.ts'
import { addressOf } from '../../core/resource.ts'
import { type Acl, buildAcl } from '../acl/acl.ts'
import type { MergedRule } from '../acl/decision.ts'
import { boundsOf, type RoleBounds } from '../login/bounds.ts'
import { ttlOf, typeOf } from '../login/granted.ts'
import { mountLimits } from '../login/mount-limits.ts'
import { readWrittenRole } from '../login/role.ts'
import type { AccessModel, ModelMount, ModelRole } from '../model.ts'
import { type TokenPolicies, tokenPolicies } from './token-policies.ts'
import { whoOf } from './who.ts'

/** Everything that one role means, in one environment. */
export interface MatrixRow {
  readonly mount: string
  readonly role: string
  readonly source?: Source
  readonly who: string
  /** Why nobody gets in, where nobody does. */
  readonly nobody?: string
  /** As the role binds them. */
  readonly claims: JsonObject
  readonly subject?: string
  readonly issuer?: string
  readonly audiences: readonly string[]
  /** Networks; any where there is none. */
  readonly networks: readonly string[]
  /** Seconds. */
  readonly ttl: number
  /** Upper bound, renewals included; seconds. */
  readonly maxTtl: number
  readonly type: 'service' | 'batch'
  readonly uses: number
  readonly policies: readonly string[]
  /** Policies that are described nowhere: what they grant is not here. */
  readonly unknown: readonly string[]
  readonly grants: readonly MatrixGrant[]
  /** Whether what the server's own policy `default` grants comes on top. */
  readonly default: boolean
}

export interface MatrixGrant {
  /** As a policy writes it. */
  readonly path: string
  /** Sorted; `deny` stands alone, none for a block that only shadows. */
  readonly capabilities: readonly string[]
  /** What else a request must fulfil, such as `parameters` or `wrapping`. */
  readonly conditions: readonly string[]
  /** Whether the path depends on who the token belongs to. */
  readonly templated: boolean
  /** Names. */
  readonly policies: readonly string[]
}

export interface EnvironmentMatrix {
  readonly environment: string
  readonly server: AccessModel['server']
  readonly rows: readonly MatrixRow[]
}

/** Who may do what in one environment: one row a role, by mount and name. */
export function matrixOf(environment: string, model: AccessModel): EnvironmentMatrix {
  const roles = [...model.mounts.values()].flatMap((mount) =>
    [...mount.roles.values()].map((role) => ({ mount, role })),
  )
  const rows = roles.map(({ mount, role }) => rowOf(model, mount, role))
  return {
    environment,
    server: model.server,
    rows: rows.sort((a, b) => byText(a.mount, b.mount) || byText(a.role, b.role)),
  }
}

function rowOf(model: AccessModel, mount: ModelMount, role: ModelRole): MatrixRow {
  const { server, namespace } = model
  const bounds = boundsOf(server, { role: role.role, config: mount.config, tune: mount.tune })
  const token = tokenPolicies(model, bounds.policies)
  const acl = buildAcl(token.policies, server, namespace === '' ? {} : { namespace })
  return {
    mount: mount.path,
    role: role.name,
    ...(role.source === undefined ? {} : { source: role.source }),
    ...whoOf(bounds, addressOf('jwt-role', role.mount, role.name)),
    ...bound(bounds, role),
    ...tokenOf(model, mount, role),
    policies: bounds.policies,
    unknown: token.unknown,
    grants: grantsOf(acl, token),
    default: token.policies.some(({ name }) => isOwn(name, token)),
  }
}

function bound({ subject, issuer, audiences, cidrs }: RoleBounds, { role }: ModelRole) {
  const claims = role['bound_claims']
  return {
    claims: isObject(claims) ? claims : {},
    ...(subject === undefined ? {} : { subject }),
    ...(issuer === undefined ? {} : { issuer }),
    audiences,
    networks: cidrs,
  }
}

function tokenOf({ server }: AccessModel, mount: ModelMount, { role }: ModelRole) {
  const limits = mountLimits(mount.tune)
  const token = readWrittenRole(server, role)?.token
  if (token === undefined) return { ttl: 0, maxTtl: 0, type: 'service' as const, uses: 0 }
  const bounds = [limits.maxLeaseTtl, token.maxTtl, token.explicitMaxTtl].filter((limit) => limit > 0)
  const [ttl, type] = [ttlOf(token, limits), typeOf(token.type, limits.tokenType)]
  // A batch token is never renewed.
  return { ttl, maxTtl: type === 'batch' ? ttl : Math.min(...bounds), type, uses: token.numUses }
}

/** The rules as they count, those of the server's own `default` left out: every token has them. */
function grantsOf(acl: Acl, token: TokenPolicies): readonly MatrixGrant[] {
  const rules = acl.rules
    .filter(({ from }) => !from.every(({ policy }) => isOwn(policy.name, token)))
    .map((rule) => grantOf(rule, rule.match === 'prefix' ? `${rule.pattern}*` : rule.pattern, false))
  const templated = acl.dropped
    .filter(({ because, policy }) => because === 'template' && !isOwn(policy.name, token))
    .map(({ rule, policy }) => grantOf({ ...rule, from: [{ policy, rule }] }, rule.written, true))
  return [...rules, ...templated].sort((a, b) => byText(a.path, b.path))
}

function isOwn(name: string, { origins }: TokenPolicies): boolean {
  return name === 'default' && origins.get(name)?.from !== 'file'
}

function grantOf(rule: Omit<MergedRule, 'pattern' | 'match'>, path: string, templated: boolean): MatrixGrant {
  const conditions = [
    rule.allowedParameters || rule.deniedParameters || rule.requiredParameters ? 'parameters' : '',
    rule.minWrappingTtl || rule.maxWrappingTtl ? 'wrapping' : '',
    rule.paginationLimit ? 'pagination' : '',
  ].filter((condition) => condition !== '')
  return {
    path,
    capabilities: [...rule.capabilities].sort(byText),
    conditions,
    templated,
    policies: [...new Set(rule.from.map(({ policy }) => policy.name))],
  }
}
