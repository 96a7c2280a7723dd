import { parseGoDuration } from '../access/login/go-numbers.ts'
import { isEmpty, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Product } from '../core/server.ts'
import { type Answer, empty, refuse } from './answers.ts'
import { type Input, textOf } from './routes.ts'
import { type Mount, type State, systemTtl } from './state.ts'

export const tokenTypes = ['default-service', 'default-batch', 'service', 'batch']
export const visibilities = ['', 'hidden', 'unauth']

/** What a mount without limits of its own gets from the server. */
export function effectiveTtls({ info }: Mount): { default_lease_ttl: number; max_lease_ttl: number } {
  const config = info['config'] as JsonObject
  const or = (value: JsonValue | undefined) => (value === 0 ? systemTtl : (value as number))
  return { default_lease_ttl: or(config['default_lease_ttl']), max_lease_ttl: or(config['max_lease_ttl']) }
}

/**
 * Changes what a request names, one after the other in the server's order. A refusal in the middle leaves the earlier
 * changes in place on Vault, and none on OpenBao (logical_system.go handleTuneWriteCommon). Throws Refusal.
 */
export function tune({ product }: State, mount: Mount, input: Input): Answer {
  const before = mount.info
  try {
    return tuneInOrder(product, mount, input)
  } catch (error) {
    if (product === 'openbao') mount.info = before
    throw error
  }
}

function tuneInOrder(product: Product, mount: Mount, input: Input): Answer {
  tuneTtls(mount, input)
  if (!isEmpty(input.get('user_lockout_config')))
    refuse(`tuning of user lockout configuration for auth type ${JSON.stringify(mount.type)} not allowed`)
  if (input.has('description')) mount.info = { ...mount.info, description: textOf(input, 'description') }
  if (input.has('plugin_version')) tunePluginVersion(product, mount, textOf(input, 'plugin_version'))
  for (const name of ['audit_non_hmac_request_keys', 'audit_non_hmac_response_keys']) tuneConfig(mount, input, name)
  if (input.has('listing_visibility')) tuneVisibility(mount, input)
  if (input.has('token_type')) tuneTokenType(mount, textOf(input, 'token_type'))
  for (const name of ['passthrough_request_headers', 'allowed_response_headers']) tuneConfig(mount, input, name)
  tuneOptions(mount, (input.get('options') ?? {}) as JsonObject)
  return empty
}

function setConfig(mount: Mount, change: JsonObject): void {
  mount.info = { ...mount.info, config: { ...(mount.info['config'] as JsonObject), ...change } }
}

/** An empty list or text is not shown any more. */
function tuneConfig(mount: Mount, input: Input, name: string): void {
  if (!input.has(name)) return
  const { [name]: _, ...rest } = mount.info['config'] as JsonObject
  const value = input.get(name) as JsonValue
  mount.info = { ...mount.info, config: isEmpty(value) ? rest : { ...rest, [name]: value } }
}

function tuneTtls(mount: Mount, input: Input): void {
  const config = mount.info['config'] as JsonObject
  const next = {
    default_lease_ttl: ttl(textOf(input, 'default_lease_ttl'), config['default_lease_ttl'] as number),
    max_lease_ttl: ttl(textOf(input, 'max_lease_ttl'), config['max_lease_ttl'] as number),
  }
  const same = next.default_lease_ttl === config['default_lease_ttl'] && next.max_lease_ttl === config['max_lease_ttl']
  if (!same && next.default_lease_ttl !== 0 && next.max_lease_ttl !== 0 && next.max_lease_ttl < next.default_lease_ttl)
    refuse(
      `backend max lease TTL of ${next.max_lease_ttl} would be less than backend default lease TTL of ${next.default_lease_ttl}`,
    )
  setConfig(mount, next)
}

function ttl(text: string, current: number): number {
  if (text === '') return current
  if (text === 'system') return 0
  const result = parseGoDuration(text)
  return 'error' in result ? refuse(result.error) : result.seconds
}

/** The catalog holds nothing but the version that runs. */
function tunePluginVersion(product: Product, mount: Mount, version: string): void {
  const parts = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+].*)?$/.exec(version)
  if (parts === null)
    refuse(
      `version ${JSON.stringify(version)} is not a valid semantic version: ${product === 'vault' ? 'M' : 'm'}alformed version: ${version}`,
    )
  const [, major, minor = '0', patch = '0', rest = ''] = parts
  const wanted = `v${major}.${minor}.${patch}${rest}`
  if (wanted !== mount.info['running_plugin_version'])
    refuse(`plugin not found in the catalog: ${mount.type}, version=${wanted}`)
  mount.info = { ...mount.info, plugin_version: wanted }
}

function tuneVisibility(mount: Mount, input: Input): void {
  const visibility = textOf(input, 'listing_visibility')
  if (!visibilities.includes(visibility)) refuse(`invalid listing_visibility ${visibility}`)
  tuneConfig(mount, input, 'listing_visibility')
}

function tuneTokenType(mount: Mount, type: string): void {
  if (mount.type === 'token') refuse("'token_type' cannot be set for 'token' or 'ns_token' auth mounts")
  const tokenType = type === '' ? 'default-service' : type
  if (!tokenTypes.includes(tokenType)) refuse("invalid value for 'token_type'")
  setConfig(mount, { token_type: tokenType })
}

/** Adds to the options; an empty text takes one away. */
function tuneOptions(mount: Mount, changes: JsonObject): void {
  if (isEmpty(changes)) return
  const merged = { ...((mount.info['options'] ?? {}) as JsonObject), ...changes }
  const kept = Object.entries(merged).filter(([, value]) => value !== '')
  mount.info = { ...mount.info, options: Object.fromEntries(kept) }
}
