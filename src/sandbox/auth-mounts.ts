import { parseGoDuration } from '../access/login/go-numbers.ts'
import { withFloats } from '../access/login/json-number.ts'
import { isEmpty, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { type Answer, empty, refuse, repeatedData } from './answers.ts'
import type { FieldType } from './field-types.ts'
import type { Call, Route } from './routes.ts'
import { addMount, type Mount, type State, systemTtl } from './state.ts'
import { revokeTokensOf } from './token.ts'
import { effectiveTtls, tokenTypes, tune, visibilities } from './tune.ts'

/** `sys/auth` and what belongs to it (vault logical_system.go). */

/** The auth methods of a full server; the sandbox gives only jwt and oidc a life behind the mount. */
const types = 'approle aws azure cert cf gcp github jwt kerberos kubernetes ldap oci oidc okta radius userpass'.split(
  ' ',
)

const enableFields: Readonly<Record<string, FieldType>> = {
  type: 'string',
  description: 'string',
  config: 'map',
  local: 'bool',
  seal_wrap: 'bool',
  external_entropy_access: 'bool',
  plugin_name: 'string',
  options: 'key-value pairs',
}

const tuneFields: Readonly<Record<string, FieldType>> = {
  default_lease_ttl: 'string',
  max_lease_ttl: 'string',
  description: 'string',
  audit_non_hmac_request_keys: 'comma string slice',
  audit_non_hmac_response_keys: 'comma string slice',
  options: 'key-value pairs',
  listing_visibility: 'string',
  passthrough_request_headers: 'comma string slice',
  allowed_response_headers: 'comma string slice',
  token_type: 'string',
  plugin_version: 'string',
  user_lockout_config: 'map',
}

/** Texts split at commas when a mount is enabled; the items of lists are left as they are. */
const lists = [
  'audit_non_hmac_request_keys',
  'audit_non_hmac_response_keys',
  'passthrough_request_headers',
  'allowed_response_headers',
]

export function authMountRoutes(state: State): Route[] {
  const tuning = {
    fields: tuneFields,
    handlers: {
      read: ({ names }: Call) => repeatedData(tuneData(tunedMount(state, names, missingSysview))),
      write: ({ names, input }: Call) => tune(state, tunedMount(state, names, missingEntry), input),
    },
  }
  return [
    { pattern: /^auth$/, handlers: { read: () => repeatedData(allMounts(state)) } },
    { pattern: /^auth\/(?<path>.+?)\/tune$/, ...tuning },
    { pattern: /^mounts\/auth\/(?<path>.+?)\/tune$/, ...tuning },
    {
      pattern: /^auth\/(?<path>.+)$/,
      fields: enableFields,
      handlers: {
        read: ({ names }) => repeatedData(existing(state, slashed(names['path'])).info),
        write: (call) => enable(state, call),
        delete: ({ names }) => disable(state, slashed(names['path'])),
      },
    },
  ]
}

function slashed(path = ''): string {
  return `${path.replace(/^\/|\/$/g, '')}/`
}

function allMounts(state: State): JsonObject {
  return Object.fromEntries([...state.mounts.values()].map(({ path, info }) => [path, info]))
}

function existing(state: State, path: string): Mount {
  return state.mounts.get(path) ?? refuse(`No auth engine at ${path}`)
}

function tunedMount(state: State, names: Call['names'], complaint: (path: string) => string): Mount {
  const path = slashed(names['path'])
  return state.mounts.get(path) ?? refuse(complaint(JSON.stringify(`auth/${path}`)))
}

const missingSysview = (path: string) => `cannot fetch sysview for path ${path}`
const missingEntry = (path: string) => `tune of path ${path} failed: no mount entry found`

/** Flat, with effective TTLs. */
function tuneData(mount: Mount): JsonObject {
  const { description, options, plugin_version, external_entropy_access, config } = mount.info
  return {
    ...(config as JsonObject),
    ...effectiveTtls(mount),
    description: description as JsonValue,
    ...(isEmpty(options) ? {} : { options: options as JsonValue }),
    ...(isEmpty(plugin_version) ? {} : { plugin_version: plugin_version as JsonValue }),
    ...(external_entropy_access === true ? { external_entropy_access } : {}),
  }
}

function enable(state: State, { names, input }: Call): Answer {
  const path = slashed(names['path'])
  const config = mountConfig(withFloats(input.get('config') ?? {}) as JsonObject)
  const type = (input.get('type') ?? '') as string
  if (type === '') refuse('backend type must be specified as a string')
  const pluginVersion = config.pluginVersion
  if (pluginVersion !== '') refuse(`plugin not found in the catalog: ${type}, version=${pluginVersion}`)
  const options = input.has('options') ? (input.get('options') as JsonValue) : {}
  if (isObject(options) && !isEmpty(options['version']))
    refuse(`auth method ${JSON.stringify(type)} does not allow setting a version`)
  const visibility = config.shown['listing_visibility'] ?? ''
  if (!visibilities.includes(String(visibility))) refuse(`invalid listing_visibility ${visibility}`)
  if (type !== 'token' && !types.includes(type)) refuse(`plugin not found in the catalog: ${type}`)
  const taken = [...state.mounts.keys()].find((other) => other.startsWith(path) || path.startsWith(other))
  if (taken !== undefined) refuse(`path is already in use at ${taken}`)
  if (type === 'token') refuse('token credential backend cannot be instantiated')
  addMount(state, path, type, {
    description: input.get('description') ?? '',
    local: input.get('local') ?? false,
    seal_wrap: input.get('seal_wrap') ?? false,
    external_entropy_access: input.get('external_entropy_access') ?? false,
    options,
    config: config.shown,
  })
  return empty
}

/** The `config` of a new mount; what it does not know is dropped without a word. Throws Refusal. */
function mountConfig(sent: JsonObject): { readonly shown: JsonObject; readonly pluginVersion: string } {
  const text = (name: string) => scalarText(sent[name])
  const given = {
    default: ttl(text('default_lease_ttl'), 'default'),
    max: ttl(text('max_lease_ttl'), 'max'),
  }
  if (given.max !== 0 && given.default > given.max) refuse('given default lease TTL greater than given max lease TTL')
  if (given.max === 0 && given.default > systemTtl)
    refuse(`given default lease TTL greater than system max lease TTL of ${systemTtl}`)
  const tokenType = text('token_type') || 'default-service'
  if (!tokenTypes.includes(tokenType)) refuse("invalid value for 'token_type'")
  const visibility = text('listing_visibility')
  const listed = lists.map((name) => [name, textList(sent[name])] as const).filter(([, items]) => items.length > 0)
  return {
    pluginVersion: text('plugin_version'),
    shown: {
      default_lease_ttl: given.default,
      force_no_cache: false,
      max_lease_ttl: given.max,
      token_type: tokenType,
      ...(visibility === '' ? {} : { listing_visibility: visibility }),
      ...Object.fromEntries(listed),
    },
  }
}

function scalarText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' || typeof value === 'number' ? String(value) : inconvertible()
}

function textList(value: JsonValue | undefined): readonly string[] {
  if (value === undefined || value === null || value === '') return []
  if (typeof value === 'string') return value.split(',').map((item) => item.trim())
  return Array.isArray(value) ? value.map(scalarText) : inconvertible()
}

function inconvertible(): never {
  return refuse('unable to convert given auth config information')
}

function ttl(text: string, which: string): number {
  if (text === '' || text === 'system') return 0
  const result = parseGoDuration(text)
  return 'error' in result ? refuse(`unable to parse ${which} TTL of ${text}: ${result.error}`) : result.seconds
}

function disable(state: State, path: string): Answer {
  if (path === 'token/') refuse('token credential backend cannot be disabled')
  state.mounts.delete(path)
  revokeTokensOf(state, path)
  return empty
}
