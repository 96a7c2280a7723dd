import { olderNames } from '../../access/login/older-names.ts'
import { isEmpty, isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { asMap, asText, type DescribedObject, mountPath, type Target } from '../sources/described.ts'
import {
  configShapes,
  mountShapes,
  partSecrets,
  roleShapes,
  secretInside,
  tuneShapes,
  withPresentNames,
} from '../sources/fields.ts'
import { type Findings, shortened } from '../sources/findings.ts'
import { own, type Shapes, takeFields } from '../sources/shapes.ts'
import type { Resource } from './resource.ts'

/**
 * What the provider writes for a resource, by its own sources (terraform-provider-vault: resource_jwt_auth_backend.go,
 * resource_jwt_auth_backend_role.go, resource_policy.go, resource_auth_backend.go, structures.go). Its attributes are named
 * like the API's fields except where this file says otherwise.
 */
export type Reader = (resource: Resource, findings: Findings) => readonly DescribedObject[]

export function targetOf({ target, values }: Resource): Target {
  // A resource's namespace is relative to its provider's (provider/meta.go).
  const parts = [target.namespace, mountPath(asText(own(values, 'namespace')))].filter((part) => part !== '')
  return { ...target, namespace: parts.join('/') }
}

/** Left out by the configuration, these are the server's to choose, and the server's default is no secret of the plan. */
const chosenByServer = new Set(['role_type', 'bound_claims_type', 'tune'])

/**
 * Whether everything is known that makes up the object. Half of a role would let in more than the whole, so an object is taken
 * over whole or not at all.
 * @param parted attributes that may be marked as sensitive, because their secrets are taken out of them
 */
function isUsable(
  resource: Resource,
  attributes: readonly string[],
  findings: Findings,
  parted: readonly string[] = [],
): boolean {
  const { address, unknown, sensitive, configured, values } = resource
  const unclear = attributes.filter(
    (name) => unknown.has(name) && !(chosenByServer.has(name) && configured?.has(name) === false),
  )
  for (const name of unclear) findings.note(address, knownLater(name))
  const hidden = attributes.filter(
    (name) => sensitive.has(name) && !isEmpty(own(values, name)) && !parted.includes(name),
  )
  for (const name of hidden)
    findings.note(address, `left out, because Terraform marks ${name} as sensitive; take it over from the server`)
  return unclear.length === 0 && hidden.length === 0
}

export function knownLater(attribute: string): string {
  return `left out, because ${attribute} is known only after the plan is applied; take it over from the state then`
}

/** Reports what has another type than the provider gives it: then this is no output of Terraform. */
function take(shapes: Shapes, values: JsonObject, address: string, findings: Findings): JsonObject {
  return takeFields(shapes, values, (field, expected) =>
    findings.problem(
      'damaged-terraform',
      `${shortened(address)}: ${field} is not ${expected}`,
      'Print the JSON anew; if it is as Terraform printed it, this version of the provider is not known here.',
    ),
  )
}

const mountAttributes = ['path', 'type', 'description', 'local', 'tune']

export const jwtBackend: Reader = (resource, findings) => {
  const { values, address } = resource
  const { oidc_client_secret_wo_version: version, ...rest } = values
  // Provider 2.11 and older kept the path in the id alone.
  const mount = mountPath(asText(own(values, 'path')) || asText(own(values, 'id')) || 'jwt')
  const parted = partSecrets(withProviderTypes(rest))
  const parts = parted.secrets.length > 0 ? ['provider_config'] : []
  if (!isUsable(resource, [...mountAttributes, ...Object.keys(configShapes)], findings, parts)) return []
  const data = take(configShapes, parted.values, address, findings)
  const base = { target: targetOf(resource), from: address, mount }
  const backend: DescribedObject = { ...base, kind: 'auth-mount', data: mountData(resource, 'jwt', findings) }
  for (const [, name = ''] of parted.suspects)
    findings.note(address, `provider_config.${name} is left out: it looks like a secret, and the server would show it`)
  const inside = secretInside(data)
  if (inside !== undefined) {
    findings.note(address, `its configuration is left out, because it holds ${inside}`)
    return [backend]
  }
  const secrets = isEmpty(version) ? parted.secrets : [...parted.secrets, ['oidc_client_secret']]
  const distinct = [...new Map(secrets.map((field) => [field.join('.'), { field }])).values()]
  noteSecretsInState(resource, findings)
  return [backend, { ...base, kind: 'jwt-config', data, writeOnly: distinct }]
}

function noteSecretsInState({ values, address }: Resource, findings: Findings): void {
  const provider = asMap(own(values, 'provider_config'))
  const clear = [own(values, 'oidc_client_secret'), own(provider, 'gsuite_service_account'), own(provider, 'api_token')]
  if (clear.some((value) => !isEmpty(value)))
    findings.note(
      address,
      'Terraform keeps its secret in clear text; files get a reference. Give it another secret once Terraform is left, because old versions of the state still hold this one',
    )
}

/** The provider's map has texts only, and turns these back (convertProviderConfigValues). */
function withProviderTypes(values: JsonObject): JsonObject {
  const provider = own(values, 'provider_config')
  if (!isObject(provider)) return values
  const typed = Object.entries(provider).map(([name, value]): [string, JsonValue] => [name, providerValue(name, value)])
  return { ...values, provider_config: Object.fromEntries(typed) }
}

function providerValue(name: string, value: JsonValue): JsonValue {
  const isFlag = ['fetch_groups', 'fetch_user_info'].includes(name) && (value === 'true' || value === 'false')
  if (isFlag) return value === 'true'
  const isNumber = ['groups_recurse_max_depth', 'groups_cap'].includes(name) && /^-?\d{1,15}$/.test(asText(value))
  return isNumber ? Number(value) : value
}

export const authBackend: Reader = (resource, findings) => {
  if (!isUsable(resource, ['type'], findings)) return []
  const type = asText(own(resource.values, 'type'))
  if (type !== 'jwt' && type !== 'oidc') {
    findings.note(resource.address, 'not taken over: only mounts of type jwt and oidc are')
    return []
  }
  // Left out, the path is the type (authBackendWrite).
  const pathIsType = resource.unknown.has('path') && resource.configured?.has('path') === false
  const attributes = mountAttributes.filter((name) => !(name === 'path' && pathIsType))
  if (!isUsable(resource, attributes, findings)) return []
  const written = pathIsType ? '' : asText(own(resource.values, 'path')) || asText(own(resource.values, 'id'))
  const mount = mountPath(written || type)
  const data = mountData(resource, type, findings)
  return [{ kind: 'auth-mount', mount, data, target: targetOf(resource), from: resource.address }]
}

function mountData(resource: Resource, type: string, findings: Findings): JsonObject {
  const { address, values } = resource
  const tune = own(values, 'tune')
  const block = Array.isArray(tune) ? asMap(tune[0]) : asMap(tune)
  const config = withoutSystemTtls(take(tuneShapes, block, address, findings), resource, findings)
  return { type, ...take(mountShapes, values, address, findings), config }
}

/** 768h, which servers fall back to unless their configuration says otherwise. */
const systemTtl = 2_764_800

/**
 * A tune block that nobody wrote holds what the server answered for it: effective TTLs, where the mount has none
 * (mergeAuthMethodTune). Only a plan's configuration tells the two apart.
 */
function withoutSystemTtls(config: JsonObject, { address, configured }: Resource, findings: Findings): JsonObject {
  if (configured?.has('tune')) return config
  const effective = ['default_lease_ttl', 'max_lease_ttl'].filter((name) => config[name] === systemTtl)
  if (configured === undefined)
    for (const name of effective)
      findings.note(address, `${name} is 768h, which a state also says where nobody set it; it is taken for not set`)
  return Object.fromEntries(Object.entries(config).filter(([name]) => !effective.includes(name)))
}

const roleAttributes = [
  ...['backend', 'role_name', 'disable_bound_claims_parsing'],
  ...Object.keys(roleShapes),
  ...Object.keys(olderNames),
]

export const jwtRole: Reader = (resource, findings) => {
  const { values, address } = resource
  if (!isUsable(resource, roleAttributes, findings)) return []
  const name = asText(own(values, 'role_name'))
  const mount = mountPath(asText(own(values, 'backend')) || 'jwt')
  if (!isEmpty(own(values, 'alias_metadata')))
    findings.note(address, 'its alias_metadata is left out, because JWT roles have no such field')
  // An attribute that nobody wrote is null, or its type's zero.
  const present = withPresentNames(values, (value) => isEmpty(value) || value === 0)
  const claims = boundClaims(own(values, 'bound_claims'), own(values, 'disable_bound_claims_parsing') === true)
  const data = take(
    roleShapes,
    claims === undefined ? present : { ...present, bound_claims: claims },
    address,
    findings,
  )
  return [{ kind: 'jwt-role', mount, name, data, target: targetOf(resource), from: address }]
}

/** The provider sends every value as a list: its parts between commas, or the whole text. */
function boundClaims(claims: JsonValue | undefined, whole: boolean): JsonObject | undefined {
  if (!isObject(claims)) return undefined
  const lists = Object.entries(claims).map(([claim, value]): [string, JsonValue] => [
    claim,
    typeof value === 'string' ? (whole ? [value] : value.split(',')).map((part) => part.trim()) : value,
  ])
  return Object.fromEntries(lists)
}

export const policy: Reader = (resource, findings) => {
  const { values, address } = resource
  if (!isUsable(resource, ['name', 'policy'], findings)) return []
  const name = asText(own(values, 'name'))
  const text = asText(own(values, 'policy'))
  if (name === '' || text === '') {
    findings.problem(
      'damaged-terraform',
      `${shortened(address)} has no ${name === '' ? 'name' : 'text'}`,
      'Print the JSON anew.',
    )
    return []
  }
  return [
    {
      kind: 'policy',
      name,
      data: { name: name.toLowerCase(), policy: text },
      target: targetOf(resource),
      from: address,
    },
  ]
}
