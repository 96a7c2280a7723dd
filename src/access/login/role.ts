import { meets, type ServerVersion } from '../../core/version.ts'
import { parseNetwork } from './cidr.ts'
import { formatGoDuration } from './go-numbers.ts'
import { quote, show } from './go-text.ts'
import { isWrittenObject, type Written, type WrittenObject, withNumberTexts } from './json-number.ts'
import { type MountLimits, mountLimits } from './mount-limits.ts'
import { sanitizePolicies } from './policies.ts'
import { convertFields, type FieldData, flagOf, listOf, numberOf, roleFields, textOf } from './role-fields.ts'

/** A JWT role as the server keeps it, defaults in place. Times are whole seconds; 0 is "not set". */
export interface JwtRole {
  readonly roleType: string
  readonly boundAudiences: readonly string[]
  readonly boundSubject: string
  readonly boundClaimsType: string
  /** Every number is a JsonNumber. */
  readonly boundClaims: WrittenObject
  readonly claimMappings: Readonly<Record<string, string>>
  readonly userClaim: string
  readonly userClaimJsonPointer: boolean
  readonly groupsClaim: string
  readonly allowedRedirectUris: readonly string[]
  /** 0 for the default of the check, negative for none; so for all leeways. */
  readonly expirationLeeway: number
  readonly notBeforeLeeway: number
  readonly clockSkewLeeway: number
  readonly token: TokenParameters
  /** Whether the names of policies are templates over the claims (OpenBao). */
  readonly templates: boolean
}

export interface TokenParameters {
  /** As the server prints them. */
  readonly boundCidrs: readonly string[]
  readonly strictlyBindIp: boolean
  readonly policies: readonly string[]
  readonly noDefaultPolicy: boolean
  readonly ttl: number
  readonly maxTtl: number
  readonly explicitMaxTtl: number
  readonly period: number
  readonly numUses: number
  readonly type: string
}

export type WrittenRole = { readonly role: JwtRole } | { readonly refused: readonly string[] }

/**
 * What becomes of a write to a role that does not exist yet: the role, or every text that the server could refuse it
 * with. Sources: vault-plugin-auth-jwt path_role.go pathRoleCreateUpdate, sdk/helper/tokenutil, sdk/framework.
 */
export function writeRole(
  server: ServerVersion,
  written: WrittenObject,
  mount: MountLimits = mountLimits(),
): WrittenRole {
  const converted = convertFields(server, roleFields, written)
  if ('refused' in converted) return converted
  const role = roleFrom(converted.data)
  for (const refuse of rules) {
    const refused = refuse(role, converted.data, server, mount)
    if (refused.length > 0) return { refused }
  }
  return { role }
}

interface Read extends ServerVersion {
  readonly role: JwtRole | undefined
}

/** The last reading of each: the same role decides over many logins. */
const readings = new WeakMap<WrittenObject, Read>()

/** The role that a write makes, whether or not the server would take it; undefined where a field has no value at all. */
export function readWrittenRole({ product, version }: ServerVersion, written: WrittenObject): JwtRole | undefined {
  const known = readings.get(written)
  if (known?.product === product && known.version === version) return known.role
  const converted = convertFields({ product, version }, roleFields, written)
  const role = 'refused' in converted ? undefined : roleFrom(converted.data)
  readings.set(written, { product, version, role })
  return role
}

function roleFrom(data: FieldData): JwtRole {
  return {
    roleType: textOf(data, 'role_type') || 'oidc',
    boundAudiences: listOf(data, 'bound_audiences') ?? [],
    boundSubject: textOf(data, 'bound_subject'),
    boundClaimsType: (data.get('bound_claims_type') as string | undefined) ?? 'string',
    boundClaims: withNumberTexts(data.get('bound_claims') ?? {}) as WrittenObject,
    claimMappings: (data.get('claim_mappings') as Readonly<Record<string, string>> | undefined) ?? {},
    userClaim: textOf(data, 'user_claim'),
    userClaimJsonPointer: flagOf(data, 'user_claim_json_pointer'),
    groupsClaim: textOf(data, 'groups_claim'),
    allowedRedirectUris: listOf(data, 'allowed_redirect_uris') ?? [],
    expirationLeeway: numberOf(data, 'expiration_leeway'),
    notBeforeLeeway: numberOf(data, 'not_before_leeway'),
    clockSkewLeeway: numberOf(data, 'clock_skew_leeway'),
    token: tokenFrom(data),
    templates: flagOf(data, 'token_policies_template_claims'),
  }
}

/** An old name counts only where the new one was not written; a list or number that is empty under both is the old one's. */
function tokenFrom(data: FieldData): TokenParameters {
  const number = (name: string, old: string) => numberOf(data, data.has(name) ? name : old)
  return {
    boundCidrs: (listOf(data, 'token_bound_cidrs') ?? listOf(data, 'bound_cidrs') ?? []).map(
      (text) => parseNetwork(text)?.text ?? text,
    ),
    strictlyBindIp: flagOf(data, 'token_strictly_bind_ip'),
    policies: listOf(data, 'token_policies') ?? oldPolicies(data),
    noDefaultPolicy: flagOf(data, 'token_no_default_policy'),
    ttl: number('token_ttl', 'ttl'),
    maxTtl: number('token_max_ttl', 'max_ttl'),
    explicitMaxTtl: numberOf(data, 'token_explicit_max_ttl'),
    period: number('token_period', 'period'),
    numUses: number('token_num_uses', 'num_uses'),
    type: textOf(data, 'token_type') || 'default',
  }
}

function oldPolicies(data: FieldData): readonly string[] {
  const old = listOf(data, 'policies')
  return old === undefined ? [] : sanitizePolicies(old, false)
}

type Rule = (role: JwtRole, data: FieldData, server: ServerVersion, mount: MountLimits) => readonly string[]

/** In the server's order: the first that has something to say decides. */
const rules: readonly Rule[] = [
  (role) => (['jwt', 'oidc'].includes(role.roleType) ? [] : [`invalid 'role_type': ${role.roleType}`]),
  (_, data) => refuseNetworks(listOf(data, 'token_bound_cidrs')),
  (role) =>
    ['default', 'service', 'batch'].includes(role.token.type)
      ? []
      : [`invalid 'token_type' value ${quote(role.token.type)}`],
  refuseTokens,
  (_, data) => (data.has('token_bound_cidrs') ? [] : refuseNetworks(listOf(data, 'bound_cidrs'))),
  ({ token }, _data, _server, { maxLeaseTtl }) =>
    token.period > maxLeaseTtl
      ? [
          `'period' of '${quote(formatGoDuration(token.period))}' is greater than the backend's maximum lease TTL of '${quote(formatGoDuration(maxLeaseTtl))}'`,
        ]
      : [],
  ({ boundClaimsType }) =>
    ['string', 'glob'].includes(boundClaimsType) ? [] : [`invalid 'bound_claims_type': ${boundClaimsType}`],
  ({ boundClaimsType, boundClaims }) =>
    boundClaimsType === 'glob' ? Object.values(boundClaims).flatMap((value) => refuseGlobs(value)) : [],
  ({ claimMappings }) => refuseMappings(Object.values(claimMappings)),
  (_, data) =>
    (listOf(data, 'oauth2_metadata') ?? [])
      .filter((name) => !['id_token', 'refresh_token', 'access_token'].includes(name))
      .map((name) => `Unrecognized oauth2 metadata name ${name}`)
      .slice(0, 1),
  ({ userClaim }) => (userClaim === '' ? ['a user claim must be defined on the role'] : []),
  refuseCallbackMode,
  ({ roleType, allowedRedirectUris }) =>
    roleType === 'oidc' && allowedRedirectUris.length === 0
      ? ["'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified."]
      : [],
  (role) =>
    role.roleType === 'oidc' || isBound(role)
      ? []
      : ['must have at least one bound constraint when creating/updating a role'],
  ({ token }) => (token.maxTtl > 0 && token.ttl > token.maxTtl ? ['ttl should not be greater than max ttl'] : []),
]

function refuseNetworks(networks: readonly string[] = []): readonly string[] {
  const wrong = networks.find((network) => parseNetwork(network) === undefined)
  if (wrong === undefined) return []
  const text = quote(wrong)
  return [`error parsing address ${text}: Unable to convert ${text} to an IPv4 or IPv6 address, or a UNIX Socket`]
}

/** Looks at the new names only: what the old ones say comes later (tokenutil ParseTokenFields). */
function refuseTokens({ token }: JwtRole, data: FieldData): readonly string[] {
  if (numberOf(data, 'token_num_uses') < 0) return ["'token_num_uses' cannot be negative"]
  const batch = "'token_type' cannot be 'batch' or 'default_batch' when set to generate"
  if (token.type === 'batch' && numberOf(data, 'token_period') !== 0) return [`${batch} periodic tokens`]
  if (token.type === 'batch' && numberOf(data, 'token_num_uses') !== 0)
    return [`${batch} tokens with limited use count`]
  const [ttl, limit] = [numberOf(data, 'token_ttl'), numberOf(data, 'token_max_ttl')]
  if (ttl > 0 && limit > 0 && ttl > limit) return ["'token_ttl' cannot be greater than 'token_max_ttl'"]
  return token.strictlyBindIp && (listOf(data, 'token_bound_cidrs') ?? []).length > 0
    ? ["'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one"]
    : []
}

/** Every text that could come first of this claim. */
function refuseGlobs(value: Written): readonly string[] {
  if (value === null || isWrittenObject(value)) return [`claim is not a string or list: ${show(value)}`]
  const wrong = (Array.isArray(value) ? value : [value]).find((item) => typeof item !== 'string')
  return wrong === undefined ? [] : [`claim is not a string: ${show(wrong)}`]
}

function refuseMappings(targets: readonly string[]): readonly string[] {
  const reserved = targets.includes('role')
    ? ['metadata key "role" is reserved and may not be a mapping destination']
    : []
  const twice = [...new Set(targets.filter((target, index) => targets.indexOf(target) < index && target !== 'role'))]
  return [...reserved, ...twice.map((target) => `multiple keys are mapped to metadata key ${quote(target)}`)]
}

function refuseCallbackMode(_: JwtRole, data: FieldData, server: ServerVersion): readonly string[] {
  if (!meets(server, { openbao: '2.1' })) return []
  const mode = (data.get('callback_mode') as string | undefined) ?? 'client'
  return ['client', 'direct', 'device'].includes(mode) ? [] : [`invalid 'callback_mode': ${mode}`]
}

function isBound(role: JwtRole): boolean {
  const lists = [role.boundAudiences, role.token.boundCidrs, Object.keys(role.boundClaims)]
  return role.boundSubject !== '' || lists.some((list) => list.length > 0)
}
