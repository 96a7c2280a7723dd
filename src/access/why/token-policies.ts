import type { Source } from '../../core/diagnostic.ts'
import { builtinPolicy } from '../acl/builtin.ts'
import type { AccessModel } from '../model.ts'
import { parsePolicy } from '../policy/parse.ts'
import type { ParsedPolicy, Policy, PolicyRefusal } from '../policy/policy.ts'

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

/** Parses each policy of a model once. `default` is the server's own where nobody describes another. */
export function policyReader(model: AccessModel): (names: readonly string[]) => TokenPolicies {
  const parsed = new Map<string, ParsedPolicy | undefined>()
  const read = (name: string) => {
    if (!parsed.has(name)) parsed.set(name, parse(model, name))
    return parsed.get(name)
  }
  return (names) => {
    const policies: Policy[] = []
    const unknown: string[] = []
    const refused: { readonly name: string; readonly refusal: PolicyRefusal }[] = []
    for (const name of names) {
      const result = read(name)
      if (result === undefined) unknown.push(name)
      else if ('policy' in result) policies.push(result.policy)
      else refused.push({ name, refusal: result.refused })
    }
    return { policies, unknown, refused, origins: new Map(names.map((name) => [name, originOf(model, name)])) }
  }
}

function parse({ policies, server }: AccessModel, name: string): ParsedPolicy | undefined {
  const described = policies.get(name)
  const file = described?.file
  if (described !== undefined) return parsePolicy(name, described.text, server, file === undefined ? {} : { file })
  if (name === 'root') return { policy: { name, rules: [] } }
  return name === 'default' ? parsePolicy(name, builtinPolicy('default', server), server) : undefined
}

function originOf({ policies }: AccessModel, name: string): PolicyOrigin {
  const described = policies.get(name)
  if (described === undefined) return name === 'default' ? { from: 'server' } : { from: 'somewhere' }
  const { file, source } = described
  if (file !== undefined) return { from: 'file', file }
  return source === undefined ? { from: 'somewhere' } : { from: 'role', source }
}
