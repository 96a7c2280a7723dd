import type * as z from 'zod'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldRefusal, Kind, Scope } from '../core/kind.ts'
import { addressOf, type Desired, type Identity, type Listed, type Live } from '../core/resource.ts'
import type { VaultReader, VaultWriter } from '../core/server.ts'
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
  audit_non_hmac_request_keys: set('Request keys that the audit log shows in clear text.'),
  audit_non_hmac_response_keys: set('Response keys that the audit log shows in clear text.'),
  passthrough_request_headers: set('Request headers handed on to the auth method.'),
  allowed_response_headers: set('Response headers that the auth method may set.'),
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

/** Paths of the mounts among the parents that hold a JWT configuration and JWT roles; `oidc` is the same plugin. */
export function jwtMounts({ parents }: Scope): string[] {
  return parents
    .filter(({ spec }) => spec['type'] === 'jwt' || spec['type'] === 'oidc')
    .map(({ path }) => path.slice('sys/auth/'.length))
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

async function* list(server: VaultReader): AsyncGenerator<Listed<AuthMountSpec>> {
  const mounts = (await server.read('sys/auth')) ?? {}
  for (const [path, data] of Object.entries(mounts)) {
    const object = identify(path)
    if (isObject(data)) yield { ...object, live: live(object, data), builtin: data['type'] === 'token' }
  }
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
  const path = `sys/mounts/${desired.path.slice('sys/'.length)}/tune`
  return server.write(path, { ...config, description: rest['description'], options: kept })
}

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
  access: ({ path, spec }) => ({
    as: 'auth-mount',
    mount: path.slice('sys/auth/'.length),
    type: spec.type,
    tune: isObject(spec['tune']) ? spec['tune'] : {},
  }),
  removalDestroys: 'its configuration, all its roles and every token it gave',
}
