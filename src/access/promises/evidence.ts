import type { PromiseEvidence } from '../../core/promise.ts'
import type { Block, MergedRule } from '../acl/decision.ts'
import type { AccessModel } from '../model.ts'
import { joined } from './words.ts'

/** The blocks of the policies from which a rule was merged, each with its place in the files where that is known. */
export function ruleEvidence(rule: MergedRule | undefined, model: AccessModel): PromiseEvidence[] {
  return (rule?.from ?? []).map((block) => blockEvidence(block, model))
}

function blockEvidence({ policy, rule }: Block, model: AccessModel): PromiseEvidence {
  const what = rule.capabilities.size === 0 ? 'gives nothing' : `gives ${joined([...rule.capabilities])}`
  const message = `path "${rule.written}" of the policy "${policy.name}" ${rule.capabilities.has('deny') ? 'denies' : what}`
  const source =
    policy.file === undefined ? model.policies.get(policy.name)?.source : { file: policy.file, ...rule.position }
  return { message, ...(source === undefined ? {} : { source }) }
}

export function roleEvidence(model: AccessModel, mount: string, name: string): PromiseEvidence[] {
  const role = model.mounts.get(mount)?.roles.get(name)
  if (role === undefined) return []
  const message = `the role ${mount}/${name}`
  return [{ message, ...(role.source === undefined ? {} : { source: role.source }) }]
}
