import { type Acl, buildAcl } from '../access/acl/acl.ts'
import { decide } from '../access/acl/decide.ts'
import type { Operation } from '../access/acl/decision.ts'
import { findRule } from '../access/acl/find.ts'
import { parsePolicy } from '../access/policy/parse.ts'
import type { Policy } from '../access/policy/policy.ts'
import type { JsonObject } from '../core/json.ts'
import { entityOf } from './entities.ts'
import { storedPolicy } from './policies.ts'
import type { State, Policy as StoredPolicy } from './state.ts'
import type { Token } from './token.ts'

/** What a token's policies allow, kept until one of them is another, or until they may say something else by the clock. */
export function aclOf(state: State, token: Token): Acl {
  const stored = token.policies.map((name) => storedPolicy(state, name))
  const entity = entityOf(state, token.entityId)
  const known = kept.get(token)
  if (known !== undefined && known.entity === entity && known.stored.every((policy, at) => policy === stored[at]))
    return known.acl
  const policies = token.policies.flatMap((name, at) => parsed(state, name, stored[at]) ?? [])
  const acl = buildAcl(policies, state, { now: state.now(), ...(entity && { entity }) })
  if (policies.every(isTimeless)) kept.set(token, { stored, entity, acl })
  return acl
}

interface Kept {
  readonly stored: readonly (StoredPolicy | undefined)[]
  readonly entity: ReturnType<typeof entityOf>
  readonly acl: Acl
}

/** A policy that is written anew is another object, and so is an entity that changes. */
const kept = new WeakMap<Token, Kept>()
const parsedPolicies = new WeakMap<StoredPolicy, Policy>()

function parsed(state: State, name: string, stored: StoredPolicy | undefined): Policy | undefined {
  if (name === 'root') return { name, rules: [] }
  if (stored === undefined) return undefined
  const known = parsedPolicies.get(stored)
  if (known !== undefined) return known
  const result = parsePolicy(name, stored.text, state, { now: state.now() })
  if ('refused' in result) return undefined
  const policy: Policy = {
    ...result.policy,
    allowSlashesInIdentityTemplates: stored.slashes,
    allowWildcardsInIdentityTemplates: stored.wildcards,
  }
  parsedPolicies.set(stored, policy)
  return policy
}

function isTimeless({ rules }: Policy): boolean {
  return rules.every(({ expiration, written }) => expiration === undefined && !/\{\{\s*time\./.test(written))
}

/** Whether a token may make a request; what the path's engine then says is its own affair. */
export function isAllowed(
  state: State,
  token: Token,
  request: { operation: Operation; path: string; parameters: JsonObject; wrapTtl?: number },
): boolean {
  return decide(aclOf(state, token), request).allowed
}

export function allowsSudo(state: State, token: Token, path: string): boolean {
  const acl = aclOf(state, token)
  return acl.root || findRule(acl, path, false)?.capabilities.has('sudo') === true
}

/** Whether a token may do anything on a mount or below it (vault logical_system.go hasMountAccess). */
export function reachesMount(acl: Acl, path: string): boolean {
  if (acl.root) return true
  const direct = findRule(acl, path, true)
  if (direct !== undefined && direct.capabilities.size > 0 && !direct.capabilities.has('deny')) return true
  return acl.rules.some(({ pattern, match, capabilities }) => {
    if (capabilities.size === 0 || capabilities.has('deny')) return false
    return match === 'segments' ? beginsLike(pattern, path) : pattern.startsWith(path)
  })
}

function beginsLike(pattern: string, path: string): boolean {
  const parts = pattern.split('/')
  return path
    .replace(/\/$/, '')
    .split('/')
    .every((segment, at) => parts[at] === '+' || parts[at] === segment)
}
