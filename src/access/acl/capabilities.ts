import type { Acl } from './acl.ts'
import type { MergedRule } from './decision.ts'
import { findRule, pathWithin } from './find.ts'

const answers = new WeakMap<MergedRule, readonly string[]>()
const none: readonly string[] = ['deny']
const all: readonly string[] = ['root']

/**
 * What `sys/capabilities` answers: sorted; `["deny"]` for nothing, `["root"]` for everything. A path with a slash at its
 * end is looked up as a list's. Where the policies make no rules (see `Acl.failure`) the server answers 500, and this
 * `["deny"]`. Source: vault/capabilities.go, ACL.Capabilities.
 */
export function capabilitiesOf(acl: Acl, path: string): readonly string[] {
  if (acl.root) return all
  const rule = findRule(acl, pathWithin(acl, path), true)
  return rule === undefined ? none : answerOf(rule)
}

function answerOf(rule: MergedRule): readonly string[] {
  const known = answers.get(rule)
  if (known !== undefined) return known
  const sorted = [...rule.capabilities].sort()
  const answer = sorted.length === 0 || rule.capabilities.has('deny') ? none : sorted
  answers.set(rule, answer)
  return answer
}
