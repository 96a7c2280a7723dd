import { isObject, type JsonObject } from '../../core/json.ts'
import { asMap, asText } from '../sources/described.ts'
import { type Findings, shortened } from '../sources/findings.ts'
import { own } from '../sources/shapes.ts'
import { childConfiguration, type ModuleConfiguration, onlyTarget, resourceConfiguration } from './configuration.ts'
import { rawStateResources } from './raw-state.ts'
import { marked, type Resource } from './resource.ts'

const howToPrint =
  'Pass what "terraform show -json" or "tofu show -json" prints: of the state without a file, or of a saved plan with its file.'

/**
 * The `vault_*` resources of whatever of Terraform's or OpenTofu's JSON this is; none once a problem says why not.
 * Source: developer.hashicorp.com/terraform/internals/json-format, format_version 0.1 to 1.x.
 */
export function resourcesOf(json: unknown, file: string, findings: Findings): Resource[] {
  const refuse = (message: string, help = howToPrint) => {
    findings.problem('not-terraform', `${file}: ${message}`, help)
    return []
  }
  if (!isObject(json)) return refuse('this is not what Terraform prints of a state or plan')
  if ('@level' in json) return refuse('this is the log of a run with -json, not a plan')
  if ('encrypted_data' in json) return refuse('this state is encrypted')
  if ('provider_schemas' in json) return refuse('these are schemas of providers')
  const version = own(json, 'version')
  if (typeof version === 'number' && !('format_version' in json)) {
    if (version === 4) return rawStateResources(json, findings)
    return refuse(`this is a state file of version ${version}, which has another form`)
  }
  const format = own(json, 'format_version')
  if (typeof format !== 'string') return refuse('this is not what Terraform prints of a state or plan')
  if (!/^[01]\./.test(format))
    return refuse('this has a newer format_version than 1', 'Use a newer version of this program.')
  if (own(json, 'errored') === true) return refuse('this plan ended with an error, so it is not whole', 'Plan again.')
  if (isObject(own(json, 'planned_values'))) return planResources(json, findings)
  const root = own(asMap(own(json, 'values')), 'root_module')
  if (!isObject(root)) return refuse('this state is empty')
  return moduleResources(root, {}, new Map(), {}, findings)
}

function planResources(plan: JsonObject, findings: Findings): Resource[] {
  const configuration = asMap(own(plan, 'configuration'))
  const root = asMap(own(asMap(own(plan, 'planned_values')), 'root_module'))
  const changes = changesOf(plan)
  if (own(plan, 'complete') === false)
    findings.note('the plan', 'it leaves resources out, by -target or because something is not known yet; so does this')
  const providers = asMap(own(configuration, 'provider_config'))
  const resources = moduleResources(root, asMap(own(configuration, 'root_module')), changes, providers, findings)
  const found = new Set(resources.map(({ address }) => address))
  for (const { address, actions } of changes.values()) noteLeaving(address, actions, found.has(address), findings)
  return resources
}

/** Terraform 1.11 keeps what a plan forgets among the planned values. */
function noteLeaving(address: string, actions: string, found: boolean, findings: Findings): void {
  if (actions === 'forget' && found)
    findings.note(address, 'the plan forgets it and the server keeps it; it is taken over')
  else if (actions === 'forget')
    findings.note(address, 'left out, because the plan forgets it; the server keeps it, so take it over from the state')
  else if (actions === 'delete') findings.note(address, 'left out, because the plan deletes it')
}

interface Change {
  readonly address: string
  readonly actions: string
  readonly unknown: ReadonlySet<string>
}

function changesOf(plan: JsonObject): ReadonlyMap<string, Change> {
  const list = own(plan, 'resource_changes')
  const changes = (Array.isArray(list) ? list.filter(isObject) : []).flatMap((entry): [string, Change][] => {
    if (!asText(own(entry, 'type')).startsWith('vault_') || own(entry, 'mode') === 'data') return []
    if (own(entry, 'deposed') !== undefined) return []
    const address = asText(own(entry, 'address'))
    const change = asMap(own(entry, 'change'))
    const actions = own(change, 'actions')
    const unknown = marked(own(change, 'after_unknown'))
    return [
      [
        address,
        {
          address,
          actions: Array.isArray(actions) ? actions.filter((action) => typeof action === 'string').join() : '',
          unknown,
        },
      ],
    ]
  })
  return new Map(changes)
}

interface OpenModule {
  readonly module: JsonObject
  readonly address: string
  readonly configuration: ModuleConfiguration
}

/** All modules, without recursion: nobody bounds how deep a file goes. */
function moduleResources(
  root: JsonObject,
  configuration: ModuleConfiguration,
  changes: ReadonlyMap<string, Change>,
  providers: JsonObject,
  findings: Findings,
): Resource[] {
  const found: Resource[] = []
  const open: OpenModule[] = [{ module: root, address: '', configuration }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { module, address, configuration: own_ } = next
    for (const resource of listOf(module, 'resources')) {
      const read = readResource(resource, own_, changes, providers, findings)
      if (read !== undefined) found.push(read)
    }
    for (const child of listOf(module, 'child_modules').reverse()) {
      const childAddress = asText(own(child, 'address'))
      const step = address === '' ? childAddress : childAddress.slice(address.length + 1)
      open.push({ module: child, address: childAddress, configuration: childConfiguration(own_, step) })
    }
  }
  return found
}

function listOf(module: JsonObject, name: string): JsonObject[] {
  const list = own(module, name)
  return Array.isArray(list) ? list.filter(isObject) : []
}

function readResource(
  resource: JsonObject,
  configuration: ModuleConfiguration,
  changes: ReadonlyMap<string, Change>,
  providers: JsonObject,
  findings: Findings,
): Resource | undefined {
  const type = asText(own(resource, 'type'))
  if (!type.startsWith('vault_')) return undefined
  const address = asText(own(resource, 'address'))
  const values = own(resource, 'values')
  if (!isObject(values)) {
    findings.problem('damaged-terraform', `${shortened(address)} has no values`, howToPrint)
    return undefined
  }
  const change = changes.get(address)
  const written = resourceConfiguration(configuration, `${type}.${asText(own(resource, 'name'))}`, providers)
  return {
    address,
    type,
    data: own(resource, 'mode') === 'data',
    values,
    sensitive: marked(own(resource, 'sensitive_values')),
    unknown: change?.unknown ?? new Set(),
    pending: !['', 'no-op', 'forget'].includes(change?.actions ?? ''),
    ...(written === undefined ? {} : { configured: written.written }),
    target: written?.target ?? onlyTarget(providers),
    tainted: own(resource, 'tainted') === true,
    deposed: own(resource, 'deposed_key') !== undefined,
  }
}
