import type { AccessReport } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import type { AccessModel, ModelMount } from '../model.ts'
import { type Changes, changedPolicies, changedRoles } from './changed.ts'
import { effectsOf } from './effects.ts'
import { comparer, gainsOver } from './gains.ts'
import { tokenChanges } from './how.ts'
import { policyStore } from './policies.ts'
import { type Entry, entriesOf } from './subjects.ts'
import { trustEffects } from './trust.ts'
import { unclaimedChanges } from './unclaimed.ts'

/**
 * What tokens gain and lose between two models of one server, over all roles together: which tokens, which paths, which
 * capabilities, each with a token and a request that show it. Renaming a role or a policy, rewording one, or moving rules
 * between policies changes nothing. Besides, what changes only how: the tokens' TTL, type, uses and networks, and what
 * rules demand of parameters and wrapping.
 *
 * Tokens are those that GitLab can issue; the token's identity, its groups and times are not looked at. What the server's own
 * policy `default` allows is left out of logins that are new, and is one line where it comes or goes alone. Whoever has a changed
 * policy that no role names is not known.
 */
export function difference(before: AccessModel, after: AccessModel): AccessReport {
  const policies = changedPolicies(before, after)
  const unclaimed = unclaimedChanges(before, after, policies)
  const { before: wasChanged, after: isChanged } = changedRoles(before, after, policies)
  if (wasChanged.size + isChanged.size === 0) return { effects: [], beyond: uniqueBeyond(unclaimed) }
  const store = policyStore()
  // A mount that comes to trust other tokens is one effect; its roles are compared as if it had trusted them before.
  const trusted = (mount: ModelMount) => {
    const other = after.mounts.get(mount.path)
    return other?.config === undefined ? mount : other
  }
  const [old, now] = [entriesOf(before, store, trusted), entriesOf(after, store, trusted)]
  const inAccess = (entries: readonly Entry[], changes: Changes) =>
    entries.filter(({ role }) => changes.get(role)?.access)
  const compare = comparer()
  const gains = gainsOver(inAccess(now, isChanged), old, compare)
  const losses = gainsOver(inAccess(old, wasChanged), now, compare)
  const inTokens = (entries: readonly Entry[], changes: Changes) =>
    entries.filter(({ role }) => changes.get(role)?.tokens).map((entry) => entry.subject())
  const effects = [
    ...trustEffects(before, after),
    ...effectsOf({ gains: gains.gains, losses: losses.gains }),
    ...tokenChanges(inTokens(old, wasChanged), inTokens(now, isChanged)),
  ]
  return { effects: effects.sort(inOrder), beyond: uniqueBeyond([...gains.beyond, ...losses.beyond, ...unclaimed]) }
}

/** Whether two models grant the same in the same way; undefined where that cannot be said. */
export function equivalent(before: AccessModel, after: AccessModel): boolean | undefined {
  const { effects, beyond } = difference(before, after)
  if (effects.length > 0) return false
  return beyond.length > 0 ? undefined : true
}

const order = { gain: 0, loss: 1, change: 2 } as const

function inOrder(a: AccessReport['effects'][number], b: AccessReport['effects'][number]): number {
  return order[a.effect] - order[b.effect] || byText(a.text, b.text)
}

function uniqueBeyond(beyond: AccessReport['beyond']): AccessReport['beyond'] {
  const byWords = new Map(beyond.map((one) => [`${one.about} ${one.reason}`, one]))
  return [...byWords.keys()].sort().map((key) => byWords.get(key) as AccessReport['beyond'][number])
}
