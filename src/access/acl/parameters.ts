import type { JsonValue } from '../../core/json.ts'
import { meets, type ServerVersion } from '../../core/version.ts'
import { goLower } from '../hcl/go-text.ts'
import type { ParameterValue } from '../policy/policy.ts'
import type { AccessRequest, Denial, MergedRule, Operation } from './decision.ts'
import { trimSpace } from './trim-space.ts'

/** Lists and deletes are not looked at. */
const looksAtParameters: ReadonlySet<Operation> = new Set(['read', 'create', 'update', 'patch', 'recover'])

/**
 * Why a request's parameters are not allowed by the rule that lets its operation pass, or undefined. Names are compared
 * in lower case, but a required one must be sent in lower case. Source: AllowOperation in vault/acl.go and openbao
 * vault/policy/acl.go.
 */
export function parameterDenial(rule: MergedRule, request: AccessRequest, server: ServerVersion): Denial | undefined {
  if (!looksAtParameters.has(request.operation)) return undefined
  const { parameters = {} } = request
  const missing = rule.requiredParameters?.find((name) => !Object.hasOwn(parameters, goLower(name)))
  if (missing !== undefined) return { why: 'required parameter', parameter: missing }
  const entries = Object.entries(parameters)
  if (entries.length === 0) return undefined
  const matching = { perElement: meets(server, { vault: '1.21.0' }), query: request.operation === 'read' }
  return deniedOf(rule, entries, matching) ?? notAllowedOf(rule, entries, matching)
}

/** How lists are compared: Vault since 1.21 looks into them, and a query's lists are of another type than a body's. */
interface Matching {
  readonly perElement: boolean
  readonly query: boolean
}

type Entries = readonly (readonly [string, JsonValue])[]

function deniedOf({ deniedParameters }: MergedRule, entries: Entries, matching: Matching): Denial | undefined {
  if (deniedParameters === undefined || deniedParameters.size === 0) return undefined
  const all = deniedParameters.has('*')
  const denied = entries.find(([name, value]) => {
    const values = deniedParameters.get(goLower(name))
    return all || (values !== undefined && isDenied(value, values, matching))
  })
  return denied && { why: 'denied parameter', parameter: denied[0] }
}

function notAllowedOf({ allowedParameters }: MergedRule, entries: Entries, matching: Matching): Denial | undefined {
  if (allowedParameters === undefined || allowedParameters.size === 0) return undefined
  const rest = allowedParameters.has('*')
  if (rest && allowedParameters.size === 1) return undefined
  for (const [parameter, value] of entries) {
    const values = allowedParameters.get(goLower(parameter))
    if (values === undefined && !rest) return { why: 'not an allowed parameter', parameter }
    if (values !== undefined && !isAllowed(value, values, matching)) return { why: 'not an allowed value', parameter }
  }
  return undefined
}

/** All elements of a list have to be allowed, so an empty one is. */
function isAllowed(value: JsonValue, values: readonly ParameterValue[], matching: Matching): boolean {
  return (
    values.length === 0 ||
    isIn(value, values, matching) ||
    (elementsOf(value, matching)?.every((element) => isIn(element, values, matching)) ?? false)
  )
}

/** One denied element of a list is enough. */
function isDenied(value: JsonValue, values: readonly ParameterValue[], matching: Matching): boolean {
  return (
    values.length === 0 ||
    isIn(value, values, matching) ||
    (elementsOf(value, matching)?.some((element) => isIn(element, values, matching)) ?? false)
  )
}

/** A text is taken for a comma-separated list, because the server does not know what the field is. */
function elementsOf(value: JsonValue, { perElement, query }: Matching): readonly JsonValue[] | undefined {
  if (!perElement) return undefined
  if (typeof value === 'string') return value === '' ? [] : value.split(',').map(trimSpace)
  return Array.isArray(value) && !query ? value : undefined
}

function isIn(value: JsonValue, values: readonly ParameterValue[], { query }: Matching): boolean {
  if (query && Array.isArray(value)) return false
  return values.some((expected) =>
    typeof expected === 'string' ? typeof value === 'string' && matchesGlob(expected, value) : isSame(expected, value),
  )
}

/** Only a `*` at the beginning and at the end means anything, and a lone one does not. */
function matchesGlob(pattern: string, text: string): boolean {
  if (Buffer.byteLength(pattern) < 2) return text === pattern
  const [from, to] = [pattern.startsWith('*'), pattern.endsWith('*')]
  if (from && to) return text.includes(pattern.slice(1, -1))
  if (from) return text.endsWith(pattern.slice(1))
  return to ? text.startsWith(pattern.slice(0, -1)) : text === pattern
}

/** Go's equality: a policy's numbers are ints and floats and a request's are text, so they never are the same. */
function isSame(expected: ParameterValue | undefined, value: JsonValue | undefined): boolean {
  if (typeof expected === 'boolean' || typeof expected === 'string') return expected === value
  if (isList(expected) && isList(value))
    return expected.length === value.length && expected.every((item, index) => isSame(item, value[index]))
  if (!isMap(expected) || !isMap(value)) return false
  const names = Object.keys(expected)
  return (
    names.length === Object.keys(value).length &&
    names.every((name) => Object.hasOwn(value, name) && isSame(expected[name], value[name]))
  )
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value)
}

function isMap<T>(value: T | { readonly [key: string]: T }): value is { readonly [key: string]: T } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
