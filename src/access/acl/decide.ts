import type { Capability } from '../policy/policy.ts'
import type { Acl } from './acl.ts'
import type { AccessDecision, AccessRequest, Denial, MergedRule, Operation } from './decision.ts'
import { findAll, isListing, pathWithin } from './find.ts'
import { paginationDenial } from './pagination.ts'
import { parameterDenial } from './parameters.ts'
import { requiresSudo } from './sudo.ts'

/** An operation needs the capability of its name. */
const needed: Readonly<Record<Operation, Capability>> = {
  create: 'create',
  read: 'read',
  update: 'update',
  delete: 'delete',
  list: 'list',
  patch: 'patch',
  scan: 'scan',
  recover: 'recover',
}

/**
 * Whether a token with these policies may make a request, and why, in the order in which the server asks. Paths that
 * need no token (a login, `sys/health`) are not asked about here, and what the engine then says is its own affair.
 * Source: AllowOperation in vault/acl.go and openbao vault/policy/acl.go; performPolicyChecks for `sudo`.
 */
export function decide(acl: Acl, request: AccessRequest): AccessDecision {
  if (acl.root) return { allowed: true, beaten: [], root: true }
  const listing = isListing(request.operation)
  const path = pathOf(acl, request, listing)
  const { winner: rule, beaten } = findAll(acl, path, listing)
  const denial = denialOf(acl, rule, request, path)
  return { allowed: denial === undefined, ...(denial && { denial }), ...(rule && { rule }), beaten, root: false }
}

/** The server puts a slash at the end of every list's path. Source: vault http/logical.go. */
function pathOf(acl: Acl, { path }: AccessRequest, listing: boolean): string {
  const within = pathWithin(acl, path)
  return listing && !within.endsWith('/') ? `${within}/` : within
}

function denialOf(acl: Acl, rule: MergedRule | undefined, request: AccessRequest, path: string): Denial | undefined {
  if (acl.failure !== undefined) return { why: 'broken policies', failure: acl.failure }
  if (rule === undefined) return { why: 'no rule' }
  if (rule.capabilities.has('deny')) return { why: 'deny' }
  const missing = needed[request.operation]
  if (!rule.capabilities.has(missing)) return { why: 'capability', missing }
  return (
    wrappingDenial(rule, request) ??
    parameterDenial(rule, request, acl.server) ??
    (isListing(request.operation) ? paginationDenial(rule, request, acl.server) : undefined) ??
    sudoDenial(acl, rule, path)
  )
}

/** A rule with a limit asks for wrapping at all. Merging may leave a minimum above the maximum: nothing passes then. */
function wrappingDenial(rule: MergedRule, { wrapTtl }: AccessRequest): Denial | undefined {
  const { minWrappingTtl: min = 0, maxWrappingTtl: max = 0 } = rule
  const above = max > 0 && (wrapTtl === undefined || wrapTtl > max)
  const below = min > 0 && (wrapTtl === undefined || wrapTtl < min)
  if (!above && !below && !(min !== 0 && max !== 0 && max < min)) return undefined
  return { why: 'wrapping', ...(min !== 0 && { min }), ...(max !== 0 && { max }) }
}

function sudoDenial(acl: Acl, rule: MergedRule, path: string): Denial | undefined {
  return requiresSudo(path, acl.server) && !rule.capabilities.has('sudo') ? { why: 'sudo' } : undefined
}
