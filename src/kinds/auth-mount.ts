import type * as z from 'zod'
import type { Demands } from '../core/demand.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldRefusal, Kind, Scope } from '../core/kind.ts'
import { nearest } from '../core/nearest.ts'
import { addressOf, type Desired, type Identity, type Listed, type Live } from '../core/resource.ts'
import { VaultError, type VaultReader, type VaultWriter } from '../core/server.ts'
import type { ServerVersion } from '../core/version.ts'
import {
  canonicalFields,
  choice,
  duration,
  type Fields,
  flag,
  objectSchema,
  options,
  payload,
  refusePath,
  set,
  text,
  unknownFields,
} from './fields.ts'

/**
 * An enabled auth method: `sys/auth/<path>`. Reading goes through `GET sys/auth` and changing through
 * `sys/mounts/auth/<path>/tune`, because `sys/auth/<path>` itself demands sudo (vault logical_system.go, PathsSpecial).
 */
export type AuthMountSpec = JsonObject & { readonly type: string }

/** Terraform's provider clears such a list by a single empty item, which the server keeps (structures.go, expandAuthMethodTune). */
const cleared = { blanks: 'mean nothing' } as const

/** What can be changed on a live mount, besides `description` and `options`. */
const tuneFields: Fields = {
  default_lease_ttl: duration("TTL of this mount's tokens when nothing else sets one."),
  max_lease_ttl: duration("Upper bound of the TTL of this mount's tokens."),
  listing_visibility: choice(['', 'hidden', 'unauth'], '', 'Whether the UI lists the mount before login.'),
  token_type: choice(
    ['default-service', 'default-batch', 'service', 'batch'],
    'default-service',
    'Which type of token logins give; the default- ones let a role decide.',
  ),
  audit_non_hmac_request_keys: set('Request keys that the audit log shows in clear text.', cleared),
  audit_non_hmac_response_keys: set('Response keys that the audit log shows in clear text.', cleared),
  passthrough_request_headers: set('Request headers handed on to the auth method.', cleared),
  allowed_response_headers: set('Response headers that the auth method may set.', cleared),
}

const fields: Fields = {
  type: text('Type of the auth method, such as jwt.'),
  description: text('For people.'),
  options: options('Options of the auth method.'),
  plugin_version: text('Version of the plugin to run; empty for the one the server chooses.'),
  local: flag('Not replicated to other clusters. Fixed when the mount is enabled.'),
  seal_wrap: flag("Wrap the mount's critical values with the seal. Fixed when the mount is enabled."),
  external_entropy_access: flag("Let the mount use the seal's source of randomness. Fixed when the mount is enabled."),
}

/** Tuning cannot change these; only disabling and enabling anew could, which destroys every role and token. */
const fixed = ['type', 'local', 'seal_wrap', 'external_entropy_access']

const ignored = [
  'accessor',
  'uuid',
  'config',
  'running_plugin_version',
  'running_sha256',
  'deprecation_status', // computed by the server
]

const schema = objectSchema(fields, ['type'])
  .extend({
    tune: objectSchema(tuneFields).meta({ description: 'What can be changed while the mount is in use.' }).optional(),
  })
  .refine((spec) => spec['type'] !== '', { error: 'a mount needs a type, such as jwt', path: ['type'] })

function identify(mount = ''): Identity {
  const path = mount.replace(/\/$/, '')
  return { kind: 'auth-mount', address: addressOf('auth-mount', path), path: `sys/auth/${path}` }
}

/** The paths that the server takes, less those that a URL gives another meaning. A slash at the end is its own spelling. */
export function refuseMount(mount = ''): string | undefined {
  if (/[?#%\s]/.test(mount)) return `"${mount}" must not hold white space, "?", "#" or "%"`
  return refusePath(mount.replace(/\/$/, ''))
}

/** Those of the JWT plugin, which `oidc` is another name of; only their mounts hold a JWT configuration and JWT roles. */
const jwtTypes: readonly unknown[] = ['jwt', 'oidc']

export function jwtMounts({ parents }: Scope): string[] {
  return parents.filter(({ spec }) => jwtTypes.includes(spec['type'])).map(({ path }) => path.slice('sys/auth/'.length))
}

/** Why a JWT configuration or a JWT role cannot be in this mount. */
export function refuseType({ type }: JsonObject): FieldRefusal | undefined {
  if (jwtTypes.includes(type)) return undefined
  const meant = nearest(String(type), jwtTypes.map(String))
  return {
    field: ['type'],
    reason: `a mount of type ${JSON.stringify(type)} takes no JWT configuration and no JWT roles`,
    help: `${meant === undefined ? '' : `Did you mean "${meant}"? `}The types that do are jwt and oidc; a mount of another type is described without config and without roles.`,
  }
}

function canonical(spec: JsonObject): AuthMountSpec {
  const tune = canonicalFields(tuneFields, isObject(spec['tune']) ? spec['tune'] : {})
  return { ...canonicalFields(fields, spec), ...(Object.keys(tune).length > 0 ? { tune } : {}) } as AuthMountSpec
}

function live(object: Identity, data: JsonObject): Live<AuthMountSpec> {
  const { kind, address, path } = object
  const unknown = unknownFields(fields, data, ignored)
  return {
    kind,
    address,
    path,
    spec: canonical({ ...data, tune: data['config'] ?? {} }),
    ...(unknown.length > 0 ? { unknown } : {}),
  }
}

const tokenMount = addressOf('auth-mount', 'token')

/** The server's own way to tokens, in the root namespace and in others (vault auth.go, mountTypeToken); nobody can disable it. */
const tokenTypes: readonly unknown[] = ['token', 'ns_token']

async function* list(server: VaultReader): AsyncGenerator<Listed<AuthMountSpec>> {
  const mounts = Object.entries((await server.read('sys/auth')) ?? {})
  const odd = mounts.find(([, data]) => !isObject(data) || typeof data['type'] !== 'string')
  if (odd !== undefined) throw unreliable(server, `what it says of ${odd[0]} is no auth mount`)
  if (!mounts.some(([, data]) => isObject(data) && tokenTypes.includes(data['type'])))
    throw unreliable(server, 'it has no mount of the type token, which every server has: it was cut or filtered')
  for (const [path, data] of mounts as [string, JsonObject][]) {
    const object = identify(path)
    yield { ...object, live: live(object, data), builtin: tokenTypes.includes(data['type']) }
  }
}

/** A mount that is missing from a list that is not whole would look disabled. */
function unreliable({ server }: VaultReader, reason: string): VaultError {
  return new VaultError(200, 'GET', 'sys/auth', [
    `the list of auth mounts of ${server.address} is not whole: ${reason}`,
  ])
}

async function read(server: VaultReader, object: Identity): Promise<Live<AuthMountSpec> | undefined> {
  for await (const { address, live } of list(server)) if (address === object.address) return live
  return undefined
}

async function write(
  server: VaultWriter,
  desired: Desired<AuthMountSpec>,
  before: Live<AuthMountSpec> | undefined,
): Promise<readonly string[]> {
  const { tune, ...spec } = desired.spec
  const { plugin_version: version, ...rest } = payload(fields, spec, server.server)
  // The server checks the version against its catalog and takes no empty one: it is sent only when it is chosen anew.
  const chosen = version === (before?.spec['plugin_version'] ?? '') ? {} : { plugin_version: version }
  const config = { ...payload(tuneFields, isObject(tune) ? tune : {}, server.server), ...chosen }
  if (before === undefined) return server.write(desired.path, { ...rest, config }, { repeatable: false })
  const kept = { ...removed(before.spec['options']), ...(rest['options'] as JsonObject) }
  return server.write(tunePath(desired), { ...config, description: rest['description'], options: kept })
}

/** Does what `sys/auth/<path>/tune` does, and needs no sudo (vault logical_system.go). */
function tunePath({ path }: Identity): string {
  return `sys/mounts/${path.slice('sys/'.length)}/tune`
}

/** Enabling is an update, because the server does not look whether the mount is there (vault logical_system.go). */
const demands: Demands = {
  list: () => readable,
  read: () => readable,
  create: ({ path }, server) => [
    { path, capabilities: ['update', 'sudo'], sends: [...names(fields, server), 'config'] },
  ],
  update: (object, server) => [
    {
      path: tunePath(object),
      capabilities: ['update'],
      sends: [...names(tuneFields, server), 'description', 'options'],
    },
  ],
  remove: ({ path }) => [{ path, capabilities: ['delete', 'sudo'] }],
}

/** Of what every write sends; the version of the plugin goes with what is tuned, and only when it is chosen anew. */
function names(table: Fields, server: ServerVersion): string[] {
  return Object.keys(payload(table, {}, server)).filter((name) => name !== 'plugin_version')
}

const readable = [{ path: 'sys/auth', capabilities: ['read'] }]

/** Tuning adds to the options; an empty text is what takes one away. */
function removed(options: JsonValue | undefined): Record<string, string> {
  return Object.fromEntries(Object.keys(isObject(options) ? options : {}).map((name) => [name, '']))
}

function refuse(before: AuthMountSpec, after: AuthMountSpec): FieldRefusal[] {
  const unpinned = before['plugin_version'] !== undefined && after['plugin_version'] === undefined
  return [...fixedFields(before, after), ...(unpinned ? [unpinning(String(before['plugin_version']))] : [])]
}

function unpinning(version: string): FieldRefusal {
  return {
    field: ['plugin_version'],
    reason: `the server cannot take back the choice of plugin version ${version}`,
    help: `Write plugin_version: ${version}, or choose another one.`,
  }
}

function fixedFields(before: AuthMountSpec, after: AuthMountSpec): FieldRefusal[] {
  return fixed
    .filter((name) => before[name] !== after[name])
    .map((name) => ({
      field: [name],
      reason: `the server cannot change ${name} of an enabled mount (it is ${JSON.stringify(before[name] ?? fields[name]?.unset)})`,
      help: 'Describe a mount at another path and move its roles there; disabling this one would destroy its configuration, its roles and every token it gave.',
    }))
}

export const authMount: Kind<AuthMountSpec> = {
  name: 'auth-mount',
  written: { in: 'environment', at: ['auth', '*'] },
  after: [],
  schema: schema as unknown as z.ZodType<AuthMountSpec>,
  requires: {},
  writeOnly: [],
  unread: [],
  fromFile: [],
  ownedAs: 'auth',
  identify,
  refuseName: refuseMount,
  needs: () => [],
  canonical,
  list,
  read,
  write,
  remove: (server, object) => server.remove(object.path),
  refuse,
  listsAll: true,
  delicate: ({ address }) =>
    address === tokenMount ? 'every token of the server is made and renewed by it' : undefined,
  audited: {
    objectAt(path) {
      const [, mount] =
        /^sys\/(?:mounts\/)?auth\/(.+)\/tune\/?$/s.exec(path) ?? /^sys\/auth\/(.*[^/])\/?$/s.exec(path) ?? []
      return mount === undefined ? undefined : identify(mount)
    },
    sent: ({ config, ...data }) => ({ ...data, ...(isObject(config) ? config : {}) }),
    held: ({ tune, ...spec }) => ({ ...spec, ...(isObject(tune) ? tune : {}) }),
    // Tuning leaves alone what it does not name; enabling makes a new mount.
    resets: (_field, path) => !/\/tune\/?$/.test(path),
    readable: false,
    mountPoint: ({ path }) => path.slice('sys/'.length),
  },
  access: ({ path, spec }) => ({
    as: 'auth-mount',
    mount: path.slice('sys/auth/'.length),
    type: spec.type,
    tune: isObject(spec['tune']) ? spec['tune'] : {},
  }),
  demands,
  removalDestroys: 'its configuration, all its roles and every token it gave',
}
