import { olderNames } from '../../access/login/older-names.ts'
import { isEmpty, isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { FieldPath } from '../../core/kind.ts'
import { flag, integer, own, type Shapes, scalarsOrLists, seconds, text, textMap, textMaps, texts } from './shapes.ts'

/** Fields of `sys/auth/<mount>` besides `config`. */
export const mountShapes: Shapes = {
  type: text,
  description: text,
  options: textMap,
  plugin_version: text,
  local: flag,
  seal_wrap: flag,
  external_entropy_access: flag,
}

/** What tuning sets, and the server answers as the mount's `config`. */
export const tuneShapes: Shapes = {
  default_lease_ttl: seconds,
  max_lease_ttl: seconds,
  listing_visibility: text,
  token_type: text,
  audit_non_hmac_request_keys: texts,
  audit_non_hmac_response_keys: texts,
  passthrough_request_headers: texts,
  allowed_response_headers: texts,
}

/** `auth/<mount>/config`, without what is secret. */
export const configShapes: Shapes = {
  oidc_discovery_url: text,
  oidc_discovery_ca_pem: text,
  oidc_client_id: text,
  oidc_response_mode: text,
  oidc_response_types: texts,
  jwks_url: text,
  jwks_ca_pem: text,
  jwks_pairs: textMaps,
  jwt_validation_pubkeys: texts,
  bound_issuer: text,
  jwt_supported_algs: texts,
  default_role: text,
  provider_config: scalarsOrLists,
  override_allowed_server_names: texts,
  namespace_in_state: flag,
  unsupported_critical_cert_extensions: texts,
}

/** `auth/<mount>/role/<name>`. */
export const roleShapes: Shapes = {
  role_type: text,
  bound_audiences: texts,
  bound_subject: text,
  bound_claims_type: text,
  bound_claims: scalarsOrLists,
  user_claim: text,
  user_claim_json_pointer: flag,
  groups_claim: text,
  claim_mappings: textMap,
  token_policies: texts,
  token_ttl: seconds,
  token_max_ttl: seconds,
  token_explicit_max_ttl: seconds,
  token_period: seconds,
  token_num_uses: integer,
  token_type: text,
  token_no_default_policy: flag,
  token_bound_cidrs: texts,
  token_strictly_bind_ip: flag,
  token_policies_template_claims: flag,
  expiration_leeway: seconds,
  not_before_leeway: seconds,
  clock_skew_leeway: seconds,
  max_age: seconds,
  allowed_redirect_uris: texts,
  oidc_scopes: texts,
  verbose_oidc_logging: flag,
  callback_mode: text,
  poll_interval: integer,
  oauth2_metadata: texts,
  oidc_disable_confirmation: flag,
}

/** Fields that some products or versions do not have, and then do not answer. */
const notEverywhere = [
  ...['override_allowed_server_names', 'unsupported_critical_cert_extensions', 'jwks_pairs'],
  ...['token_strictly_bind_ip', 'token_policies_template_claims', 'callback_mode', 'poll_interval'],
  ...['oauth2_metadata', 'oidc_disable_confirmation'],
]

/** Defaults that are not their type's zero (vault-plugin-auth-jwt path_role.go, path_config.go). */
const defaults: JsonObject = {
  role_type: 'oidc',
  bound_claims_type: 'string',
  token_type: 'default',
  namespace_in_state: true,
}

/** Data as the server answers it: with everything that was never written. */
export function answered(shapes: Shapes, data: JsonObject): JsonObject {
  const unset = Object.entries(shapes)
    .filter(([name]) => !notEverywhere.includes(name))
    .map(([name, shape]) => [name, defaults[name] ?? shape.unset])
  return { ...Object.fromEntries(unset), ...data }
}

/** Where a mount gets the keys that tokens are checked with. */
export const keySources = ['jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', 'provider_config']

/** A role under its present names: an older one counts where the present one says nothing. */
export function withPresentNames(
  values: JsonObject,
  saysNothing: (value: JsonValue | undefined) => boolean,
): JsonObject {
  const renamed = Object.entries(olderNames).flatMap(([older, present]) => {
    const value = own(values, older)
    return value !== undefined && saysNothing(own(values, present)) ? [[present, value] as const] : []
  })
  return { ...values, ...Object.fromEntries(renamed) }
}

/** That the server has a secret here, which nobody can read back: files need a reference to it. */
export interface WriteOnlyField {
  /** API path of the object. */
  readonly path: string
  readonly field: FieldPath
  /** The variable that holds it, where the source says one itself. */
  readonly variable?: string
}

/** Secrets that the server strips from the provider_config it answers. */
const providerSecrets = ['gsuite_service_account', 'api_token']
const secretNames = /secret|passw|token|credential|service_account|private_key|_key$|api_/i
const urls = ['oidc_discovery_url', 'jwks_url']

/** A configuration without its secrets, and where they were. */
export interface Parted {
  readonly values: JsonObject
  readonly secrets: readonly FieldPath[]
  /** Paths of what looks like a secret and is none that the server knows. */
  readonly suspects: readonly FieldPath[]
}

/** Parts a configuration of a JWT mount from its secrets before anything else looks at it. */
export function partSecrets(config: JsonObject): Parted {
  const { oidc_client_secret: secret, provider_config: provider, ...rest } = config
  const settings = isObject(provider) ? Object.entries(provider) : []
  const hidden = settings.filter(([name]) => secretNames.test(name))
  const kept = settings.filter(([name]) => !secretNames.test(name))
  const known = hidden.filter(([name, value]) => providerSecrets.includes(name) && !isEmpty(value))
  // An id and its secret are always written together (vault-plugin-auth-jwt path_config.go).
  const paired = !isEmpty(secret) || !isEmpty(own(config, 'oidc_client_id'))
  return {
    values: {
      ...rest,
      ...(provider === undefined ? {} : { provider_config: isObject(provider) ? Object.fromEntries(kept) : provider }),
    },
    secrets: [...(paired ? [['oidc_client_secret']] : []), ...known.map(([name]) => ['provider_config', name])],
    suspects: hidden.filter(([name]) => !providerSecrets.includes(name)).map(([name]) => ['provider_config', name]),
  }
}

/** Why a configuration cannot be public, for secrets that stand where none belong; undefined when it can. */
export function secretInside(config: JsonObject): string | undefined {
  if (urls.some((name) => /\/\/[^/]*@/.test(JSON.stringify(config[name] ?? '')))) return 'a URL with a user or password'
  return JSON.stringify(config).includes('PRIVATE KEY-----') ? 'a private key' : undefined
}
