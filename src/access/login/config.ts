import type { ServerVersion } from '../../core/version.ts'
import { compareVersions } from '../../core/version.ts'
import { quote, show } from './go-text.ts'
import type { WrittenObject } from './json-number.ts'
import { refusePublicKey } from './public-key.ts'
import { convertFields, type FieldData, listOf, textOf, type WrittenFields } from './role-fields.ts'

/** What a mount's configuration decides about a login, the keys aside. */
export interface JwtConfig {
  /** Empty where "iss" is not looked at. */
  readonly boundIssuer: string
  /** Empty where it was not written: then all that the server knows count. */
  readonly supportedAlgs: readonly string[]
  /** Lower-cased; empty where there is none. */
  readonly defaultRole: string
}

/** All that the servers can verify, and what they take where nothing is configured (cap/jwt algs.go, path_login.go). */
export const signatureAlgorithms: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'ES256',
  'ES384',
  'ES512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
]

const fields: WrittenFields = {
  oidc_discovery_url: { type: 'string' },
  oidc_discovery_ca_pem: { type: 'string' },
  oidc_client_id: { type: 'string' },
  oidc_client_secret: { type: 'string' },
  oidc_response_mode: { type: 'string' },
  oidc_response_types: { type: 'comma string slice' },
  jwks_url: { type: 'string' },
  jwks_ca_pem: { type: 'string' },
  jwks_pairs: { type: 'slice', requires: { vault: '1.16' } },
  jwt_validation_pubkeys: { type: 'comma string slice' },
  jwt_supported_algs: { type: 'comma string slice' },
  bound_issuer: { type: 'string' },
  default_role: { type: 'lower-case string' },
  provider_config: { type: 'map' },
  namespace_in_state: { type: 'bool' },
  override_allowed_server_names: { type: 'comma string slice', requires: { openbao: '2.4' } },
  skip_jwks_validation: { type: 'bool', requires: { openbao: '2.3' } },
  unsupported_critical_cert_extensions: { type: 'comma string slice', requires: { vault: '1.17.3' } },
}

/**
 * What becomes of a write of a configuration: what logins need of it, or every text that the server could refuse it with.
 * Whether the issuer can be reached is not asked. Source: vault-plugin-auth-jwt path_config.go pathConfigWrite.
 */
export function writeConfig(
  server: ServerVersion,
  written: WrittenObject,
): { readonly config: JwtConfig } | { readonly refused: readonly string[] } {
  const converted = convertFields(server, fields, written)
  if ('refused' in converted) return { refused: converted.refused.map((text) => `Field validation failed: ${text}`) }
  for (const refuse of rules) {
    const refused = refuse(converted.data, server)
    if (refused !== undefined) return { refused: [refused] }
  }
  return { config: configFrom(converted.data) }
}

const decisive = ['bound_issuer', 'jwt_supported_algs', 'default_role']

/** The configuration of a mount that has one: only what logins need is looked at, so that a redacted one will do. */
export function readConfig(server: ServerVersion, written: WrittenObject): JwtConfig | undefined {
  const needed = Object.fromEntries(Object.entries(written).filter(([name]) => decisive.includes(name)))
  const converted = convertFields(server, fields, needed)
  return 'refused' in converted ? undefined : configFrom(converted.data)
}

function configFrom(data: FieldData): JwtConfig {
  return {
    boundIssuer: textOf(data, 'bound_issuer'),
    supportedAlgs: listOf(data, 'jwt_supported_algs') ?? [],
    defaultRole: textOf(data, 'default_role'),
  }
}

type Rule = (data: FieldData, server: ServerVersion) => string | undefined

/** In the server's order. */
const rules: readonly Rule[] = [
  refuseSources,
  (data) =>
    (textOf(data, 'oidc_client_id') === '') === (textOf(data, 'oidc_client_secret') === '')
      ? undefined
      : "both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC",
  refuseDiscovery,
  refusePairs,
  refuseKeys,
  refuseAlgorithms,
  refuseResponses,
]

function has(data: FieldData, name: string): boolean {
  const value = data.get(name)
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== ''
}

function refuseSources(data: FieldData, { product, version }: ServerVersion): string | undefined {
  const sources = ['oidc_discovery_url', 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs']
  if (sources.filter((name) => has(data, name)).length === 1) return undefined
  if (product === 'openbao')
    return "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' must be set"
  const pairs = compareVersions(version, '1.16') >= 0 ? ", 'jwks_pairs'" : ''
  return `exactly one of 'jwt_validation_pubkeys', 'jwks_url'${pairs} or 'oidc_discovery_url' must be set`
}

function refuseDiscovery(data: FieldData, { product }: ServerVersion): string | undefined {
  const url = textOf(data, 'oidc_discovery_url')
  if (url.includes('.well-known/openid-configuration') && product === 'openbao')
    return "'oidc_discovery_url' contains '.well-known' component"
  return url === '' && has(data, 'oidc_client_id') ? "'oidc_discovery_url' must be set for OIDC" : undefined
}

function refusePairs(data: FieldData): string | undefined {
  if (!has(data, 'jwks_pairs')) return undefined
  if (has(data, 'jwks_ca_pem'))
    return "CA PEMs must be provided as part of the 'jwks_pairs' when using multiple JWKS URLs"
  return has(data, 'bound_issuer') ? "Bound issuer is not supported for use with 'jwks_pairs'" : undefined
}

function refuseKeys(data: FieldData): string | undefined {
  const keys = listOf(data, 'jwt_validation_pubkeys') ?? []
  const refused = keys.map(refusePublicKey).find((reason) => reason !== undefined)
  return refused === undefined ? undefined : `error parsing public key: ${refused}`
}

function refuseAlgorithms(data: FieldData): string | undefined {
  const unknown = (listOf(data, 'jwt_supported_algs') ?? []).find((alg) => !signatureAlgorithms.includes(alg))
  return unknown === undefined
    ? undefined
    : `invalid jwt_supported_algs: unsupported signing algorithm ${quote(unknown)}`
}

function refuseResponses(data: FieldData): string | undefined {
  const types = listOf(data, 'oidc_response_types') ?? []
  if (!types.every((type) => type === 'code' || type === 'id_token'))
    return `invalid response_types ${show(types)}. 'code' and 'id_token' are allowed`
  const mode = textOf(data, 'oidc_response_mode')
  if (mode === 'form_post') return undefined
  if (mode !== '' && mode !== 'query') return `invalid response_mode: ${quote(mode)}`
  return types.includes('id_token') ? 'query response_mode may not be used with an id_token response_type' : undefined
}
