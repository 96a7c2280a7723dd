import ipaddr from 'ipaddr.js'
import type * as z from 'zod'
import type { Demands } from '../core/demand.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Kind, Scope } from '../core/kind.ts'
import { addressOf, type Identity, type Listed, type Live } from '../core/resource.ts'
import type { VaultReader } from '../core/server.ts'
import { jwtMounts, refuseMount, refuseType } from './auth-mount.ts'
import {
  canonicalField,
  canonicalFields,
  choice,
  claims,
  duration,
  type Fields,
  flag,
  integer,
  objectSchema,
  payload,
  requirementsOf,
  set,
  text,
  textMap,
  unknownFields,
} from './fields.ts'
import { lostBindings } from './role-bindings.ts'

/**
 * A role of a JWT mount: `auth/<mount>/role/<name>`. A write is a partial update: what it leaves out keeps its old value,
 * except role_type, bound_claims_type, callback_mode and oidc_disable_confirmation, which fall back to their defaults
 * (vault-plugin-auth-jwt path_role.go). So every write here sends every field.
 */
export type JwtRoleSpec = JsonObject

const openbao21 = { requires: { openbao: '2.1' } } as const

const fields: Fields = {
  role_type: choice(['jwt', 'oidc'], 'oidc', 'jwt for tokens that jobs bring, oidc for logins by browser.'),
  bound_audiences: set('"aud" must be one of these.'),
  bound_subject: text('"sub" must be exactly this.'),
  bound_claims_type: choice(
    ['string', 'glob'],
    'string',
    'Whether * in bound claims stands for any text; holds for all of them.',
  ),
  bound_claims: claims('Claims that a token must have: each key, with one of its values.'),
  user_claim: text('The claim that names who logs in; a stable one such as project_id.'),
  user_claim_json_pointer: flag('Whether user_claim is a JSON pointer.'),
  groups_claim: text("The claim that lists the user's groups."),
  claim_mappings: textMap("Claims copied into the token's metadata: claim to metadata key."),
  token_policies: set('Policies of the tokens.', { item: (name) => name.toLowerCase() }),
  token_ttl: duration('TTL of the tokens.'),
  token_max_ttl: duration('Upper bound of the TTL, renewals included.'),
  token_explicit_max_ttl: duration('Hard upper bound of the TTL, above every other.'),
  token_period: duration('Makes the tokens periodic, with this TTL at each renewal.'),
  token_num_uses: integer('How often a token can be used; 0 for no limit.'),
  token_type: choice(['default', '', 'service', 'batch'], 'default', 'Type of the tokens.'),
  token_no_default_policy: flag('Leave the policy "default" out.'),
  token_bound_cidrs: set('Networks from which tokens can be got and used.', {
    item: canonicalCidr,
  }),
  token_strictly_bind_ip: flag('Bind each token to the address that logged in.', { requires: { openbao: '2.0' } }),
  token_policies_template_claims: flag("Fill policy names in from the token's claims.", openbao21),
  expiration_leeway: duration('Added to a token that has no "exp"; negative for none.', { signed: true }),
  not_before_leeway: duration('Taken from a token that has no "nbf"; negative for none.', { signed: true }),
  clock_skew_leeway: duration('Allowed difference of clocks; 0 for the default of 60 s, negative for none.', {
    signed: true,
  }),
  max_age: duration('How long ago the user may have logged in at the provider.'),
  allowed_redirect_uris: set('Redirect URIs, for role_type oidc.'),
  oidc_scopes: set('Scopes to request, for role_type oidc.'),
  verbose_oidc_logging: flag('Log received tokens and claims (debugging only: the log then holds them).'),
  callback_mode: choice(['client', 'direct', 'device'], 'client', 'Who receives the OIDC callback.', openbao21),
  poll_interval: integer('Seconds between polls in the direct and device modes.', openbao21),
  oauth2_metadata: set("Parts of the provider's answer to keep in the token's metadata.", openbao21),
  oidc_disable_confirmation: flag('Skip the confirmation page of a direct callback.', {
    requires: { openbao: '2.5.2' },
  }),
}

/** Old names of token_* fields; a role last written with them returns both, always with equal values (tokenutil.go). */
const aliases = ['policies', 'ttl', 'max_ttl', 'period', 'num_uses', 'bound_cidrs']

/** Fields that a write sets to their default when it leaves them out (path_role.go); all others keep what they had. */
const resetting = ['role_type', 'bound_claims_type', 'callback_mode', 'oidc_disable_confirmation']

function sent(data: JsonObject): JsonObject {
  const renamed = aliases.filter((name) => name in data && !(`token_${name}` in data))
  const rest = Object.entries(data).filter(([name]) => !aliases.includes(name))
  return Object.fromEntries([...rest, ...renamed.map((name) => [`token_${name}`, data[name] as JsonValue])])
}

/**
 * An address as go-sockaddr prints it: IPv6 in its shortest form, an IPv4 address inside it as such, the bits of the host
 * kept, and no mask where it covers the whole address. What is no address stays what it is.
 */
function canonicalCidr(text: string): string {
  const [address = '', mask] = text.split('/', 2)
  if (!isNetwork(text)) return text
  const parsed = ipaddr.process(address)
  const whole = parsed.kind() === 'ipv4' ? '32' : '128'
  return mask === undefined || Number(mask) === Number(whole)
    ? parsed.toString()
    : `${parsed.toString()}/${Number(mask)}`
}

function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
}

/** Anything else with a slash the server takes for the path of a socket, and quotes it once more at every write. */
function isNetwork(text: string): boolean {
  const [address = '', mask, ...rest] = text.split('/')
  const bits = address.includes(':') ? 128 : 32
  return (
    isAddress(address) && rest.length === 0 && (mask === undefined || (/^\d{1,3}$/.test(mask) && Number(mask) <= bits))
  )
}

/** What the server would refuse at the write, found before anything is sent (path_role.go, tokenutil.go). */
const schema = objectSchema(fields, ['user_claim']).superRefine((role, context) => {
  const value = (name: string) => canonicalField(fields, role as JsonObject, name)
  const refuse = (path: readonly string[], message: string) =>
    context.addIssue({ code: 'custom', message, path: [...path] })
  if (value('user_claim') === undefined) refuse(['user_claim'], 'a role needs a user_claim, such as project_id')
  if (value('role_type') === undefined && value('allowed_redirect_uris') === undefined) {
    refuse(
      'role_type' in role ? ['role_type'] : [],
      'allowed_redirect_uris must be set when role_type is oidc or not written; jobs of GitLab need role_type: jwt',
    )
  }
  const bounds = ['bound_audiences', 'bound_claims', 'bound_subject', 'token_bound_cidrs']
  if (bounds.every((name) => value(name) === undefined)) {
    refuse([], `a role must be bound by at least one of ${bounds.join(', ')}`)
  }
  if (value('bound_claims_type') === 'glob') refuseGlobs(value('bound_claims'), refuse)
  const [ttl, limit] = [value('token_ttl'), value('token_max_ttl')]
  if (typeof ttl === 'number' && typeof limit === 'number' && ttl > limit) {
    refuse(['token_ttl'], 'token_ttl cannot be greater than token_max_ttl')
  }
  if (value('token_type') === 'batch') {
    for (const name of ['token_period', 'token_num_uses'].filter((name) => value(name) !== undefined)) {
      refuse([name], `a batch token cannot have ${name}`)
    }
  }
  refuseMappings(value('claim_mappings'), refuse)
  for (const network of (value('token_bound_cidrs') ?? []) as string[]) {
    if (!isNetwork(network))
      refuse(['token_bound_cidrs'], `"${network}" is no IP address or network such as 10.0.0.0/8`)
  }
  if (value('token_strictly_bind_ip') === true && value('token_bound_cidrs') !== undefined) {
    refuse(['token_strictly_bind_ip'], 'token_strictly_bind_ip and token_bound_cidrs exclude each other')
  }
})

type Refuse = (path: readonly string[], message: string) => void

function refuseGlobs(claims: JsonValue | undefined, refuse: Refuse): void {
  for (const [claim, value] of Object.entries(isObject(claims) ? claims : {})) {
    const strings = (Array.isArray(value) ? value : [value]).every((element) => typeof element === 'string')
    if (!strings)
      refuse(
        ['bound_claims', claim],
        'with bound_claims_type glob, every bound claim must be a string or a list of strings',
      )
  }
}

function refuseMappings(mappings: JsonValue | undefined, refuse: Refuse): void {
  const targets = Object.entries(isObject(mappings) ? mappings : {})
  for (const [index, [claim, key]] of targets.entries()) {
    if (key === 'role') refuse(['claim_mappings', claim], 'the metadata key "role" is reserved')
    if (targets.findIndex(([, other]) => other === key) < index) {
      refuse(['claim_mappings', claim], `two claims are mapped to the metadata key "${key}"`)
    }
  }
}

function identify(mount = '', name = ''): Identity {
  const [path, role] = [mount.replace(/\/$/, ''), name.toLowerCase()]
  return {
    kind: 'jwt-role',
    address: addressOf('jwt-role', path, role),
    path: `auth/${path}/role/${role}`,
    parent: addressOf('auth-mount', path),
  }
}

function canonical(spec: JsonObject): JwtRoleSpec {
  const result = canonicalFields(fields, spec)
  // "" and "default" are two spellings of one token type.
  if (result['token_type'] !== '') return result
  const { token_type: _, ...rest } = result
  return rest
}

async function* list(server: VaultReader, scope: Scope): AsyncGenerator<Listed<JwtRoleSpec>> {
  for (const mount of jwtMounts(scope)) {
    for (const name of (await server.list(`auth/${mount}/role`, { pages: true }))?.keys ?? [])
      yield identify(mount, name)
  }
}

async function read(server: VaultReader, object: Identity): Promise<Live<JwtRoleSpec> | undefined> {
  const data = await server.read(object.path)
  if (data === undefined) return undefined
  const unknown = unknownFields(fields, data, aliases)
  const { kind, address, path, parent } = object
  return {
    kind,
    address,
    path,
    ...(parent === undefined ? {} : { parent }),
    spec: canonical(data),
    ...(unknown.length > 0 ? { unknown } : {}),
  }
}

/** The plugin looks whether the role is there, so a write is a create or an update (path_role.go). */
const demands: Demands = {
  list: (mounts) => mounts.map(({ path }) => ({ path: `${path.slice('sys/'.length)}/role`, capabilities: ['list'] })),
  read: ({ path }) => [{ path, capabilities: ['read'] }],
  create: ({ path }, server) => [{ path, capabilities: ['create'], sends: Object.keys(payload(fields, {}, server)) }],
  update: ({ path }, server) => [{ path, capabilities: ['update'], sends: Object.keys(payload(fields, {}, server)) }],
  remove: ({ path }) => [{ path, capabilities: ['delete'] }],
}

export const jwtRole: Kind<JwtRoleSpec> = {
  name: 'jwt-role',
  written: { in: 'role' },
  after: ['jwt-config', 'policy'],
  parent: 'auth-mount',
  schema: schema as unknown as z.ZodType<JwtRoleSpec>,
  requires: requirementsOf(fields),
  writeOnly: [],
  unread: [],
  fromFile: [],
  ownedAs: 'roles',
  identify,
  refuseName: (mount = '', name = '') =>
    refuseMount(mount) ??
    (/^\w([\w.-]*\w)?$/.test(name)
      ? undefined
      : `"${name}" is no role name: letters, digits, "_", "." and "-", the first and last a letter, a digit or "_"`),
  refuseParent: refuseType,
  needs(spec, mount = '') {
    const path = mount.replace(/\/$/, '')
    const policies = (canonicalField(fields, spec, 'token_policies') ?? []) as string[]
    return [
      addressOf('auth-mount', path),
      addressOf('jwt-config', path),
      ...policies.map((name) => addressOf('policy', name)),
    ]
  },
  canonical,
  list,
  read,
  write: (server, desired) => server.write(desired.path, payload(fields, desired.spec, server.server)),
  remove: (server, object) => server.remove(object.path),
  emptyWithout: 'no job could log in there any more',
  unbound: lostBindings,
  demands,
  audited: {
    objectAt(path) {
      const [, mount, name] = /^auth\/(.+)\/role\/([^/]+)\/?$/s.exec(path) ?? []
      return mount === undefined ? undefined : identify(mount, name)
    },
    sent,
    held: (spec) => spec,
    resets: (field) => resetting.includes(field),
    readable: true,
  },
  access({ path, spec }) {
    // Neither part can hold "/role/": a role's name has no slash, and mounts do not nest.
    const at = path.lastIndexOf('/role/')
    return { as: 'role', mount: path.slice('auth/'.length, at), name: path.slice(at + '/role/'.length), role: spec }
  },
}
