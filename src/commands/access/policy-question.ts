import { type Acl, buildAcl } from '../../access/acl/acl.ts'
import { capabilitiesOf } from '../../access/acl/capabilities.ts'
import { parsePolicy } from '../../access/policy/parse.ts'
import type { ParsedPolicy, Policy } from '../../access/policy/policy.ts'
import { storedPolicyText } from '../../access/policy/stored-text.ts'
import { isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'

/** Policies by name, as a question gives them: what they allow together, or what the server says against them. */
export type PolicySet = { readonly acl: Acl } | { readonly refused: Readonly<Record<string, readonly string[]>> }

/** What `sys/capabilities` answers about a path, as JSON. */
export function answerPolicies(set: PolicySet, path: string): string {
  return 'acl' in set ? capabilitiesAnswer(capabilitiesOf(set.acl, path)) : JSON.stringify({ refused: set.refused })
}

const spelled = new WeakMap<readonly string[], string>()

/** Most answers are one of a few lists, each of them one value. */
function capabilitiesAnswer(capabilities: readonly string[]): string {
  const known = spelled.get(capabilities)
  if (known !== undefined) return known
  const text = JSON.stringify({ capabilities })
  spelled.set(capabilities, text)
  return text
}

/** Reads sets of policies for one server; a text that comes again, in whatever set, is parsed once. */
export function policySetReader(server: ServerVersion): (policies: JsonObject) => PolicySet {
  const parsed = cache<readonly string[] | ParsedPolicy>(10_000)
  const read = (name: string, text: JsonValue): readonly string[] | Policy => {
    if (typeof text !== 'string') return ["'policy' parameter not supplied or empty"]
    const result = parsed(text, () => parseStored(text, server))
    if ('policy' in result) return reserved(name, server) ?? { ...result.policy, name }
    return 'refused' in result ? result.refused.errors : result
  }
  return (policies) => {
    const read1 = Object.entries(policies).map(([name, text]) => [name, read(storedName(name), text)] as const)
    const refused = read1.filter((entry): entry is [string, readonly string[]] => Array.isArray(entry[1]))
    if (refused.length > 0) return { refused: Object.fromEntries(refused) }
    // Two spellings of one name are one policy: the later write replaces the earlier one.
    const byName = new Map((read1 as readonly (readonly [string, Policy])[]).map(([, policy]) => [policy.name, policy]))
    return { acl: buildAcl([...byName.values()], server) }
  }
}

function storedName(name: string): string {
  return name.trim().toLowerCase()
}

function parseStored(text: string, server: ServerVersion): readonly string[] | ParsedPolicy {
  const stored = storedPolicyText(text)
  return 'refused' in stored ? [stored.refused] : parsePolicy('', stored.text, server)
}

/** Policies that nobody can write (vault and openbao policy_store.go, immutablePolicies). */
function reserved(name: string, { product }: ServerVersion): readonly string[] | undefined {
  const names = product === 'vault' ? ['root', 'response-wrapping', 'control-group'] : ['root', 'response-wrapping']
  return names.includes(name) ? [`cannot update ${JSON.stringify(name)} policy`] : undefined
}

/** Remembers what was made of a key, for as many keys as told; then it begins anew. */
export function cache<Value>(size: number): (key: string, make: () => Value) => Value {
  const known = new Map<string, Value>()
  return (key, make) => {
    const found = known.get(key)
    if (found !== undefined) return found
    const value = make()
    if (known.size >= size) known.clear()
    // A slice of a longer text would keep all of that text in memory.
    known.set(Buffer.from(key).toString(), value)
    return value
  }
}

/** An object under a key of a question, or undefined. */
export function objectAt(question: JsonObject, key: string): JsonObject | undefined {
  const value = question[key]
  return isObject(value) ? value : undefined
}
