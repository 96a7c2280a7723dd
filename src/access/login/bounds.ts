import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import { refusePolicies, sanitizePolicies } from './policies.ts'

/** Where a claim is looked up: a key of the token, or, as a JSON pointer, inside it (claims.go getClaim). */
export interface ClaimName {
  readonly claim: string
  readonly pointer: boolean
}

/**
 * One value that a bound admits. `equals` is a string or a boolean, or a number, which is always whole: it matches every
 * number claim that it is the whole part of (42 matches 42.9), and never a number inside a list. A `glob` has `*` for any
 * text, also none, slashes included; it matches strings only.
 */
export type Alternative = { readonly equals: string | boolean | number } | { readonly glob: string }

/** Holds where any of the alternatives matches the claim, or any element where the claim is a list. A null claim is absent. */
export interface Bound extends ClaimName {
  readonly alternatives: readonly Alternative[]
}

/** What a token must have to log in through a role, times and signature aside. All parts have to hold. */
export interface RoleBounds {
  /** What "iss" must be; absent where it is not looked at. */
  readonly issuer?: string
  /** "aud" must have one of these; where there is none, a token with any audience is refused. */
  readonly audiences: readonly string[]
  /** What "sub" must be; absent where it is not looked at. */
  readonly subject?: string
  readonly bounds: readonly Bound[]
  /** Claims that must be there as strings that are not empty: the user claim. */
  readonly present: readonly ClaimName[]
  /** Claims that must be a string, or a list of nothing but strings: the groups claim. */
  readonly lists: readonly ClaimName[]
  /** Claims that may be absent, and must be strings where they are not: those mapped to metadata. */
  readonly strings: readonly ClaimName[]
  /** Networks that a login may come from; any where there is none. */
  readonly cidrs: readonly string[]
  /** Why nobody can log in through the role, in one sentence without a full stop. */
  readonly impossible?: string
  /** Of the tokens: lower-cased, sorted, `default` included; without those whose names depend on the token's claims. */
  readonly policies: readonly string[]
  /** True where names of further policies are made from the token's claims (OpenBao): which ones is not known here. */
  readonly templatedPolicies?: boolean
}

export interface BoundsInput {
  /** Canonical, as `ModelRole.role`. */
  readonly role: JsonObject
  /** Canonical, as `ModelMount.config`; absent where nobody configured the mount. */
  readonly config?: JsonObject | undefined
  /** As `ModelMount.tune`. */
  readonly tune?: JsonObject | undefined
}

/**
 * What a role demands of a token, in one normal form. Sources: vault-plugin-auth-jwt path_login.go and claims.go,
 * vault/request_handling.go for the policies.
 */
export function boundsOf(server: ServerVersion, input: BoundsInput): RoleBounds {
  const { role, config } = input
  const issuer = text(config?.['bound_issuer'])
  const subject = text(role['bound_subject'])
  const bounds = boundClaims(role)
  const { policies, templated } = policiesOf(server, role)
  const impossible = whyNobody(server, input, bounds, policies)
  const userClaim = text(role['user_claim'])
  const groupsClaim = text(role['groups_claim'])
  const pointer = role['user_claim_json_pointer'] === true && userClaim.startsWith('/')
  const found: Writable<RoleBounds> = {
    audiences: texts(role['bound_audiences']),
    bounds,
    present: [{ claim: userClaim, pointer }],
    lists: groupsClaim === '' ? [] : [nameOf(groupsClaim)],
    strings: Object.keys(mapOf(role['claim_mappings'])).map(nameOf),
    cidrs: texts(role['token_bound_cidrs']),
    policies,
  }
  if (issuer !== '') found.issuer = issuer
  if (subject !== '') found.subject = subject
  if (impossible !== undefined) found.impossible = impossible
  if (templated) found.templatedPolicies = true
  return found
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A key that begins with a slash is a pointer, everywhere but in a user_claim without its flag. */
function nameOf(claim: string): ClaimName {
  return { claim, pointer: claim.startsWith('/') }
}

function boundClaims(role: JsonObject): Bound[] {
  const glob = role['bound_claims_type'] === 'glob'
  return Object.entries(mapOf(role['bound_claims'])).map(([claim, value]) => ({
    claim,
    pointer: claim.startsWith('/'),
    alternatives: Array.isArray(value) ? value.flatMap((item) => alternative(item, glob)) : alternative(value, glob),
  }))
}

/** None for what can match nothing: null, maps, lists in lists, and numbers that no claim can be cut to. */
function alternative(value: JsonValue, glob: boolean): Alternative[] {
  if (typeof value === 'string') return [glob && value.includes('*') ? { glob: value } : { equals: value }]
  if (glob) return []
  if (typeof value === 'boolean') return [{ equals: value }]
  return typeof value === 'number' && /^-?\d+$/.test(JSON.stringify(value)) ? [{ equals: value }] : []
}

function policiesOf(server: ServerVersion, role: JsonObject): { policies: readonly string[]; templated: boolean } {
  const named = texts(role['token_policies'])
  const templates = server.product === 'openbao' && role['token_policies_template_claims'] === true
  const plain = templates ? named.filter((name) => !name.includes('{{')) : named
  return {
    policies: sanitizePolicies(plain, role['token_no_default_policy'] !== true),
    templated: plain.length < named.length,
  }
}

function whyNobody(
  { product }: ServerVersion,
  { role, config }: BoundsInput,
  bounds: readonly Bound[],
  policies: readonly string[],
): string | undefined {
  if (config === undefined) return 'the mount has no configuration'
  if (role['role_type'] !== 'jwt') return 'role_type is oidc, so no job can log in with a token'
  const dead = bounds.find(({ alternatives }) => alternatives.length === 0)
  if (dead !== undefined) return `no value of the claim "${dead.claim}" can match what bound_claims has for it`
  const refused = refusePolicies(policies, product)
  return refused === undefined ? undefined : `the server refuses the role's policies: ${refused}`
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(value)) return []
  const isText = (item: JsonValue): item is string => typeof item === 'string'
  return value.every(isText) ? value : value.filter(isText)
}

function mapOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {}
}
