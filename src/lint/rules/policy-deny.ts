import { forBlocks, joined } from '../policy-blocks.ts'
import { keyNamed, textsIn, withoutCapabilities } from '../policy-source.ts'
import type { Rule } from '../rule.ts'

/** Source: vault/policy.go: `deny` clears every other capability of its block. */
export const policyDeny: Rule = {
  id: 'VWP07',
  title: '"deny" beside other capabilities',
  level: 'warning',
  why: '"deny" takes everything else out of its block, so the other capabilities only make it look as if something were allowed.',
  example: {
    bad: 'path "ops/data/app" { capabilities = ["read", "deny"] }',
    good: 'path "ops/data/app" { capabilities = ["deny"] }',
  },
  check: forBlocks(function* (block) {
    const { rule } = block
    const item = rule.capabilities.has('deny') ? keyNamed(block, 'capabilities') : undefined
    const others = item === undefined ? [] : textsIn(item.value).filter((capability) => capability !== 'deny')
    if (others.length === 0) return
    const fix = withoutCapabilities(block, others)
    yield {
      message: `"deny" in the block of "${rule.written}" makes ${joined(others)} void`,
      help: 'Leave the other capabilities out; or "deny", if they are meant.',
      ...(fix && { fix }),
    }
  }),
}
