import { forBlocks, pathOf } from '../policy-blocks.ts'
import type { Rule } from '../rule.ts'

/** Source: Go's ServeMux cleans a request's path before a handler sees it (net/http path.Clean). */
export const policyNever: Rule = {
  id: 'VWP01',
  title: 'a path that no request can have',
  level: 'error',
  why: 'The server cleans the paths of requests, so a rule for a path that is not clean never counts: what it should allow is denied, and what it should deny is allowed.',
  example: {
    bad: 'path "/v1/ops/data//app" { capabilities = ["read"] }',
    good: 'path "ops/data/app" { capabilities = ["read"] }',
  },
  check: forBlocks(function* (block) {
    const path = pathOf(block)
    const reason = whyNever(path)
    if (reason === undefined) return
    yield {
      message: `no request matches "${block.rule.written}": ${reason}`,
      help: `Write "${cleaned(path)}", if that is what is meant.`,
    }
  }),
}

function whyNever(path: string): string | undefined {
  if (path === '') return 'it is empty'
  if (path.startsWith('/')) return 'a path has no "/" at its beginning, and only one is overlooked'
  if (path.includes('//')) return 'the server makes one "/" of several'
  if (/(^|\/)\.{1,2}(\/|$)/.test(path)) return 'the server resolves "." and ".." before it looks for a rule'
  if (/^v1\//.test(path)) return '"v1/" belongs to the URL of the API and not to the path'
  return undefined
}

function cleaned(path: string): string {
  const parts = path.replace(/^\/*(v1\/)?/, '').split('/')
  const kept: string[] = []
  for (const [index, part] of parts.entries()) {
    if (part === '..') kept.pop()
    else if (part !== '.' && (part !== '' || index === parts.length - 1)) kept.push(part)
  }
  return kept.join('/')
}
