import { type Acl, buildAcl } from '../acl/acl.ts'
import type { AccessModel } from '../model.ts'
import { modelPolicy } from '../model-policy.ts'
import type { Policy } from '../policy/policy.ts'

/** What a token's policies allow, or the reason why that cannot be told. */
export type TokenAcl = { readonly acl: Acl } | { readonly unknown: string }

const known = new WeakMap<AccessModel, Map<string, TokenAcl>>()

/**
 * Of a token with these policies and nothing of an identity's. A policy that the model lacks is not known; `default` is
 * then what a fresh server has. `now` does not count: a block that expires (OpenBao) counts until it has.
 */
export function tokenAcl(model: AccessModel, names: readonly string[]): TokenAcl {
  const acls = known.get(model) ?? new Map<string, TokenAcl>()
  known.set(model, acls)
  const key = names.join('\0')
  const found = acls.get(key) ?? makeAcl(model, names)
  acls.set(key, found)
  return found
}

function makeAcl(model: AccessModel, names: readonly string[]): TokenAcl {
  const policies: Policy[] = []
  for (const name of names) {
    const parsed = modelPolicy(model, name)
    if (parsed === undefined) return { unknown: `nothing here says what the policy "${name}" allows` }
    if ('refused' in parsed)
      return { unknown: `the server would not take the policy "${name}": ${parsed.refused.errors[0]}` }
    policies.push(parsed.policy)
  }
  return { acl: buildAcl(policies, model.server, model.namespace === '' ? {} : { namespace: model.namespace }) }
}
