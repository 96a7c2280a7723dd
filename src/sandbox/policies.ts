import { builtinPolicy } from '../access/acl/builtin.ts'
import { parsePolicy } from '../access/policy/parse.ts'
import { storedPolicyText } from '../access/policy/stored-text.ts'
import { byText, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Product } from '../core/server.ts'
import { type Answer, Crash, data, empty, listing, missing, refuse, repeatedData, written } from './answers.ts'
import type { FieldType } from './field-types.ts'
import { type Call, type Input, type Route, textOf } from './routes.ts'
import { has, type Policy, type State } from './state.ts'

/**
 * `sys/policies/acl` and the older `sys/policy` (vault logical_system.go, policy_store.go). OpenBao 2.3 and later count
 * versions, check them on request, and list policies with their texts.
 */
const immutable: Readonly<Record<Product, readonly string[]>> = {
  vault: ['root', 'response-wrapping', 'control-group'],
  openbao: ['root', 'response-wrapping'],
}
const hidden: Readonly<Record<Product, readonly string[]>> = {
  vault: ['response-wrapping', 'control-group'],
  openbao: ['response-wrapping'],
}

/** Those that exist without being stored. */
export const builtinPolicies = ['root', 'response-wrapping']

const versioned = { openbao: '2.3' }
const detailedByPrefix = { openbao: '2.5' }
const listedByPrefix = { openbao: '2.2' }
const identityTemplates = { openbao: '2.6' }

export function policyRoutes(state: State): Route[] {
  const item = {
    read: (call: Call) => readPolicy(state, call),
    write: (call: Call) => writePolicy(state, call),
    delete: ({ names }: Call) => deletePolicy(state, nameOf(names)),
  }
  const byPrefix = has(state, listedByPrefix) ? { list: (call: Call) => listPrefix(state, call) } : {}
  const fields = policyFields(state)
  return [
    ...(has(state, versioned) ? detailedRoutes(state) : []),
    { pattern: /^policies\/acl\/?$/, handlers: { list: () => listing(policyKeys(state)) } },
    { pattern: /^policies\/acl\/(?<name>.+)$/, fields, handlers: { ...item, ...byPrefix } },
    { pattern: /^policy\/?$/, handlers: { read: () => oldListing(state), list: () => oldListing(state) } },
    { pattern: /^policy\/(?<name>.+)$/, fields: { ...fields, rules: 'string' }, handlers: item },
  ]
}

function policyFields(state: State): Record<string, FieldType> {
  return {
    name: 'string',
    policy: 'string',
    ...(has(state, versioned) ? { cas: 'int', cas_required: 'bool', expiration: 'time', ttl: 'duration' } : {}),
    ...(has(state, identityTemplates)
      ? { allow_wildcards_in_identity_templates: 'bool', allow_slashes_in_identity_templates: 'bool' }
      : {}),
  }
}

function detailedRoutes(state: State): Route[] {
  const list = (prefix: string) => {
    // Here `root` is below every prefix, which it is not in the list of names.
    const keys = prefix === '' ? policyKeys(state) : [...policyKeys(state, prefix), 'root']
    return listing(keys, Object.fromEntries(keys.map((name) => [name, policyData(state, name) as JsonObject])))
  }
  const route: Route = { pattern: /^policies\/detailed\/acl\/?$/, handlers: { list: () => list('') } }
  if (!has(state, detailedByPrefix)) return [route]
  const prefixed = { pattern: /^policies\/detailed\/acl\/(?<name>.+)$/ }
  return [
    route,
    { ...prefixed, fields: { name: 'string' }, handlers: { list: ({ names }) => list(names['name'] ?? '') } },
  ]
}

function nameOf(names: Call['names']): string {
  return (names['name'] ?? '').replace(/\/$/, '').trim().toLowerCase()
}

/** Undefined where there is no such policy, or no longer. */
export function storedPolicy(state: State, name: string): Policy | undefined {
  const policy = state.policies.get(name)
  if (policy === undefined || policy.expiration === '') return policy
  return Date.parse(policy.expiration) > state.now() ? policy : undefined
}

/**
 * In the order of the server's storage scan: what lies in no folder first, then folder by folder from the last one back,
 * `root` at the very end (sdk/logical ScanView).
 */
export function policyKeys(state: State, prefix = ''): string[] {
  const names = [...state.policies.keys()].filter(
    (name) => !hidden[state.product].includes(name) && storedPolicy(state, name) !== undefined,
  )
  const keys: string[] = []
  const folders = [prefix]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const start = folder
    const rests = names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length))
    keys.push(
      ...rests
        .filter((rest) => !rest.includes('/'))
        .sort(byText)
        .map((rest) => start + rest),
    )
    const inner = rests.filter((rest) => rest.includes('/')).map((rest) => rest.slice(0, rest.indexOf('/') + 1))
    folders.push(...[...new Set(inner)].sort(byText).map((rest) => start + rest))
  }
  return prefix === '' ? [...keys, 'root'] : keys
}

function listPrefix(state: State, { names }: Call): Answer {
  return listing(policyKeys(state, names['name'] ?? ''))
}

function oldListing(state: State): Answer {
  const keys = policyKeys(state)
  return repeatedData({ keys, policies: keys })
}

/** Undefined before OpenBao 2.3 and on Vault. */
export function detailedPolicies(state: State): Record<string, JsonObject> | undefined {
  if (!has(state, versioned)) return undefined
  return Object.fromEntries(policyKeys(state).map((name) => [name, policyData(state, name) as JsonObject]))
}

/** As a read shows it; undefined where there is no such policy. */
export function policyData(state: State, name: string): JsonObject | undefined {
  const policy = name === 'root' ? plainPolicy('') : storedPolicy(state, name)
  if (policy === undefined) return undefined
  return {
    name,
    policy: policy.text,
    ...(has(state, versioned) ? { version: policy.version, cas_required: policy.casRequired } : {}),
    ...(has(state, identityTemplates)
      ? {
          allow_wildcards_in_identity_templates: policy.wildcards,
          allow_slashes_in_identity_templates: policy.slashes,
        }
      : {}),
    ...(policy.expiration === '' ? {} : { expiration: policy.expiration }),
    ...(policy.modified === '' || !has(state, versioned) ? {} : { modified: policy.modified }),
  }
}

/** What a read showed, as a policy. */
export function policyFrom(data: JsonObject): Policy {
  const text = (name: string) => (typeof data[name] === 'string' ? (data[name] as string) : '')
  return {
    text: text('policy'),
    version: typeof data['version'] === 'number' ? data['version'] : 0,
    casRequired: data['cas_required'] === true,
    wildcards: data['allow_wildcards_in_identity_templates'] === true,
    slashes: data['allow_slashes_in_identity_templates'] === true,
    expiration: text('expiration'),
    modified: text('modified'),
  }
}

function plainPolicy(text: string): Policy {
  return policyFrom({ policy: text })
}

export function addBuiltinPolicies(state: State): void {
  const modified = state.startedAt.toISOString()
  for (const name of ['default', 'response-wrapping'] as const)
    state.policies.set(name, policyFrom({ policy: builtinPolicy(name, state), version: 1, modified }))
}

function readPolicy(state: State, { names, path }: Call): Answer {
  const found = policyData(state, nameOf(names))
  if (found === undefined) return missing
  if (!path.startsWith('policy/')) return data(found)
  const { policy, ...rest } = found
  return repeatedData({ ...rest, rules: policy as JsonValue })
}

function writePolicy(state: State, { names, path, input }: Call): Answer {
  const given = names['name'] ?? ''
  const name = nameOf(names)
  const warnings = given === given.toLowerCase() ? [] : [`policy name was converted to ${given.toLowerCase()}`]
  let sent = textOf(input, 'policy')
  if (sent === '' && path.startsWith('policy/')) {
    sent = textOf(input, 'rules')
    warnings.push("'rules' is deprecated, please use 'policy' instead")
  }
  const stored = storedPolicyText(sent)
  if ('refused' in stored) refuse(stored.refused)
  const { text } = stored
  const expiration = expiryOf(input, state.now())
  checkText(text, state)
  if (immutable[state.product].includes(name)) refuse(`cannot update ${JSON.stringify(name)} policy`)
  const existing = state.policies.get(name)
  checkVersion(existing, input)
  state.policies.set(name, {
    text,
    version: (existing?.version ?? 0) + 1,
    casRequired: input.get('cas_required') === true,
    wildcards: input.get('allow_wildcards_in_identity_templates') === true,
    slashes: input.get('allow_slashes_in_identity_templates') === true,
    expiration,
    modified: new Date(state.now()).toISOString(),
  })
  return written(warnings)
}

function checkText(text: string, state: State): void {
  const parsed = parsePolicy('', text, state)
  if ('policy' in parsed) return
  const [error] = parsed.refused.errors
  if (error === undefined) throw new Crash('the parser panics at this policy')
  refuse(error)
}

function expiryOf(input: Input, now: number): string {
  const [expiration, ttl] = [input.get('expiration'), input.get('ttl')]
  if (expiration !== undefined && ttl !== undefined) refuse("cannot supply both 'expiration' and 'ttl' for policies")
  const at = ttl === undefined ? String(expiration ?? '') : new Date(now + (ttl as number) * 1000).toISOString()
  if (at !== '' && Date.parse(at) <= now) refuse('refusing to update policy as expiration time has already elapsed')
  return at
}

/** openbao policy_store.go, setPolicyInternal. A missing policy counts as version 0. */
function checkVersion(existing: Policy | undefined, input: Input): void {
  const cas = input.get('cas')
  const required = existing?.casRequired === true || input.get('cas_required') === true
  if (cas === undefined && required) refuse('check-and-set parameter required for this call')
  if (cas === -1 && existing !== undefined) refuse('check-and-set parameter set to -1 on existing entry')
  if (cas !== undefined && cas !== -1 && cas !== (existing?.version ?? 0))
    refuse('check-and-set parameter did not match the current version')
}

function deletePolicy(state: State, name: string): Answer {
  if (immutable[state.product].includes(name)) refuse(`cannot delete ${JSON.stringify(name)} policy`)
  if (name === 'default') refuse('cannot delete default policy')
  state.policies.delete(name)
  return empty
}
