import type { Source } from '../../core/diagnostic.ts'
import type { AccessModel } from '../model.ts'
import { modelPolicy } from '../model-policy.ts'
import type { Policy, PolicyRefusal } from '../policy/policy.ts'

/** A file of its own, line for line; generated for a role that says `secrets`; or the server's own. */
type PolicyOrigin =
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'role'; readonly source: Source }
  | { readonly from: 'server' }
  | { readonly from: 'somewhere' }

/** The policies of a token, as far as they are known. */
export interface TokenPolicies {
  readonly policies: readonly Policy[]
  /** Named by the token and described nowhere here: nothing may be concluded about them. */
  readonly unknown: readonly string[]
  /** Where each one comes from, by name. */
  readonly origins: ReadonlyMap<string, PolicyOrigin>
  /** Texts that the server would not take. */
  readonly refused: readonly { readonly name: string; readonly refusal: PolicyRefusal }[]
}

/** `default` is the server's own where nobody describes another. */
export function tokenPolicies(model: AccessModel, names: readonly string[]): TokenPolicies {
  const policies: Policy[] = []
  const unknown: string[] = []
  const refused: { readonly name: string; readonly refusal: PolicyRefusal }[] = []
  for (const name of names) {
    const parsed = modelPolicy(model, name)
    if (parsed === undefined) unknown.push(name)
    else if ('policy' in parsed) policies.push(parsed.policy)
    else refused.push({ name, refusal: parsed.refused })
  }
  return { policies, unknown, refused, origins: new Map(names.map((name) => [name, originOf(model, name)])) }
}

function originOf({ policies }: AccessModel, name: string): PolicyOrigin {
  const described = policies.get(name)
  if (described === undefined) return name === 'default' ? { from: 'server' } : { from: 'somewhere' }
  const { file, source } = described
  if (file !== undefined) return { from: 'file', file }
  return source === undefined ? { from: 'somewhere' } : { from: 'role', source }
}
