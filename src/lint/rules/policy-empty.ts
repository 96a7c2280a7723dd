import { forBlocks } from '../policy-blocks.ts'
import type { Rule } from '../rule.ts'

/** Source: vault/acl.go: the rule that matches best decides alone, also one that grants nothing. */
export const policyEmpty: Rule = {
  id: 'VWP06',
  title: 'a block without capabilities',
  level: 'warning',
  why: 'Such a block is a rule that grants nothing, and it wins against broader rules: what they allow is denied here, without the word "deny".',
  example: {
    bad: 'path "ops/data/app/*" { }',
    good: 'path "ops/data/app/*" { capabilities = ["deny"] }',
  },
  check: forBlocks(function* ({ rule }) {
    if (rule.capabilities.size > 0) return
    yield {
      message: `the block of "${rule.written}" grants nothing and hides what broader rules allow there`,
      help: 'Write capabilities = ["deny"] if that is meant; otherwise give it capabilities, or remove it.',
    }
  }),
}
