import { isObject, type JsonObject } from '../../core/json.ts'
import { asMap, asText } from '../sources/described.ts'
import { type Findings, shortened } from '../sources/findings.ts'
import { own } from '../sources/shapes.ts'
import type { Resource } from './resource.ts'

/**
 * The resources of a state as Terraform and OpenTofu store it (`terraform.tfstate`, version 4). Nobody promises this format,
 * but it is what people have at hand, and it says which provider a resource belongs to.
 */
export function rawStateResources(state: JsonObject, findings: Findings): Resource[] {
  const resources = own(state, 'resources')
  if (!Array.isArray(resources)) return []
  return resources.filter(isObject).flatMap((resource) => {
    const type = asText(own(resource, 'type'))
    const instances = own(resource, 'instances')
    if (!type.startsWith('vault_') || !Array.isArray(instances)) return []
    return instances.filter(isObject).flatMap((instance) => readInstance(resource, type, instance, findings))
  })
}

function readInstance(resource: JsonObject, type: string, instance: JsonObject, findings: Findings): Resource[] {
  const module = own(resource, 'module')
  const data = own(resource, 'mode') === 'data'
  const parts = [...(typeof module === 'string' ? [module] : []), ...(data ? ['data'] : []), type]
  const address = `${parts.join('.')}.${asText(own(resource, 'name'))}${indexOf(own(instance, 'index_key'))}`
  const attributes = own(instance, 'attributes')
  if (!isObject(attributes)) {
    const help = 'Pass what "terraform show -json" prints of this state.'
    findings.problem('damaged-terraform', `${shortened(address)} has no attributes`, help)
    return []
  }
  return [
    {
      address,
      type,
      data,
      values: attributes,
      sensitive: sensitiveOf(own(instance, 'sensitive_attributes')),
      unknown: new Set(),
      pending: false,
      target: { provider: providerOf(own(resource, 'provider')), address: '', namespace: '' },
      tainted: own(instance, 'status') === 'tainted',
      deposed: own(instance, 'deposed') !== undefined,
    },
  ]
}

function indexOf(key: unknown): string {
  return typeof key === 'string' || typeof key === 'number' ? `[${JSON.stringify(key)}]` : ''
}

/** Paths, whose first step names the attribute. */
function sensitiveOf(paths: unknown): ReadonlySet<string> {
  const steps = Array.isArray(paths)
    ? paths.flatMap((path: unknown) => (Array.isArray(path) ? [path[0] as unknown] : []))
    : []
  return new Set(steps.map((step) => asText(own(asMap(step), 'value'))))
}

/** `provider["registry.terraform.io/hashicorp/vault"].eu` is `vault.eu`; that of a module has the module before it. */
function providerOf(provider: unknown): string {
  const [, module = '', alias = ''] = /^(.*?)provider\["[^"]*"\](.*)$/.exec(asText(provider)) ?? []
  return `${module}vault${alias}`
}
