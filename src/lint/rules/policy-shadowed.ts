import { compareRanks, rankOf } from '../../access/acl/order.ts'
import { groupBy } from '../../core/group-by.ts'
import { byText } from '../../core/json.ts'
import { type BlockReport, blocksOf, findingAt, type PolicyBlock } from '../policy-blocks.ts'
import { covers } from '../policy-patterns.ts'
import type { Finding, LintSubject, Rule } from '../rule.ts'

/**
 * Source: CheckAllowedFromNonExactPaths in vault/acl.go. A rule whose first wildcard comes later wins, and a longer prefix
 * is such a rule; so only a rule with `+` that ends in `*` can be wider than another and yet lose against it everywhere.
 */
export const policyShadowed: Rule = {
  id: 'VWP09',
  title: 'a rule that never decides anything',
  level: 'warning',
  why: 'One rule alone decides a request. Where another rule of the same token matches all that this one does, and wins each time, this one has no effect, whatever it allows or denies.',
  example: {
    bad: 'path "ops/*" { capabilities = ["read"] }\npath "ops/+/secret*" { capabilities = ["deny"] }',
    good: 'path "ops/*" { capabilities = ["read"] }\npath "ops/data/secret*" { capabilities = ["deny"] }',
  },
  *check(subject): Generator<Finding> {
    const blocks = blocksOf(subject).filter(({ rule }) => !rule.templated)
    const candidates = blocks.filter(({ rule }) => rule.match === 'segments' && rule.pattern.endsWith('*'))
    if (candidates.length === 0) return
    const byPolicy = groupBy(blocks, ({ policy }) => policy.name)
    const sets = policySets(subject)
    for (const block of candidates) {
      const found = winnerOver(block, byPolicy, sets)
      if (found !== undefined) yield findingAt(block, report(block, found))
    }
  },
}

interface Winner {
  readonly block: PolicyBlock
  /** The roles whose tokens have both, where the two are of different policies. */
  readonly role?: string
}

/** A policy of its own comes first: nobody needs to look elsewhere to understand that. */
function winnerOver(
  block: PolicyBlock,
  byPolicy: ReadonlyMap<string, readonly PolicyBlock[]>,
  sets: ReadonlyMap<string, PolicySet>,
): Winner | undefined {
  const beats = (other: PolicyBlock) => shadows(other, block)
  const own = byPolicy.get(block.policy.name)?.find(beats)
  if (own !== undefined) return { block: own }
  const using = [...sets.values()].filter(({ names }) => names.includes(block.policy.name))
  const winners = using.map(({ names, role }) => {
    const found = names.flatMap((name) => byPolicy.get(name) ?? []).find(beats)
    return found && { block: found, role }
  })
  // A rule that counts for one role is there for that one.
  return winners.every((winner) => winner !== undefined) ? winners[0] : undefined
}

function shadows({ rule: outer }: PolicyBlock, { rule: inner }: PolicyBlock): boolean {
  return (
    outer.match !== 'exact' &&
    !(outer.match === inner.match && outer.pattern === inner.pattern) &&
    compareRanks(rankOf(outer), rankOf(inner)) < 0 &&
    covers(outer, inner)
  )
}

interface PolicySet {
  readonly names: readonly string[]
  /** One of the roles that give these policies. */
  readonly role: string
}

/** Roles with the same policies are one case. */
function policySets({ model }: LintSubject): ReadonlyMap<string, PolicySet> {
  const sets = new Map<string, PolicySet>()
  for (const { path, roles } of model.mounts.values()) {
    for (const { name, role } of roles.values()) {
      const policies = role['token_policies']
      const names = Array.isArray(policies) ? policies.map(String).sort(byText) : []
      const key = names.join('\n')
      if (!sets.has(key)) sets.set(key, { names, role: `${path}/${name}` })
    }
  }
  return sets
}

function report({ rule, policy }: PolicyBlock, { block: other, role }: Winner): BlockReport {
  const where =
    other.policy.name === policy.name ? `on line ${other.rule.position.line}` : `of policy "${other.policy.name}"`
  const also = role === undefined ? '' : `, which role ${role} gives as well,`
  return {
    message: `"${rule.written}" never decides: "${other.rule.written}" ${where}${also} wins for every path that it matches`,
    help: 'Name the segments instead of "+", so that this rule is the more specific one; or remove it.',
  }
}
