import { forBlocks } from '../policy-blocks.ts'
import { keyNamed, replaceKey, textsIn } from '../policy-source.ts'
import type { Rule } from '../rule.ts'

/** Source: vault/policy.go, oldDenyPathPolicy and its siblings. */
const meanings: Readonly<Record<string, readonly string[]>> = {
  deny: ['deny'],
  read: ['read', 'list'],
  write: ['create', 'read', 'update', 'delete', 'list'],
  sudo: ['create', 'read', 'update', 'delete', 'list', 'sudo'],
}

let looked = { text: '', found: false }

/** All blocks of a text come one after the other, and ten thousand of them must not look through it ten thousand times. */
function mentionsPolicy(text: string): boolean {
  if (looked.text !== text) looked = { text, found: /\bpolicy\b/.test(text) }
  return looked.found
}

export const policyShorthand: Rule = {
  id: 'VWP08',
  title: 'the old "policy" key in place of capabilities',
  level: 'info',
  why: 'The key is a leftover of Vault 0.5 that servers still take. Each of its words stands for several capabilities, which nobody sees in a review.',
  example: {
    bad: 'path "ops/data/app" { policy = "read" }',
    good: 'path "ops/data/app" { capabilities = ["read", "list"] }',
  },
  check: forBlocks(function* (block) {
    if (!mentionsPolicy(block.text)) return
    const item = keyNamed(block, 'policy')
    const [word = ''] = item === undefined ? [] : textsIn(item.value)
    const meaning = Object.hasOwn(meanings, word) ? meanings[word] : undefined
    if (item === undefined || meaning === undefined) return
    const capabilities = `capabilities = [${meaning.map((name) => `"${name}"`).join(', ')}]`
    const fix = keyNamed(block, 'capabilities') === undefined ? replaceKey(block, item, capabilities) : undefined
    yield {
      message: `policy = "${word}" in the block of "${block.rule.written}" is an old way to write capabilities`,
      help: `Write ${capabilities}.`,
      ...(fix && { fix }),
    }
  }),
}
