import { forBlocks, joined } from '../policy-blocks.ts'
import type { Rule } from '../rule.ts'

export const policyEverything: Rule = {
  id: 'VWP10',
  title: 'a rule for every path',
  level: 'error',
  why: 'The rule reaches sys/, auth/ and all secrets engines, those of tomorrow included: with writing, it is as good as root.',
  example: {
    bad: 'path "*" { capabilities = ["read", "list"] }',
    good: 'path "ops/data/app/*" { capabilities = ["read"] }',
  },
  check: forBlocks(function* ({ rule }) {
    const granted = [...rule.capabilities].filter((capability) => capability !== 'deny')
    if (granted.length === 0 || !/^\/?(\+\/)*\*$/.test(rule.written)) return
    yield {
      message: `"${rule.written}" matches every path${rule.written.includes('+') ? ' that is long enough' : ''} and allows ${joined(granted)}`,
      help: 'Begin the path with the mount that is meant.',
    }
  }),
}
