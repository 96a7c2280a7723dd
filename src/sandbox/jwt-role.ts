import { parseNetwork } from '../access/login/cidr.ts'
import { formatGoDuration } from '../access/login/go-numbers.ts'
import { show } from '../access/login/go-text.ts'
import { isWrittenObject } from '../access/login/json-number.ts'
import { byText, isEmpty, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Requirement } from '../core/version.ts'
import { type Answer, data, empty, listing, missing, refuse, written } from './answers.ts'
import type { FieldType } from './field-types.ts'
import { type Input, listOf, type Route, textOf } from './routes.ts'
import { has, type Mount, type State } from './state.ts'
import { effectiveTtls } from './tune.ts'

/**
 * `auth/<mount>/role/<name>` (vault-plugin-auth-jwt path_role.go, openbao path_role.go, sdk tokenutil.go). A write keeps
 * what it leaves out, except the fields marked `resets`, and everything is checked on the merged role.
 */
interface Field {
  readonly type: FieldType
  /** What a role reads that was never given the field; undefined where it then does not show it. */
  readonly fresh?: JsonValue
  readonly resets?: true
  readonly requires?: Requirement
}

const openbao21 = { openbao: '2.1' }

const fields: Readonly<Record<string, Field>> = {
  allowed_redirect_uris: { type: 'comma string slice', fresh: null },
  bound_audiences: { type: 'comma string slice', fresh: null },
  bound_claims: { type: 'map', fresh: null },
  bound_claims_type: { type: 'string', fresh: 'string', resets: true },
  bound_subject: { type: 'string', fresh: '' },
  callback_mode: { type: 'string', fresh: 'client', resets: true, requires: openbao21 },
  claim_mappings: { type: 'key-value pairs', fresh: null },
  clock_skew_leeway: { type: 'signed duration', fresh: 0 },
  expiration_leeway: { type: 'signed duration', fresh: 0 },
  groups_claim: { type: 'string', fresh: '' },
  max_age: { type: 'duration', fresh: 0 },
  not_before_leeway: { type: 'signed duration', fresh: 0 },
  oauth2_metadata: { type: 'comma string slice', fresh: null, requires: openbao21 },
  oidc_disable_confirmation: { type: 'bool', fresh: false, resets: true, requires: { openbao: '2.5.2' } },
  oidc_scopes: { type: 'comma string slice', fresh: null },
  poll_interval: { type: 'int', requires: openbao21 },
  role_type: { type: 'string', fresh: 'oidc', resets: true },
  token_bound_cidrs: { type: 'comma string slice', fresh: [] },
  token_explicit_max_ttl: { type: 'duration', fresh: 0 },
  token_max_ttl: { type: 'duration', fresh: 0 },
  token_no_default_policy: { type: 'bool', fresh: false },
  token_num_uses: { type: 'int', fresh: 0 },
  token_period: { type: 'duration', fresh: 0 },
  token_policies: { type: 'comma string slice', fresh: [] },
  token_policies_template_claims: { type: 'bool', fresh: false, requires: openbao21 },
  token_strictly_bind_ip: { type: 'bool', fresh: false, requires: { openbao: '2.0' } },
  token_ttl: { type: 'duration', fresh: 0 },
  token_type: { type: 'string', fresh: 'default' },
  user_claim: { type: 'string', fresh: '' },
  user_claim_json_pointer: { type: 'bool', fresh: false },
  verbose_oidc_logging: { type: 'bool', fresh: false },
}

/** Old names of fields: used only where the new one is not sent, read back only after a write that used them. */
const aliases: Readonly<Record<string, string>> = {
  policies: 'token_policies',
  bound_cidrs: 'token_bound_cidrs',
  num_uses: 'token_num_uses',
  ttl: 'token_ttl',
  max_ttl: 'token_max_ttl',
  period: 'token_period',
}

/** Role names as the server's patterns take them (sdk/framework GenericNameRegex). */
const name = String.raw`(?<name>\w([\w.-]*\w)?)`

export function jwtRoleRoutes(state: State, mount: Mount): Route[] {
  const known = Object.entries(fields).filter(([, { requires }]) => requires === undefined || has(state, requires))
  const types = Object.fromEntries(known.map(([field, { type }]) => [field, type]))
  const oldTypes = Object.fromEntries(Object.entries(aliases).map(([old, now]) => [old, fields[now]?.type]))
  return [
    { pattern: /^role\/?$/, ...roleList(state, mount) },
    {
      pattern: new RegExp(`^role/${name}$`),
      fields: { name: 'lower-case string', ...types, ...oldTypes } as Record<string, FieldType>,
      exists: (names) => mount.roles.has(nameOf(names)),
      handlers: {
        read: ({ names }) => read(mount, nameOf(names)),
        write: ({ names, input }) => write(Object.fromEntries(known), mount, nameOf(names), input),
        delete: ({ names }) => {
          mount.roles.delete(nameOf(names))
          return empty
        },
      },
    },
  ]
}

function nameOf(names: Readonly<Record<string, string>>): string {
  return (names['name'] as string).toLowerCase()
}

/** OpenBao lists in pages where it is asked to. */
function roleList(state: State, mount: Mount): Pick<Route, 'fields' | 'handlers'> {
  const keys = () => [...mount.roles.keys()].sort(byText)
  if (state.product === 'vault') return { handlers: { list: () => listing(keys()) } }
  return {
    fields: { after: 'string', limit: 'int' },
    handlers: {
      list: ({ input }) => {
        const limit = (input.get('limit') ?? 0) as number
        const after = keys().filter((key) => key > textOf(input, 'after'))
        return listing(limit > 0 ? after.slice(0, limit) : after)
      },
    },
  }
}

function read(mount: Mount, name: string): Answer {
  const role = mount.roles.get(name)
  return role === undefined ? missing : data(readableRole(role))
}

/** Without aliases and a poll_interval that hold nothing. */
export function readableRole(role: JsonObject): JsonObject {
  const hidden = (key: string) => (key in aliases || key === 'poll_interval') && (role[key] === 0 || isEmpty(role[key]))
  return Object.fromEntries(Object.entries(role).filter(([key]) => !hidden(key)))
}

function write(known: Readonly<Record<string, Field>>, mount: Mount, name: string, input: Input): Answer {
  checkType(textOf(input, 'role_type'))
  const before = mount.roles.get(name)
  const role = merged(known, before, input)
  const limit = effectiveTtls(mount).max_lease_ttl
  checkRole({ role, before, input, limit })
  mount.roles.set(name, role)
  const warnings: string[] = []
  if ((role['token_max_ttl'] as number) > limit) warnings.push(truncated)
  if (role['verbose_oidc_logging'] === true) warnings.push(verbose)
  return written(warnings)
}

const truncated =
  "token max ttl is greater than the system or backend mount's maximum TTL value; issued tokens' max TTL value will be truncated"
const verbose =
  'verbose_oidc_logging has been enabled for this role. This is not recommended in production since sensitive information may be present in OIDC responses.'

function merged(known: Readonly<Record<string, Field>>, before: JsonObject | undefined, input: Input): JsonObject {
  const role: Record<string, JsonValue> = { ...before }
  for (const [field, { fresh, resets }] of Object.entries(known)) {
    const sent = input.get(field)
    if (sent !== undefined) role[field] = sent
    else if (fresh !== undefined && (resets || !(field in role))) role[field] = fresh
  }
  if (role['role_type'] === '') role['role_type'] = 'oidc'
  if (role['token_type'] === '') role['token_type'] = 'default'
  if (input.has('token_bound_cidrs')) role['token_bound_cidrs'] = listOf(input, 'token_bound_cidrs').map(address)
  applyAliases(role, input)
  return role
}

function address(text: string): string {
  const words = `Unable to convert ${JSON.stringify(text)} to an IPv4 or IPv6 address, or a UNIX Socket`
  return parseNetwork(text)?.text ?? refuse(`error parsing address ${JSON.stringify(text)}: ${words}`)
}

function applyAliases(role: Record<string, JsonValue>, input: Input): void {
  for (const [old, now] of Object.entries(aliases)) {
    const sent = input.get(old)
    if (!input.has(now) && sent !== undefined) {
      role[old] = role[now] = normalAlias(old, sent)
    } else if (input.has(now)) {
      if (sent === undefined) delete role[old]
      else role[old] = role[now] as JsonValue
    }
  }
}

/** Policies under their old name are lower-cased, sorted and never twice (policyutil.ParsePolicies). */
function normalAlias(old: string, sent: JsonValue): JsonValue {
  if (old === 'bound_cidrs') return (sent as string[]).map(address)
  if (old !== 'policies') return sent
  const names = (sent as string[]).map((policy) => policy.toLowerCase()).filter((policy) => policy !== '')
  return [...new Set(names)].sort(byText)
}

/** Before anything else is looked at. */
function checkType(type: string): void {
  if (!['', 'jwt', 'oidc'].includes(type)) refuse(`invalid 'role_type': ${type}`)
}

interface RoleWrite {
  /** What would be stored, and what is. */
  readonly role: JsonObject
  readonly before: JsonObject | undefined
  readonly input: Input
  /** Seconds: the mount's max_lease_ttl. */
  readonly limit: number
}

/** In the server's order: which of several mistakes it names is part of its answer. */
function checkRole({ role, before, input, limit }: RoleWrite): void {
  const type = role['role_type']
  checkToken(role, before, input)
  const period = role['token_period'] as number
  if (period > limit)
    refuse(
      `'period' of '"${formatGoDuration(period)}"' is greater than the backend's maximum lease TTL of '"${formatGoDuration(limit)}"'`,
    )
  checkClaims(role, input)
  checkOpenBaoFields(role)
  if (role['user_claim'] === '') refuse('a user claim must be defined on the role')
  const mode = role['callback_mode']
  if (mode !== undefined && !['client', 'direct', 'device'].includes(String(mode)))
    refuse(`invalid 'callback_mode': ${mode}`)
  if (type === 'oidc' && isEmpty(role['allowed_redirect_uris']))
    refuse("'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.")
  const bound = ['bound_audiences', 'token_bound_cidrs', 'bound_subject', 'bound_claims']
  if (type === 'jwt' && bound.every((field) => isEmpty(role[field])))
    refuse('must have at least one bound constraint when creating/updating a role')
  if (exceeds(role['token_ttl'], role['token_max_ttl'])) refuse('ttl should not be greater than max ttl')
}

function exceeds(ttl: JsonValue | undefined, max: JsonValue | undefined): boolean {
  return (max as number) > 0 && (ttl as number) > (max as number)
}

/** Looks at what is sent under the new names and at what was there before: old names are applied after this check. */
function checkToken(role: JsonObject, before: JsonObject | undefined, input: Input): void {
  const type = role['token_type'] as string
  if (!['default', 'service', 'batch'].includes(type)) refuse(`invalid 'token_type' value ${JSON.stringify(type)}`)
  const [uses, period, ttl, max] = ['num_uses', 'period', 'ttl', 'max_ttl'].map(
    (old) => ((input.has(old) && !input.has(`token_${old}`) ? before : role)?.[`token_${old}`] ?? 0) as number,
  ) as [number, number, number, number]
  if (uses < 0) refuse("'token_num_uses' cannot be negative")
  const batch = "'token_type' cannot be 'batch' or 'default_batch' when set to generate"
  if (type === 'batch' && period !== 0) refuse(`${batch} periodic tokens`)
  if (type === 'batch' && uses !== 0) refuse(`${batch} tokens with limited use count`)
  if (ttl > 0 && max > 0 && ttl > max) refuse("'token_ttl' cannot be greater than 'token_max_ttl'")
  if (role['token_strictly_bind_ip'] === true && !isEmpty(role['token_bound_cidrs']))
    refuse("'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one")
}

function checkClaims(role: JsonObject, input: Input): void {
  const type = role['bound_claims_type']
  if (type !== 'string' && type !== 'glob') refuse(`invalid 'bound_claims_type': ${type}`)
  if (type === 'glob' && isObject(input.get('bound_claims')))
    for (const value of Object.values(input.get('bound_claims') as JsonObject)) checkGlob(value)
  const targets = Object.values((input.get('claim_mappings') ?? {}) as JsonObject).map(String)
  for (const [index, target] of targets.entries()) {
    const quoted = JSON.stringify(target)
    if (target === 'role') refuse(`metadata key ${quoted} is reserved and may not be a mapping destination`)
    if (targets.indexOf(target) < index) refuse(`multiple keys are mapped to metadata key ${quoted}`)
  }
}

function checkGlob(value: JsonValue): void {
  if (value === null || isWrittenObject(value)) refuse(`claim is not a string or list: ${show(value)}`)
  const strange = (Array.isArray(value) ? value : [value]).find((element: JsonValue) => typeof element !== 'string')
  if (strange !== undefined) refuse(`claim is not a string: ${show(strange)}`)
}

function checkOpenBaoFields(role: JsonObject): void {
  const kept = ['id_token', 'refresh_token', 'access_token']
  const strange = ((role['oauth2_metadata'] ?? []) as string[]).find((part) => !kept.includes(part))
  if (strange !== undefined) refuse(`Unrecognized oauth2 metadata name ${strange}`)
}
