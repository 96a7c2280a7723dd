import type { PathRule, Policy } from '../access/policy/policy.ts'
import type { Identity } from '../core/resource.ts'
import type { Finding, Fix, LintSubject, Rule } from './rule.ts'

/** A `path` block of a policy. */
export interface PolicyBlock {
  readonly object: Identity
  readonly policy: Policy
  readonly rule: PathRule
  /** Of the policy, the block's positions count in it. */
  readonly text: string
}

export interface BlockReport {
  readonly message: string
  readonly help: string
  readonly fix?: Fix
}

/** The check of a rule that looks at one block after another. */
export function forBlocks(check: (block: PolicyBlock, subject: LintSubject) => Iterable<BlockReport>): Rule['check'] {
  return function* (subject): Generator<Finding> {
    for (const block of blocksOf(subject)) for (const report of check(block, subject)) yield findingAt(block, report)
  }
}

export function findingAt({ object, rule }: PolicyBlock, report: BlockReport): Finding {
  return { object, field: ['policy'], position: rule.position, ...report }
}

const blocksBySubject = new WeakMap<LintSubject, readonly PolicyBlock[]>()

/** Of all policies whose text a server would take; the others are errors of the configuration. */
export function blocksOf(subject: LintSubject): readonly PolicyBlock[] {
  const known = blocksBySubject.get(subject)
  if (known !== undefined) return known
  const objects = new Map(subject.environment.desired.map((object) => [object.path, object]))
  const blocks: PolicyBlock[] = []
  for (const [name, parsed] of subject.policies) {
    const object = objects.get(`sys/policies/acl/${name}`)
    if (object === undefined || !('policy' in parsed)) continue
    const { policy } = parsed
    const text = subject.model.policies.get(name)?.text ?? ''
    for (const rule of policy.rules) blocks.push({ object, policy, rule, text })
  }
  blocksBySubject.set(subject, blocks)
  return blocks
}

/** The path as the server has it: one leading `/` does not count. */
export function pathOf({ rule }: Pick<PolicyBlock, 'rule'>): string {
  return rule.written.replace(/^\//, '')
}

/** "a, b and c", for lists of capabilities in sentences. */
export function joined(words: readonly string[], last = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}
