import { isEmpty, type JsonObject, type JsonValue } from '../../src/core/json.ts'

export type Sent = readonly [method: string, path: string, body: JsonObject]

/**
 * The requests with which the Vault provider makes a resource, written down from its sources (create in
 * resource_jwt_auth_backend.go, resource_jwt_auth_backend_role.go, resource_policy.go; auth_token.go, structures.go).
 */
export function providerRequests(type: string, values: JsonObject): Sent[] {
  switch (type) {
    case 'vault_policy':
      return [['PUT', `sys/policies/acl/${values['name']}`, { policy: values['policy'] as string }]]
    case 'vault_jwt_auth_backend':
      return backend(values)
    case 'vault_jwt_auth_backend_role':
      return [['PUT', `auth/${values['backend']}/role/${values['role_name']}`, role(values)]]
    default:
      return []
  }
}

function backend(values: JsonObject): Sent[] {
  const path = String(values['path'])
  const enabled = {
    type: values['type'] as string,
    description: values['description'] ?? '',
    local: values['local'] as boolean,
  }
  const names = [
    ...['oidc_discovery_url', 'oidc_discovery_ca_pem', 'oidc_client_id', 'oidc_client_secret', 'oidc_response_mode'],
    ...['oidc_response_types', 'jwks_url', 'jwks_ca_pem', 'jwks_pairs', 'jwt_validation_pubkeys', 'bound_issuer'],
    ...['jwt_supported_algs', 'default_role', 'provider_config'],
  ]
  return [
    ['POST', `sys/auth/${path}`, enabled],
    [
      'PUT',
      `auth/${path}/config`,
      { ...set(values, names), namespace_in_state: values['namespace_in_state'] as boolean },
    ],
    ...tunes(path, values['tune']),
  ]
}

/** An empty list is sent as one empty text; what is empty otherwise is left as it is. */
function tunes(path: string, tune: JsonValue | undefined): Sent[] {
  const [block] = (tune ?? []) as readonly JsonObject[]
  if (block === undefined) return []
  const lists = [
    'audit_non_hmac_request_keys',
    'audit_non_hmac_response_keys',
    'passthrough_request_headers',
    'allowed_response_headers',
  ]
  const sent = lists.map((name) => [name, isEmpty(block[name]) ? [''] : (block[name] as JsonValue)] as const)
  const texts = set(block, ['default_lease_ttl', 'max_lease_ttl', 'listing_visibility', 'token_type'])
  return [['POST', `sys/mounts/auth/${path}/tune`, { ...texts, ...Object.fromEntries(sent) }]]
}

function role(values: JsonObject): JsonObject {
  const always = [
    'user_claim',
    'user_claim_json_pointer',
    'clock_skew_leeway',
    'expiration_leeway',
    'not_before_leeway',
    'verbose_oidc_logging',
  ]
  const whenSet = [
    ...['token_bound_cidrs', 'token_policies', 'token_explicit_max_ttl', 'token_max_ttl', 'token_no_default_policy'],
    ...['token_period', 'token_type', 'token_ttl', 'token_num_uses', 'max_age', 'allowed_redirect_uris', 'role_type'],
    ...['bound_subject', 'oidc_scopes', 'bound_claims_type', 'claim_mappings', 'groups_claim'],
  ]
  const whole = values['disable_bound_claims_parsing'] === true
  const claims = Object.entries((values['bound_claims'] ?? {}) as JsonObject).map(([claim, value]) => [
    claim,
    (whole ? [String(value)] : String(value).split(',')).map((part) => part.trim()),
  ])
  return {
    ...Object.fromEntries(always.map((name) => [name, values[name] as JsonValue])),
    ...set(values, whenSet),
    bound_audiences: values['bound_audiences'] ?? [],
    bound_claims: Object.fromEntries(claims),
  }
}

function set(values: JsonObject, names: readonly string[]): JsonObject {
  const found = names.flatMap((name): [string, JsonValue][] => {
    const value = values[name]
    return value === undefined || isEmpty(value) || value === 0 || value === false ? [] : [[name, value]]
  })
  return Object.fromEntries(found)
}
