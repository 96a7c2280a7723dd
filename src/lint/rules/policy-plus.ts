import { forBlocks, pathOf } from '../policy-blocks.ts'
import type { Rule } from '../rule.ts'

/** Source: vault/policy.go parsePaths and acl.go; only a segment that is `+` and nothing else is a wildcard. */
export const policyPlus: Rule = {
  id: 'VWP03',
  title: '"+" that is no wildcard',
  level: 'warning',
  why: 'A "+" stands for a segment only where it is the whole segment; next to other characters it is the character itself, so the rule matches nothing that exists.',
  example: {
    bad: 'path "ops/data/app-+/db" { capabilities = ["read"] }',
    good: 'path "ops/data/+/db" { capabilities = ["read"] }',
  },
  check: forBlocks(function* (block) {
    const segment = pathOf(block)
      .split('/')
      .find((part) => part !== '+' && part.includes('+'))
    if (segment === undefined) return
    yield {
      message: `"${block.rule.written}" has "${segment}", in which "+" stands for itself`,
      help: 'Write "+" alone between two slashes, or one rule for each name.',
    }
  }),
}
