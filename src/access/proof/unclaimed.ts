import type { AccessBeyond } from '../../core/access-effect.ts'
import { addressOf } from '../../core/resource.ts'
import { builtinPolicy } from '../acl/builtin.ts'
import type { AccessModel, ModelRole } from '../model.ts'
import { samePolicyMeaning } from '../policy/same-meaning.ts'

/**
 * Policies that came, went or changed their meaning and that no role of either model names. Other auth methods, entities and
 * groups may name them, and a new one from now on: of them nothing is known here, so nothing may be concluded.
 *
 * @param changed names of all policies whose texts differ
 */
export function unclaimedChanges(
  before: AccessModel,
  after: AccessModel,
  changed: ReadonlySet<string>,
): readonly AccessBeyond[] {
  if (changed.size === 0) return []
  const unclaimed = new Set(changed)
  for (const { mounts } of [before, after])
    for (const { roles } of mounts.values()) for (const role of roles.values()) withoutNamed(unclaimed, role)
  return [...unclaimed]
    .filter((name) => !samePolicyMeaning(textOf(name, before), textOf(name, after)))
    .map((name) => ({ about: addressOf('policy', name), reason }))
}

const reason = 'no role here names it, so whose tokens gain or lose what it grants is not known'

/** The server lower-cases and trims the names of a role's policies. */
function withoutNamed(names: Set<string>, { role }: ModelRole): void {
  if (role['token_no_default_policy'] !== true) names.delete('default')
  const own = role['token_policies']
  if (!Array.isArray(own)) return
  for (const name of own) if (typeof name === 'string') names.delete(name.trim().toLowerCase())
}

/** A policy that is not there is as good as one without rules. */
const noRules = '# no rules'

function textOf(name: string, { policies, server }: AccessModel): string {
  return policies.get(name)?.text ?? (name === 'default' ? builtinPolicy('default', server) : noRules)
}
