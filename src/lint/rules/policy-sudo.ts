import { requiresSudo } from '../../access/acl/sudo.ts'
import { forBlocks, type PolicyBlock } from '../policy-blocks.ts'
import { headOf } from '../policy-patterns.ts'
import { withoutCapabilities } from '../policy-source.ts'
import type { LintSubject, Rule } from '../rule.ts'

export const policySudo: Rule = {
  id: 'VWP14',
  title: '"sudo" where no path needs it',
  level: 'warning',
  why: 'The server asks for "sudo" on a few paths of its own. Elsewhere it allows nothing, until a later version or an engine has such a path there.',
  example: {
    bad: 'path "ops/data/app" { capabilities = ["read", "sudo"] }',
    good: 'path "ops/data/app" { capabilities = ["read"] }',
  },
  check: forBlocks(function* (block, subject) {
    if (!block.rule.capabilities.has('sudo') || mayNeedSudo(block, subject)) return
    const fix = withoutCapabilities(block, ['sudo'])
    yield {
      message: `no request on "${block.rule.written}" needs "sudo"`,
      help: 'Leave it out.',
      ...(fix && { fix }),
    }
  }),
}

/** All such paths begin so, but for those of pki. */
const folders = ['sys/', 'auth/token/']

function mayNeedSudo({ rule }: PolicyBlock, { model }: LintSubject): boolean {
  if (rule.templated || model.namespace !== '') return true
  if (rule.match === 'exact')
    return (
      requiresSudo(rule.pattern, model.server) ||
      requiresSudo(`${rule.pattern}/`, model.server) ||
      /\/root(\/sign-self-issued)?$/.test(rule.pattern)
    )
  const head = headOf(rule)
  if (folders.some((folder) => head.startsWith(folder) || folder.startsWith(head))) return true
  if (/\/root(\/|\*|$)/.test(rule.pattern)) return true
  // What is open below a mount reaches `<mount>/root` too, and whether it is pki is not known; deeper down it does not.
  const open = rule.match === 'prefix' || rule.pattern.endsWith('*')
  return open && !/^[^/]+\/[^/]+\//.test(head)
}
