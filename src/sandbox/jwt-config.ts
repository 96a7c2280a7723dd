import { signatureAlgorithms } from '../access/login/config.ts'
import { quote, show } from '../access/login/go-text.ts'
import { refusePublicKey } from '../access/login/public-key.ts'
import { isEmpty, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Requirement } from '../core/version.ts'
import { type Answer, data, missing, refuse, written } from './answers.ts'
import type { FieldType } from './field-types.ts'
import { unreachableSource } from './key-sets.ts'
import { type Input, listOf, type Route, textOf } from './routes.ts'
import { has, type Mount, type State } from './state.ts'

/**
 * `auth/<mount>/config` (vault-plugin-auth-jwt path_config.go, openbao path_config.go). A write replaces everything but
 * namespace_in_state. A sandbox that fetches no keys takes every URL; the client secret is not even kept.
 */
interface Field {
  readonly type: FieldType
  /** False for what is never read back. */
  readonly read?: false
  readonly requires?: Requirement
}

const fields: Readonly<Record<string, Field>> = {
  bound_issuer: { type: 'string' },
  default_role: { type: 'lower-case string' },
  jwks_ca_pem: { type: 'string' },
  jwks_pairs: { type: 'slice', requires: { vault: '1.16' } },
  jwks_url: { type: 'string' },
  jwt_supported_algs: { type: 'comma string slice' },
  jwt_validation_pubkeys: { type: 'comma string slice' },
  namespace_in_state: { type: 'bool' },
  oidc_client_id: { type: 'string' },
  oidc_client_secret: { type: 'string', read: false },
  oidc_discovery_ca_pem: { type: 'string' },
  oidc_discovery_url: { type: 'string' },
  oidc_response_mode: { type: 'string' },
  oidc_response_types: { type: 'comma string slice' },
  override_allowed_server_names: { type: 'comma string slice', requires: { openbao: '2.4' } },
  provider_config: { type: 'map' },
  skip_jwks_validation: { type: 'bool', read: false, requires: { openbao: '2.3' } },
  unsupported_critical_cert_extensions: { type: 'comma string slice', requires: { vault: '1.17.3' } },
}

const zeros: Readonly<Partial<Record<FieldType, JsonValue>>> = {
  'comma string slice': [],
  slice: [],
  map: {},
  bool: false,
}

const providers = ['azure', 'gsuite', 'secureauth', 'ibmisam']

export function jwtConfigRoutes(state: State, mount: Mount): Route[] {
  const known = Object.entries(fields).filter(([, { requires }]) => requires === undefined || has(state, requires))
  return [
    {
      pattern: /^config$/,
      fields: Object.fromEntries(known.map(([name, { type }]) => [name, type])),
      handlers: {
        read: () => (mount.config === undefined ? missing : data(mount.config)),
        write: ({ input }) => write(state, mount, input),
      },
    },
  ]
}

async function write(state: State, mount: Mount, input: Input): Promise<Answer> {
  checkSource(state, input)
  for (const key of listOf(input, 'jwt_validation_pubkeys')) checkKey(key)
  const unreachable = await unreachableSource(state, Object.fromEntries(input))
  if (unreachable !== undefined && input.get('skip_jwks_validation') !== true) refuse(unreachable)
  const strange = listOf(input, 'jwt_supported_algs').find((name) => !signatureAlgorithms.includes(name))
  if (strange !== undefined) refuse(`invalid jwt_supported_algs: unsupported signing algorithm ${quote(strange)}`)
  checkResponse(listOf(input, 'oidc_response_types'), textOf(input, 'oidc_response_mode'))
  checkProvider(state, provider(input))
  mount.config = stored(state, mount.config, input)
  return written(unreachable === undefined ? [] : [unreachable])
}

function provider(input: Input): JsonObject {
  return (input.get('provider_config') ?? {}) as JsonObject
}

function checkSource(state: State, input: Input): void {
  const used = ['jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url'].filter(
    (name) => !isEmpty(input.get(name)),
  )
  const discovers = state.product === 'openbao' && provider(input)['provider'] === 'kubernetes'
  if (used.length + (discovers ? 1 : 0) !== 1) refuse(oneSource(state))
  const { id, secret } = { id: textOf(input, 'oidc_client_id'), secret: textOf(input, 'oidc_client_secret') }
  if ((id === '') !== (secret === '')) refuse("both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC")
  const url = textOf(input, 'oidc_discovery_url')
  if (state.product === 'openbao' && url.includes('.well-known/openid-configuration'))
    refuse("'oidc_discovery_url' contains '.well-known' component")
  if (id !== '' && url === '') refuse("'oidc_discovery_url' must be set for OIDC")
  if (used[0] === 'jwks_pairs') checkPairs(input)
}

function oneSource({ product }: State): string {
  return product === 'vault'
    ? "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs' or 'oidc_discovery_url' must be set"
    : "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' must be set"
}

function checkPairs(input: Input): void {
  if (textOf(input, 'jwks_ca_pem') !== '')
    refuse("CA PEMs must be provided as part of the 'jwks_pairs' when using multiple JWKS URLs")
  if (textOf(input, 'bound_issuer') !== '') refuse("Bound issuer is not supported for use with 'jwks_pairs'")
  const shape = 'jwks_pairs must be provided as a list of json objects with the fields jwks_url and jwks_ca_pem'
  if (!(input.get('jwks_pairs') as JsonValue[]).every(isObject)) refuse(`invalid jwks_pairs: ${shape}`)
}

function checkKey(pem: string): void {
  const reason = refusePublicKey(pem)
  if (reason !== undefined) refuse(`error parsing public key: ${reason}`)
}

function checkResponse(types: readonly string[], mode: string): void {
  if (!types.every((type) => type === 'code' || type === 'id_token'))
    refuse(`invalid response_types ${show(types)}. 'code' and 'id_token' are allowed`)
  if (!['', 'query', 'form_post'].includes(mode)) refuse(`invalid response_mode: ${quote(mode)}`)
  if (mode !== 'form_post' && types.includes('id_token'))
    refuse('query response_mode may not be used with an id_token response_type')
}

function checkProvider(state: State, config: JsonObject): void {
  if (isEmpty(config)) return
  const name = config['provider']
  if (typeof name !== 'string') refuse("invalid provider_config: 'provider' field not found in provider_config")
  const known = [...providers, ...(has(state, { openbao: '2.6' }) ? ['kubernetes'] : [])]
  if (!known.includes(name)) refuse(`invalid provider_config: provider ${quote(name)} not found in custom providers`)
}

/** As it reads: every field the server gives back, zero where the write left it out. */
function stored(state: State, before: JsonObject | undefined, input: Input): JsonObject {
  const shown = Object.entries(fields).filter(
    ([, { read, requires }]) => read !== false && (requires === undefined || has(state, requires)),
  )
  const { gsuite_service_account: _, ...providerConfig } = provider(input)
  return {
    ...Object.fromEntries(shown.map(([name, { type }]) => [name, input.get(name) ?? zeros[type] ?? ''])),
    namespace_in_state: input.get('namespace_in_state') ?? before?.['namespace_in_state'] ?? true,
    provider_config: providerConfig,
    ...(state.product === 'openbao' ? { status: 'valid' } : {}),
  }
}
