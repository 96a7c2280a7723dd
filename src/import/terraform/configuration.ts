import { isObject, type JsonObject } from '../../core/json.ts'
import { asMap, asText, mountPath, type Target } from '../sources/described.ts'
import { own } from '../sources/shapes.ts'

/** A module's part of a plan's `configuration`. */
export type ModuleConfiguration = JsonObject

/** What a plan's configuration says about a resource. */
export interface ResourceConfiguration {
  /** Attributes that it writes. */
  readonly written: ReadonlySet<string>
  readonly target: Target
}

/** The configuration of a child module, by its address below its parent's: `module.ci["a"]`. */
export function childConfiguration(parent: ModuleConfiguration, step: string): ModuleConfiguration {
  const [, name = ''] = /^module\.([^.[]+)/.exec(step) ?? []
  return asMap(own(asMap(own(asMap(own(parent, 'module_calls')), name)), 'module'))
}

const indexes = new WeakMap<ModuleConfiguration, ReadonlyMap<string, JsonObject>>()

function resourcesOf(module: ModuleConfiguration): ReadonlyMap<string, JsonObject> {
  const known = indexes.get(module)
  if (known !== undefined) return known
  const resources = own(module, 'resources')
  const list = Array.isArray(resources) ? resources.filter(isObject) : []
  const index = new Map(list.map((resource) => [asText(own(resource, 'address')), resource]))
  indexes.set(module, index)
  return index
}

/** @param name `vault_policy.p`: the address within the module, without an index */
export function resourceConfiguration(
  module: ModuleConfiguration,
  name: string,
  providers: JsonObject,
): ResourceConfiguration | undefined {
  const resource = resourcesOf(module).get(name)
  if (resource === undefined) return undefined
  return {
    written: new Set(Object.keys(asMap(own(resource, 'expressions')))),
    target: targetOf(asText(own(resource, 'provider_config_key')), providers),
  }
}

/** For what no configuration is left of, as after a `removed` block: the server of the only Vault provider, if there is one. */
export function onlyTarget(providers: JsonObject): Target {
  const keys = Object.keys(providers).filter((key) => asText(own(asMap(own(providers, key)), 'name')) === 'vault')
  return targetOf(keys.length === 1 ? (keys[0] as string) : '', providers)
}

/** Address and namespace where the provider block spells them out; expressions and environment variables stay unknown. */
function targetOf(key: string, providers: JsonObject): Target {
  const provider = asMap(own(providers, key))
  const expressions = asMap(own(provider, 'expressions'))
  const constant = (name: string) => {
    const value = own(asMap(own(expressions, name)), 'constant_value')
    return typeof value === 'string' ? value : ''
  }
  return { provider: key, address: withoutUser(constant('address')), namespace: mountPath(constant('namespace')) }
}

function withoutUser(address: string): string {
  return URL.canParse(address) && new URL(address).username === '' && new URL(address).password === '' ? address : ''
}
