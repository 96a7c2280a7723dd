import { deepEqual } from '../../core/json.ts'
import { interplay } from '../paths/pattern.ts'
import { sameRule } from '../paths/touching.ts'
import { isBuiltinBlock, type TemplatedBlock } from './policies.ts'
import type { Subject } from './subjects.ts'

/** What blocks for whoever the token belongs to come to, where others give the same tokens something, too. */
export interface Templates {
  /** They grant what none of the others does. */
  readonly gives: readonly TemplatedBlock[]
  /** They may hide, or be hidden by, what one side has and the other has not: which of the two decides is not known. */
  readonly doubted: readonly TemplatedBlock[]
}

const none: Templates = { gives: [], doubted: [] }

/**
 * A path with a template may come to be about any path that begins as it does. So it can be compared only with blocks that
 * say the same of the same person; where rules without templates touch it, either may be the one that decides.
 */
export function templatesBeside(subject: Subject, by: readonly Subject[]): Templates {
  const own = grantingBlocks(subject.policies.templated)
  if (by.length === 0) return own.length === 0 ? none : { gives: own, doubted: [] }
  if (own.length === 0 && by.every(({ policies }) => policies.templated.length === 0)) return none
  const [gives, doubted]: [TemplatedBlock[], Set<TemplatedBlock>] = [[], new Set()]
  for (const block of own) {
    const holders = by.filter((other) => holds(other, block, subject))
    if (holders.some((other) => !overrules(other, block, subject))) continue
    const isClear = holders.length === 0 && !by.some((other) => touches(other, block))
    if (isClear) gives.push(block)
    else doubted.add(block)
  }
  for (const other of by)
    for (const block of other.policies.templated)
      if (!holds(subject, block, other) && hides(other, block)) doubted.add(block)
  return { gives, doubted: [...doubted] }
}

/** By the list, which is the one of the server's own policy for most tokens. */
const granting = new WeakMap<readonly TemplatedBlock[], readonly TemplatedBlock[]>()

function grantingBlocks(templated: readonly TemplatedBlock[]): readonly TemplatedBlock[] {
  const found = granting.get(templated) ?? templated.filter(isGranting)
  granting.set(templated, found)
  return found
}

function isGranting({ rule: { capabilities } }: TemplatedBlock): boolean {
  return capabilities.size > 0 && !capabilities.has('deny')
}

/** Whether a role has the same block, filled in with the same identity. */
function holds(role: Subject, { key, policy }: TemplatedBlock, like: Subject): boolean {
  const same = role.policies.templated.some((block) => block.key === key)
  return same && (isBuiltinBlock({ policy }) || isOnePerson(role, like))
}

/** A role has rules near the block that the other has not, and that may come before it. */
function overrules(role: Subject, block: TemplatedBlock, other: Subject): boolean {
  if (!role.policies.mayHold(block.start)) return false
  const theirs = other.policies.grants.rules
  return role.policies.grants.rules.some(
    (rule) =>
      interplay(rule, block.around) &&
      !theirs.some((one) => one.match === rule.match && one.pattern === rule.pattern && sameRule(one, rule)),
  )
}

function hasRulesNear({ policies }: Subject, { start, around }: TemplatedBlock): boolean {
  return policies.mayHold(start) && policies.grants.rules.some((rule) => interplay(rule, around))
}

function touches(role: Subject, block: TemplatedBlock): boolean {
  return hasRulesNear(role, block) || grantingNear(role, block).length > 0
}

function grantingNear({ policies }: Subject, { around }: TemplatedBlock): readonly TemplatedBlock[] {
  return grantingBlocks(policies.templated).filter((other) => interplay(other.around, around))
}

/** Whether something that the role grants may lie behind the block. */
function hides(role: Subject, block: TemplatedBlock): boolean {
  return hasRulesNear(role, block) || grantingNear(role, block).some((other) => other !== block)
}

/** Whether tokens of both roles fill templates alike; where there are none but the server's own, they are not asked. */
export function fillsAlike(a: Subject, b: Subject): boolean {
  return a.policies.templated.every(isBuiltinBlock) || isOnePerson(a, b)
}

const identity = ['user_claim', 'user_claim_json_pointer', 'groups_claim', 'claim_mappings']

/** The server makes one entity of a mount and the text of the user claim (vault/identity_store_util.go). */
function isOnePerson(a: Subject, b: Subject): boolean {
  return a.mount.path === b.mount.path && identity.every((field) => deepEqual(a.role.role[field], b.role.role[field]))
}
