import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import type { MergedRule, Operation } from '../acl/decision.ts'
import { parameterDenial } from '../acl/parameters.ts'
import type { Capability } from '../policy/policy.ts'

/** What a request has to carry so that a rule lets it pass. */
export interface RequestExtras {
  readonly parameters?: JsonObject
  readonly wrapTtl?: number
}

const known = new WeakMap<MergedRule, Map<string, RequestExtras | undefined>>()

/**
 * With what a request of this capability passes the rule; undefined where nothing does, because the rule lacks the
 * capability or asks for what it forbids. A parameter's value is looked for among those that the rule names and one of
 * each JSON type.
 */
export function extrasFor(rule: MergedRule, capability: Capability, server: ServerVersion): RequestExtras | undefined {
  if (!rule.capabilities.has(capability) || rule.capabilities.has('deny')) return undefined
  if (asksForNothing(rule)) return nothing
  const cached = known.get(rule) ?? new Map<string, RequestExtras | undefined>()
  known.set(rule, cached)
  const key = `${capability} ${server.product} ${server.version}`
  if (!cached.has(key)) cached.set(key, findExtras(rule, capability, server))
  return cached.get(key)
}

const nothing: RequestExtras = {}

function asksForNothing(rule: MergedRule): boolean {
  return (
    rule.requiredParameters === undefined &&
    rule.minWrappingTtl === undefined &&
    rule.maxWrappingTtl === undefined &&
    rule.paginationLimit === undefined
  )
}

/** Capabilities that no request's operation is called: they come on top of one. */
export function isOperation(capability: string): capability is Operation {
  return capability !== 'sudo' && capability !== 'subscribe' && capability !== 'deny' && capability !== 'root'
}

function findExtras(rule: MergedRule, capability: Capability, server: ServerVersion): RequestExtras | undefined {
  if (!isOperation(capability)) return nothing
  const { minWrappingTtl: min = 0, maxWrappingTtl: max = 0 } = rule
  if (max < 0 || (max > 0 && max < min)) return undefined
  const wrapTtl = max > 0 ? max : min
  const parameters = parametersFor(rule, capability, server)
  return parameters && { ...(Object.keys(parameters).length > 0 && { parameters }), ...(wrapTtl > 0 && { wrapTtl }) }
}

function parametersFor(rule: MergedRule, operation: Operation, server: ServerVersion): JsonObject | undefined {
  if (operation === 'list' || operation === 'scan')
    return (rule.paginationLimit ?? 0) > 0 ? { limit: String(rule.paginationLimit) } : {}
  if (operation === 'delete') return {}
  const free = { ...rule, requiredParameters: [] }
  const parameters: Record<string, JsonValue> = {}
  for (const name of rule.requiredParameters ?? []) {
    const key = name.toLowerCase()
    const value = valuesFor(rule, key).find(
      (value) => parameterDenial(free, { operation, path: '', parameters: { [key]: value } }, server) === undefined,
    )
    if (value === undefined) return undefined
    parameters[key] = value
  }
  return parameters
}

function valuesFor({ allowedParameters }: MergedRule, name: string): readonly JsonValue[] {
  const named = allowedParameters?.get(name) ?? []
  const texts = named.map((value) => (typeof value === 'string' ? value.replace(/^\*|\*$/g, '') : value))
  return [...texts, ...named, 'x', '', 1, true, false, [], {}, null]
}
