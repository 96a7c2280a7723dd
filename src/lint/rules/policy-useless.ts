import { forBlocks, joined } from '../policy-blocks.ts'
import { kv2Parts, kv2Path } from '../policy-kv2.ts'
import { withoutCapabilities } from '../policy-source.ts'
import type { Rule } from '../rule.ts'

/** Source: vault-plugin-secrets-kv, the operations of each path. `list` on data/ is VWP12's, `sudo` is VWP14's. */
export const policyUseless: Rule = {
  id: 'VWP13',
  title: 'a capability that the engine never asks for',
  level: 'warning',
  why: 'The engine refuses such requests whatever the policy says. The capability does no harm yet, and makes reviewers believe that something is allowed.',
  example: {
    bad: 'path "ops/undelete/app" { capabilities = ["read", "update"] }',
    good: 'path "ops/undelete/app" { capabilities = ["update"] }',
  },
  check: forBlocks(function* (block, subject) {
    const path = kv2Path(block, subject)
    const asked = path !== undefined && Object.hasOwn(kv2Parts, path.part) ? kv2Parts[path.part] : undefined
    if (path === undefined || asked === undefined) return
    const elsewhere = path.part === 'data' ? ['deny', 'sudo', 'list'] : ['deny', 'sudo']
    const useless = [...block.rule.capabilities].filter(
      (capability) => !asked.includes(capability) && !elsewhere.includes(capability),
    )
    if (useless.length === 0) return
    const fix = withoutCapabilities(block, useless)
    yield {
      message: `${joined(useless)} on "${block.rule.written}" does nothing: below "${path.part}/" kv-v2 knows ${joined(asked)}`,
      help: `Leave ${useless.length === 1 ? 'it' : 'them'} out.`,
      ...(fix && { fix }),
    }
  }),
}
