import * as z from 'zod'
import { refusePublicKey } from '../access/login/public-key.ts'
import type { Demand, Demands } from '../core/demand.ts'
import { isEmpty, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Kind, Scope } from '../core/kind.ts'
import { addressOf, type Identity, type Listed, type Live } from '../core/resource.ts'
import { VaultError, type VaultReader, WriteOnly } from '../core/server.ts'
import type { ServerVersion } from '../core/version.ts'
import { jwtMounts, refuseType } from './auth-mount.ts'
import {
  canonicalFields,
  choice,
  type Fields,
  flag,
  freeMap,
  lowerCaseText,
  objectSchema,
  list as orderedList,
  payload,
  perWrite,
  requirementsOf,
  secret,
  secretInClear,
  secretReference,
  set,
  text,
  unknownFields,
  unreadOf,
  writeOnlyOf,
} from './fields.ts'

/**
 * How a JWT mount trusts its issuer: `auth/<mount>/config`. A write replaces all of it, except `namespace_in_state`
 * (vault-plugin-auth-jwt path_config.go); the server contacts the issuer while it writes.
 */
export type JwtConfigSpec = JsonObject

const trimmed = (item: string) => item.trim()

const fields: Fields = {
  oidc_discovery_url: text("The issuer's URL, without .well-known."),
  oidc_discovery_ca_pem: text('CA certificates for oidc_discovery_url, PEM.'),
  oidc_client_id: text('Client id, for logins by browser.'),
  oidc_client_secret: secret('Client secret; a reference, as the server never gives it back.'),
  oidc_response_mode: choice(['', 'query', 'form_post'], '', 'Response mode of the OIDC request.'),
  oidc_response_types: set('Response types to request.'),
  jwks_url: text('URL of the public keys.'),
  jwks_ca_pem: text('CA certificates for jwks_url, PEM.'),
  jwks_pairs: orderedList(
    z.strictObject({
      jwks_url: z.string().meta({ description: 'URL of the public keys.' }),
      jwks_ca_pem: z.string().meta({ description: 'CA certificates for this URL, PEM.' }).optional(),
    }),
    'Several key URLs, each with its own CA certificates.',
    { requires: { vault: '1.16' } },
  ),
  jwt_validation_pubkeys: set('Public keys to check signatures with, PEM.', { item: trimmed }),
  bound_issuer: text('What a token\'s "iss" must be. Unset, it is not checked.'),
  jwt_supported_algs: set('Signature algorithms to accept.'),
  default_role: lowerCaseText('The role of a login that names none.'),
  provider_config: freeMap('Settings of a provider integration, such as azure or gsuite.'),
  override_allowed_server_names: set('Server names to accept from the issuer besides its own.', {
    requires: { openbao: '2.4' },
  }),
  namespace_in_state: flag('Carry the namespace in the OIDC state.', { unset: true }),
  skip_jwks_validation: perWrite(flag('Do not contact the issuer while writing.', { requires: { openbao: '2.3' } })),
  unsupported_critical_cert_extensions: set('Critical certificate extensions to ignore.', {
    requires: { vault: '1.17.3' },
  }),
}

/** Secrets inside provider_config: the server strips them from what it returns. */
const providerSecrets = ['gsuite_service_account', 'api_token']

const sources = ['jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', 'provider_config']

const schema = objectSchema(fields).superRefine((spec, context) => {
  const used = sources.filter((name) => !isEmpty(spec[name] as never))
  // A provider needs a discovery URL beside it; any other two exclude each other (path_config.go).
  const keys = used.filter((name) => name !== 'provider_config')
  if (keys.length !== 1) {
    const message = `exactly one of ${sources.slice(0, -1).join(', ')} must be set; ${keys.length === 0 ? 'none is' : `${keys.join(' and ')} are`}`
    context.addIssue({ code: 'custom', message, path: keys.length > 1 ? [keys[1] as string] : [] })
  }
  if (isEmpty(spec['oidc_client_id'] as never) !== isEmpty(spec['oidc_client_secret'] as never)) {
    const [present, absent] = isEmpty(spec['oidc_client_id'] as never)
      ? ['oidc_client_secret', 'oidc_client_id']
      : ['oidc_client_id', 'oidc_client_secret']
    context.addIssue({ code: 'custom', message: `${present} needs ${absent} beside it`, path: [present] })
  }
  if (!isEmpty(spec['oidc_client_id'] as never) && isEmpty(spec['oidc_discovery_url'] as never)) {
    const message = 'oidc_client_id is for logins by browser, which need oidc_discovery_url'
    context.addIssue({ code: 'custom', message, path: ['oidc_client_id'] })
  }
  for (const [path, message] of refusedKeys(spec['jwt_validation_pubkeys']))
    context.addIssue({ code: 'custom', message, path: ['jwt_validation_pubkeys', ...path] })
  for (const [name, value] of Object.entries((spec['provider_config'] ?? {}) as JsonObject)) {
    const message = refuseProviderValue(name, value)
    if (message !== undefined) context.addIssue({ code: 'custom', message, path: ['provider_config', name] })
  }
})

/** A configuration that is refused while it is written leaves its mount without one, and roles that nobody can log in with. */
function refusedKeys(keys: unknown): [path: number[], message: string][] {
  const listed: [number[], unknown][] = Array.isArray(keys)
    ? keys.map((key, n) => [[n], key])
    : String(keys ?? '')
        .split(',')
        .map((key) => [[], key.trim()])
  return listed.flatMap(([path, key]): [number[], string][] => {
    const reason = typeof key === 'string' && key !== '' ? refusePublicKey(key) : undefined
    const message = `the server takes no such key: error parsing public key: ${reason}; it has to be a PEM public key or certificate`
    return reason === undefined ? [] : [[path, message]]
  })
}

/** The map takes any key, so a mistyped one would carry its secret into plans and logs. */
function refuseProviderValue(name: string, value: JsonValue): string | undefined {
  if (providerSecrets.includes(name)) {
    if (secretReference.safeParse(value).success) return undefined
    return secretInClear
  }
  if (!/secret|passw|token|credential|service_account|private_key|_key$|api_/i.test(name)) return undefined
  return `${name} looks like a secret and is none of those that the server hides (${providerSecrets.join(', ')})`
}

function identify(mount = ''): Identity {
  const path = mount.replace(/\/$/, '')
  return {
    kind: 'jwt-config',
    address: addressOf('jwt-config', path),
    path: `auth/${path}/config`,
    parent: addressOf('auth-mount', path),
  }
}

async function read(server: VaultReader, object: Identity): Promise<Live<JwtConfigSpec> | undefined> {
  const data = await server.read(object.path)
  if (data === undefined) return undefined
  if (!sources.some((name) => Object.hasOwn(data, name)))
    throw new VaultError(200, 'GET', object.path, ['the answer is no configuration of a JWT mount'])
  const spec = canonicalFields(fields, data)
  // A mount whose configuration was never written answers 404 on some versions and zero values on others.
  if (sources.every((name) => spec[name] === undefined)) return undefined
  const unknown = unknownFields(fields, data, ['status'])
  return { ...object, spec, ...(unknown.length > 0 ? { unknown } : {}) }
}

async function* list(server: VaultReader, scope: Scope): AsyncGenerator<Listed<JwtConfigSpec>> {
  for (const mount of jwtMounts(scope)) {
    const object = identify(mount)
    const live = await read(server, object)
    if (live !== undefined) yield { ...object, live }
  }
}

/** Every write is an update, because the plugin does not look whether there is a configuration (path_config.go). */
const demands: Demands = {
  list: (mounts) => mounts.map(({ path }) => readable(`${path.slice('sys/'.length)}/config`)),
  read: ({ path }) => [readable(path)],
  create: written,
  update: written,
}

function readable(path: string): Demand {
  return { path, capabilities: ['read'] }
}

function written({ path }: Identity, server: ServerVersion): Demand[] {
  return [{ path, capabilities: ['update'], sends: Object.keys(payload(fields, {}, server)) }]
}

export const jwtConfig: Kind<JwtConfigSpec> = {
  name: 'jwt-config',
  written: { in: 'environment', at: ['auth', '*', 'config'] },
  after: ['auth-mount'],
  parent: 'auth-mount',
  schema: schema as unknown as z.ZodType<JwtConfigSpec>,
  requires: requirementsOf(fields),
  writeOnly: [...writeOnlyOf(fields), ...providerSecrets.map((name) => ['provider_config', name])],
  unread: [...unreadOf(fields), ...providerSecrets.map((name) => ['provider_config', name])],
  fromFile: [
    ['oidc_discovery_ca_pem'],
    ['jwks_ca_pem'],
    ['jwks_pairs', '*', 'jwks_ca_pem'],
    ['jwt_validation_pubkeys', '*'],
  ],
  identify,
  refuseName: () => undefined,
  refuseParent: refuseType,
  needs: (_spec, mount = '') => [addressOf('auth-mount', mount.replace(/\/$/, ''))],
  canonical: (spec) => canonicalFields(fields, spec),
  list,
  listsAll: true,
  read,
  // Without it a token of whoever else has keys at the same place is as good (vault-plugin-auth-jwt path_login.go).
  unbound: (before, after) =>
    before['bound_issuer'] !== undefined && after['bound_issuer'] === undefined ? [['bound_issuer']] : [],
  demands,
  access: ({ path, spec }) => ({
    as: 'auth-config',
    mount: path.slice('auth/'.length, -'/config'.length),
    config: spec,
  }),
  audited: {
    objectAt(path) {
      const [, mount] = /^auth\/(.+)\/config\/?$/s.exec(path) ?? []
      return mount === undefined ? undefined : identify(mount)
    },
    sent: (data) => data,
    held: (spec) => spec,
    // A write replaces all but one (vault-plugin-auth-jwt path_config.go).
    resets: (field) => field !== 'namespace_in_state',
    readable: true,
  },
  write: (server, desired) =>
    server.write(desired.path, withProviderSecrets(payload(fields, desired.spec, server.server))),
}

function withProviderSecrets(body: Record<string, unknown>): Record<string, unknown> {
  const provider = body['provider_config'] as Record<string, unknown>
  const wrapped = Object.entries(provider).map(([name, value]) => [
    name,
    providerSecrets.includes(name) ? new WriteOnly(value as WriteOnly['reference']) : value,
  ])
  return { ...body, provider_config: Object.fromEntries(wrapped) }
}
