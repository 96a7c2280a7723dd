import { builtinPolicy } from './acl/builtin.ts'
import type { AccessModel } from './model.ts'
import { parsePolicy } from './policy/parse.ts'
import type { ParsedPolicy } from './policy/policy.ts'

const known = new WeakMap<AccessModel, Map<string, ParsedPolicy | undefined>>()

/**
 * A policy of a model, parsed once. Where nobody describes `default`, it is the server's own; `root` has no text. Undefined
 * for one of which nothing is known.
 */
export function modelPolicy(model: AccessModel, name: string): ParsedPolicy | undefined {
  const policies = known.get(model) ?? new Map<string, ParsedPolicy | undefined>()
  known.set(model, policies)
  if (!policies.has(name)) policies.set(name, parse(model, name))
  return policies.get(name)
}

function parse({ policies, server }: AccessModel, name: string): ParsedPolicy | undefined {
  const described = policies.get(name)
  const file = described?.file
  if (described !== undefined) return parsePolicy(name, described.text, server, file === undefined ? {} : { file })
  if (name === 'root') return { policy: { name, rules: [] } }
  return name === 'default' ? parsePolicy(name, builtinPolicy('default', server), server) : undefined
}
