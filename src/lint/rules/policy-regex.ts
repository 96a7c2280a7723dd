import { forBlocks, pathOf } from '../policy-blocks.ts'
import type { Rule } from '../rule.ts'

/** What people write who think of a shell or of regular expressions; nearly no name in Vault has such characters. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/\.\*/, '".*"'],
  [/\[[^\]]*\]/, '"[…]"'],
  [/\([^)]*\|[^)]*\)/, '"(…|…)"'],
  [/\{[^{}]*,[^{}]*\}/, '"{…,…}"'],
  [/\?/, '"?"'],
  [/^\^|\$$/, '"^" or "$"'],
  [/\\/, 'a backslash'],
]

export const policyRegex: Rule = {
  id: 'VWP04',
  title: 'a pattern in a language that policies do not have',
  level: 'warning',
  why: 'Policies know "+" for one segment and "*" at the end of a path. Signs of regular expressions and shells stand for themselves, so the rule matches nothing that exists.',
  example: {
    bad: 'path "ops/data/(staging|production)/db" { capabilities = ["read"] }',
    good: 'path "ops/data/staging/db" { capabilities = ["read"] }\npath "ops/data/production/db" { capabilities = ["read"] }',
  },
  check: forBlocks(function* (block) {
    const path = pathOf(block).replace(/\{\{.*?\}\}/g, '')
    const found = foreign.find(([pattern]) => pattern.test(path))
    if (found === undefined) return
    yield {
      message: `"${block.rule.written}" has ${found[1]}, which stands for itself in a policy`,
      help: 'Use "+" for one segment and "*" at the end of the path for anything, or write one rule for each path.',
    }
  }),
}
