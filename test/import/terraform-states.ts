import type { JsonObject, JsonValue } from '../../src/core/json.ts'

/** A resource as `terraform show -json` prints it. */
export function resource(type: string, name: string, values: JsonObject, more: JsonObject = {}): JsonObject {
  const provider = 'registry.terraform.io/hashicorp/vault'
  return {
    address: `${type}.${name}`,
    mode: 'managed',
    type,
    name,
    provider_name: provider,
    schema_version: 0,
    values,
    sensitive_values: {},
    ...more,
  }
}

export function stateOf(...resources: readonly JsonObject[]): JsonObject {
  return { format_version: '1.0', terraform_version: '1.11.4', values: { root_module: { resources } } }
}

/** The same resources as Terraform stores them: `terraform.tfstate`. */
export function asRawState(json: JsonObject): JsonObject {
  const resources = state(json).map((entry) => {
    const { mode, type, name, index, values, sensitive_values: marks } = entry as Record<string, JsonObject>
    const paths = Object.entries(marks ?? {}).filter(([, mark]) => JSON.stringify(mark).includes('true'))
    const instance = {
      ...(index === undefined ? {} : { index_key: index }),
      ...{ schema_version: 0, attributes: values as JsonObject },
      // Marks of the provider's own schema are not stored.
      sensitive_attributes: paths
        .filter(([attribute]) => !attribute.startsWith('oidc_client_secret'))
        .map(([attribute]) => [{ type: 'get_attr', value: attribute }]),
    }
    const provider = 'provider["registry.terraform.io/hashicorp/vault"]'
    return { mode, type, name, provider, instances: [instance] } as unknown as JsonObject
  })
  return { version: 4, terraform_version: '1.11.4', serial: 1, lineage: 'a', outputs: {}, resources }
}

/** The resources of a state's root module. */
export function state(json: JsonObject): readonly JsonValue[] {
  const { root_module: root } = json['values'] as { root_module: JsonObject }
  return root['resources'] as readonly JsonValue[]
}

export interface Planned {
  readonly resource: JsonObject
  readonly actions?: readonly string[]
  readonly unknown?: JsonObject
  /** What the configuration writes; nothing is said of the resource where it is absent. */
  readonly expressions?: JsonObject
  readonly provider?: string
}

/** A plan as `terraform show -json` prints it, of resources of the root module. */
export function planOf(planned: readonly Planned[], providers: JsonObject = {}): JsonObject {
  return {
    format_version: '1.2',
    terraform_version: '1.11.4',
    planned_values: {
      root_module: {
        resources: planned.filter(({ actions }) => !actions?.includes('delete')).map(({ resource }) => resource),
      },
    },
    resource_changes: planned.map(({ resource, actions = ['create'], unknown = {} }) => ({
      ...{ address: resource['address'] as string, mode: 'managed', type: resource['type'] as string },
      change: { actions, before: null, after: resource['values'] as JsonObject, after_unknown: unknown },
    })),
    configuration: {
      provider_config: providers,
      root_module: {
        resources: planned.flatMap(({ resource, expressions, provider = 'vault' }) =>
          expressions === undefined
            ? []
            : [{ address: `${resource['type']}.${resource['name']}`, provider_config_key: provider, expressions }],
        ),
      },
    },
    complete: true,
    errored: false,
  }
}
