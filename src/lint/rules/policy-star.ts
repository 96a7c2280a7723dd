import { forBlocks, pathOf } from '../policy-blocks.ts'
import type { Rule } from '../rule.ts'

/** Source: vault/policy.go parsePaths; only a `*` at the very end of a path is a wildcard. */
export const policyStar: Rule = {
  id: 'VWP02',
  title: '"*" that is no wildcard',
  level: 'warning',
  why: 'Only a "*" at the end of a path is a wildcard; anywhere else it is the character itself, so the rule matches nothing that exists.',
  example: {
    bad: 'path "ops/data/*/db" { capabilities = ["read"] }',
    good: 'path "ops/data/+/db" { capabilities = ["read"] }',
  },
  check: forBlocks(function* (block) {
    const path = pathOf(block)
    if (!path.slice(0, -1).includes('*')) return
    const meant = path.replace(/\*+(?=\/)/g, '+').replace(/\*+$/, '*')
    const plain = /^[^*]*\*?$/.test(meant) && !meant.includes('+*') && !/[^/]\+|\+[^/]/.test(meant)
    yield {
      message: `"${block.rule.written}" has a "*" that is not at its end and stands for itself`,
      help: plain
        ? `Write "${meant}": "+" is any one segment, "*" at the end anything.`
        : 'Use "+" for one whole segment; a part of a segment can be left open at the end of the path only.',
    }
  }),
}
