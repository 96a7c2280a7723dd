import { byText } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import { patternOf } from '../policy/pattern.ts'
import type { PathMatch, Policy } from '../policy/policy.ts'
import type { AclFailure, Block, DroppedBlock, MergedRule } from './decision.ts'
import { indexOf, type RuleIndex } from './matching.ts'
import { mergeRules } from './merge.ts'
import { type Entity, type EntityGroup, fillTemplate, forbiddenInTemplates } from './template.ts'

/** Whose token it is and when, as far as policies depend on it. */
export interface AclContext {
  /** Path of the token's namespace without slashes around it; absent for the root namespace. */
  readonly namespace?: string
  /** Absent for a token without an entity: blocks whose path asks for one are then no rules. */
  readonly entity?: Entity
  /** Groups of the entity, direct and inherited. */
  readonly groups?: readonly EntityGroup[]
  /** Milliseconds since 1970; absent for the present. */
  readonly now?: number
}

/** What the policies of one token allow. Made once, asked often. */
export interface Acl {
  readonly server: ServerVersion
  /** Paths of requests and of rules are paths within it. */
  readonly namespace: string
  /** Everything is allowed. */
  readonly root: boolean
  readonly failure?: AclFailure
  readonly dropped: readonly DroppedBlock[]
  readonly rules: readonly MergedRule[]
  readonly index: RuleIndex
}

type KeyedBlock = Block & { readonly pattern: string; readonly match: PathMatch }

/**
 * The server's view of a token with these policies: `default` only if it is among them, policies that do not exist left
 * out by the caller. The order is the server's for a token (by name), whatever order they come in.
 * Source: policyStore.ACL and NewACL, vault/policy_store.go and acl.go, openbao vault/policy/.
 */
export function buildAcl(policies: readonly Policy[], server: ServerVersion, context: AclContext = {}): Acl {
  const { namespace = '' } = context
  const none = { server, namespace, root: false, dropped: [], rules: [], index: indexOf([]) }
  if (policies.some(({ name }) => name === 'root')) {
    const failure = { policy: 'root', error: 'root policy is only allowed in root namespace' }
    return server.product === 'vault' && namespace !== '' ? { ...none, failure } : { ...none, root: true }
  }
  const sorted = [...policies].sort((a, b) => byText(a.name, b.name))
  const { blocks, dropped, failure } = keyedBlocks(sorted, server, { now: Date.now(), ...context, namespace })
  if (failure !== undefined) return { ...none, dropped, failure }
  const rules = mergeRules(blocks)
  return { ...none, dropped, rules, index: indexOf(rules) }
}

/** Every rule of the token. Exact ones first and then by `compareRules`, they decide every path. */
export function rulesOf(acl: Acl): readonly MergedRule[] {
  return acl.rules
}

/** The blocks that count, by the key that the server gives their paths once their templates are filled in. */
function keyedBlocks(
  policies: readonly Policy[],
  server: ServerVersion,
  context: AclContext & { readonly namespace: string; readonly now: number },
): {
  readonly blocks: readonly KeyedBlock[]
  readonly dropped: readonly DroppedBlock[]
  readonly failure?: AclFailure
} {
  const blocks: KeyedBlock[] = []
  const dropped: DroppedBlock[] = []
  for (const policy of policies) {
    const forbidden = forbiddenInTemplates(server, policy)
    for (const rule of policy.rules) {
      const path = rule.templated ? fillTemplate(rule.written, { ...context, forbidden }) : { text: rule.written }
      if ('error' in path) dropped.push({ policy, rule, because: 'template', error: path.error })
      else if (rule.expiration !== undefined && context.now > rule.expiration)
        dropped.push({ policy, rule, because: 'expired' })
      else {
        const key = patternOf(path.text, context.namespace)
        if ('error' in key) return { blocks: [], dropped, failure: { policy: policy.name, error: key.error } }
        blocks.push({ policy, rule, ...key })
      }
    }
  }
  return { blocks, dropped }
}
