import { type Acl, buildAcl } from '../acl/acl.ts'
import { decide } from '../acl/decide.ts'
import type { AccessDecision, AccessRequest, MergedRule } from '../acl/decision.ts'
import type { AccessModel } from '../model.ts'
import type { Hint } from './hint.ts'
import { type TokenPolicies, tokenPolicies } from './token-policies.ts'

/** A request that was denied, and all around it that may help. */
export interface DeniedRequest {
  readonly acl: Acl
  readonly request: AccessRequest
  readonly decision: AccessDecision
  readonly token: TokenPolicies
  /** Absent where policies were asked about without a configuration. */
  readonly model?: AccessModel | undefined
  /** The other environments, by name. */
  readonly elsewhere?: ReadonlyMap<string, AccessModel> | undefined
}

/** The nearest ways out of a denial, the likeliest first. */
export function helpFor(denied: DeniedRequest): readonly Hint[] {
  return [
    ...otherPaths(denied),
    ...otherCapability(denied),
    ...shadowed(denied),
    ...otherPolicies(denied),
    ...otherEnvironments(denied),
    ...unknownPolicies(denied),
  ]
}

interface Variant {
  readonly id: string
  readonly path: string
  readonly say: string
}

/** The same request at a path that was probably meant, where that would be allowed. */
function otherPaths({ acl, request }: DeniedRequest): Hint[] {
  const found = variantsOf(request).find(({ path }) => decide(acl, { ...request, path }).allowed)
  return found === undefined ? [] : [{ id: found.id, text: `${found.say}: ${found.path} would be allowed.` }]
}

/** kv-v2 serves values below `<mount>/data/` and names below `<mount>/metadata/`; a mount's path may have several parts. */
function variantsOf({ path }: AccessRequest): Variant[] {
  const parts = path.split('/')
  const at = (index: number, insert: readonly string[], remove = 0) =>
    [...parts.slice(0, index), ...insert, ...parts.slice(index + remove)].join('/')
  const positions = parts.slice(1).map((_, index) => index + 1)
  const swap = (from: string, to: string) =>
    positions.filter((index) => parts[index] === from).map((index) => at(index, [to], 1))
  return [
    ...variants(
      'lacks-data',
      'The path lacks data/, which kv-v2 has after the mount',
      positions.map((i) => at(i, ['data'])),
    ),
    ...variants('data-for-metadata', 'kv-v2 has values below data/, and their names and versions below metadata/', [
      ...swap('metadata', 'data'),
      ...swap('data', 'metadata'),
    ]),
    ...variants(
      'lacks-metadata',
      'The path lacks metadata/, below which kv-v2 lists names',
      positions.map((i) => at(i, ['metadata'])),
    ),
    ...variants(
      'policy-lacks-data',
      'The policy is written for a path without data/, and kv-v2 asks for one with it',
      positions.filter((index) => parts[index] === 'data').map((index) => at(index, [], 1)),
    ),
    ...variants('api-version', 'The path begins after /v1/', parts[0] === 'v1' ? [at(0, [], 1)] : []),
    ...variants('letter-case', 'Paths are told apart by upper and lower case', [path.toLowerCase()]),
    ...variants('trailing-slash', 'The slash at the end counts', [path.endsWith('/') ? path.slice(0, -1) : `${path}/`]),
  ].filter((variant) => variant.path !== path)
}

function variants(id: string, say: string, paths: readonly string[]): Variant[] {
  return paths.map((path) => ({ id, say, path }))
}

function otherCapability({ decision, request }: DeniedRequest): Hint[] {
  const { rule, denial } = decision
  if (denial?.why !== 'capability' || rule === undefined) return []
  const twin = { create: 'update', update: 'create' }[request.operation as 'create' | 'update']
  if (twin !== undefined && rule.capabilities.has(twin as 'create')) {
    const what = request.operation === 'create' ? 'writing what is not there yet' : 'writing what is there already'
    return [{ id: 'create-and-update', text: `${request.operation} is ${what}; the rule grants ${twin} only.` }]
  }
  if (request.operation === 'patch' && rule.capabilities.has('update'))
    return [{ id: 'patch', text: 'A PATCH asks for the capability patch; update does not include it.' }]
  return []
}

/** Only the rule that wins counts: what a broader one grants is not added. */
function shadowed({ decision: { beaten, rule }, request }: DeniedRequest): Hint[] {
  const granting = beaten.find(({ rule: other }) => other.capabilities.has(request.operation))
  if (granting === undefined || rule === undefined) return []
  const text = `${textOf(granting.rule)} grants ${request.operation}, but only one rule counts for a path, and ${textOf(rule)} comes before it. Add ${request.operation} there.`
  return [{ id: 'shadowed', text }]
}

function textOf({ pattern, match }: MergedRule): string {
  return JSON.stringify(match === 'prefix' ? `${pattern}*` : pattern)
}

/** So many policies are named. */
const enough = 3

function otherPolicies({ acl, request, token, model }: DeniedRequest): Hint[] {
  if (model === undefined) return []
  const known = new Set(token.policies.map(({ name }) => name))
  const granting = grantingPolicies(model, acl, request).filter((name) => !known.has(name))
  if (granting.length === 0) return []
  return [{ id: 'other-policy', text: capital(`${listOf(granting)} would allow it${rolesWith(model, granting)}.`) }]
}

function otherEnvironments({ acl, request, elsewhere, model }: DeniedRequest): Hint[] {
  // What this environment has somewhere is nearer than what another one has.
  if (model !== undefined && grantingPolicies(model, acl, request).length > 0) return []
  return [...(elsewhere ?? [])].flatMap(([environment, model]) => {
    const granting = grantingPolicies(model, acl, request)
    if (granting.length === 0) return []
    const text = `In environment ${environment}, ${listOf(granting)} would allow it${rolesWith(model, granting)}.`
    return [{ id: 'other-environment', text }]
  })
}

function grantingPolicies(model: AccessModel, { namespace }: Acl, request: AccessRequest): string[] {
  return [...model.policies.keys()].filter((name) => {
    const { policies } = tokenPolicies(model, [name])
    return policies.length > 0 && decide(buildAcl(policies, model.server, { namespace }), request).allowed
  })
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, enough).join(', ')
  const more = names.length > enough ? ` and ${names.length - enough} more` : ''
  return `${names.length === 1 ? 'policy' : 'policies'} ${shown}${more}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function rolesWith(model: AccessModel, policies: readonly string[]): string {
  const roles = [...model.mounts.values()].flatMap(({ path, roles }) =>
    [...roles.values()]
      .filter(({ role }) => namesOf(role['token_policies']).some((name) => policies.includes(name)))
      .map(({ name }) => `${path}/${name}`),
  )
  if (roles.length === 0) return ''
  const more = roles.length > enough ? ` and ${roles.length - enough} more` : ''
  return `; ${roles.length === 1 ? 'role' : 'roles'} ${roles.slice(0, enough).join(', ')}${more} ${roles.length === 1 ? 'has' : 'have'} it`
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value : []
}

function unknownPolicies({ token: { unknown } }: DeniedRequest): Hint[] {
  if (unknown.length === 0) return []
  const text = `${capital(listOf(unknown))} of the token ${unknown.length === 1 ? 'is' : 'are'} described nowhere here, so what ${unknown.length === 1 ? 'it grants' : 'they grant'} is not known.`
  return [{ id: 'unknown-policy', text }]
}
