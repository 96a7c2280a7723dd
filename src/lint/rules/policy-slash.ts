import { forBlocks, joined } from '../policy-blocks.ts'
import type { Rule } from '../rule.ts'

/** Source: vault/request_handling.go refuses writes to such paths; http/logical.go gives lists their slash. */
export const policySlash: Rule = {
  id: 'VWP05',
  title: 'a path that ends in "/" for something else than listing',
  level: 'warning',
  why: 'Only lists have a "/" at the end of their path. A rule without a "*" behind it allows nothing of what lies below.',
  example: {
    bad: 'path "ops/data/app/" { capabilities = ["read"] }',
    good: 'path "ops/data/app/*" { capabilities = ["read"] }',
  },
  check: forBlocks(function* ({ rule }) {
    const others = [...rule.capabilities].filter((capability) => !['list', 'scan', 'sudo', 'deny'].includes(capability))
    if (rule.match === 'prefix' || !rule.written.endsWith('/') || others.length === 0) return
    yield {
      message: `"${rule.written}" is the path of a list only, and ${joined(others)} is of no use there`,
      help: `Write "${rule.written}*" for everything below it, or "${rule.written.replace(/\/+$/, '')}" for the object itself.`,
    }
  }),
}
