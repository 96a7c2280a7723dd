import { CompactSign, type CryptoKey, exportSPKI, generateKeyPair } from 'jose'
import { request as send } from 'undici'
import { lostConnection } from '../../src/access/login/claims.ts'
import { decideLogin } from '../../src/access/login/decide.ts'
import { JsonNumber, parseWritten, type Written, type WrittenObject } from '../../src/access/login/json-number.ts'
import type { LoginDecision, LoginInput } from '../../src/access/login/login.ts'
import { mountLimits } from '../../src/access/login/mount-limits.ts'
import { type JwtRole, writeRole } from '../../src/access/login/role.ts'
import { deepEqual, type JsonObject } from '../../src/core/json.ts'
import type { ServerVersion } from '../../src/core/version.ts'
import { type Client, call, must, versionOf } from './client.ts'
import type { GeneratedLogin, LoginCase } from './login-cases.ts'
import type { Tally } from './tally.ts'

/** JWT mounts of a real server, each with a configuration of its own, and the keys that they trust. */
export interface LoginWorld {
  readonly client: Client
  readonly server: ServerVersion
  readonly mounts: readonly WorldMount[]
  readonly keys: Readonly<Record<GeneratedLogin['alg'], CryptoKey>>
}

interface WorldMount {
  readonly path: string
  readonly accessor: string
  readonly config: JsonObject
  readonly tune: JsonObject
}

/** What the two say, when it is not the same. */
class Disagreement extends Error {}

const issuer = 'https://gitlab.example.com'

export async function loginWorld(client: Client, prefix: string): Promise<LoginWorld> {
  const server = await versionOf(client)
  const algs = ['RS256', 'ES256', 'EdDSA'] as const
  const pairs = await Promise.all(algs.map((alg) => generateKeyPair(alg)))
  const pems = await Promise.all(pairs.map(({ publicKey }) => exportSPKI(publicKey)))
  const settings: readonly Omit<WorldMount, 'accessor'>[] = [
    { path: `${prefix}-plain`, config: {}, tune: {} },
    {
      path: `${prefix}/issuer`,
      config: { bound_issuer: issuer, jwt_supported_algs: ['ES256', 'RS256'] },
      tune: { max_lease_ttl: '2h', default_lease_ttl: '10m' },
    },
    { path: `${prefix}-batch`, config: { default_role: 'CI' }, tune: { token_type: 'batch' } },
    { path: `${prefix}-default-batch`, config: {}, tune: { token_type: 'default-batch', default_lease_ttl: 3000 } },
  ]
  const mounts: WorldMount[] = []
  for (const setting of settings) {
    const { path, config, tune } = setting
    await must(client, 'POST', `sys/auth/${path}`, { type: 'jwt', config: tune })
    await must(client, 'POST', `auth/${path}/config`, { ...config, jwt_validation_pubkeys: pems })
    const { data } = await must(client, 'GET', `sys/auth/${path}`)
    mounts.push({ ...setting, accessor: String(data['accessor']) })
  }
  const keys = Object.fromEntries(algs.map((alg, index) => [alg, pairs[index]?.privateKey])) as LoginWorld['keys']
  return { client, server, mounts, keys }
}

/** Writes the role and tries the logins; throws Disagreement with what differs. `name` is one that nobody else uses now. */
export async function compareLogins(world: LoginWorld, name: string, one: LoginCase, tally: Tally): Promise<void> {
  const mount = world.mounts[one.mount] as WorldMount
  const path = `auth/${mount.path}/role/${name}`
  const ours = writeRole(world.server, one.role, mountLimits(mount.tune))
  try {
    const theirs = await post(world.client, path, writtenJson(one.role))
    compareWrite(ours, theirs, one.role)
    tally.count([`a role that is ${'role' in ours ? 'taken' : 'refused'}`])
    if ('refused' in ours) return
    compareRole(ours.role, await readRole(world.client, path), one.role)
    for (const login of one.logins) await compareLogin(world, mount, name, one.role, login, tally)
  } finally {
    await call(world.client, 'DELETE', path)
  }
}

interface Reply {
  /** 0 where the connection was closed. */
  readonly status: number
  readonly body: JsonObject
}

async function post({ address, token }: Client, path: string, body: string, anonymous = false): Promise<Reply> {
  try {
    const headers = anonymous ? {} : { 'x-vault-token': token }
    const answer = await send(`${address}/v1/${path}`, { method: 'POST', headers, body })
    const text = await answer.body.text()
    return { status: answer.statusCode, body: text === '' ? {} : (JSON.parse(text) as JsonObject) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'UND_ERR_SOCKET' || error.code === 'ECONNRESET'))
      return { status: 0, body: {} }
    throw error
  }
}

async function readRole({ address, token }: Client, path: string): Promise<WrittenObject> {
  const answer = await send(`${address}/v1/${path}`, { headers: { 'x-vault-token': token } })
  return (parseWritten(await answer.body.text()) as { data: WrittenObject }).data
}

/** Numbers as they were written. */
function writtenJson(value: Written): string {
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(writtenJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${writtenJson(member)}`)
    .join(',')}}`
}

function textOf({ status, body }: Reply): string {
  if (status === 0) return lostConnection
  const errors = body['errors']
  return Array.isArray(errors) ? errors.join('\n') : ''
}

function compareWrite(ours: ReturnType<typeof writeRole>, theirs: Reply, role: WrittenObject): void {
  const taken = theirs.status < 300
  if ('role' in ours ? taken : !taken && ours.refused.includes(textOf(theirs))) return
  const mine = 'role' in ours ? 'taken' : ours.refused
  throw new Disagreement(
    `A write of ${writtenJson(role)}\n  ours:   ${JSON.stringify(mine)}\n  theirs: ${theirs.status} ${JSON.stringify(textOf(theirs))}`,
  )
}

/** What the server gives back of the fields that decide something. */
function compareRole(ours: JwtRole, theirs: WrittenObject, role: WrittenObject): void {
  const { token } = ours
  const expected: Readonly<Record<string, Written>> = {
    role_type: ours.roleType,
    bound_audiences: ours.boundAudiences,
    bound_subject: ours.boundSubject,
    bound_claims_type: ours.boundClaimsType,
    bound_claims: ours.boundClaims,
    claim_mappings: ours.claimMappings,
    user_claim: ours.userClaim,
    user_claim_json_pointer: ours.userClaimJsonPointer,
    groups_claim: ours.groupsClaim,
    expiration_leeway: ours.expirationLeeway,
    not_before_leeway: ours.notBeforeLeeway,
    clock_skew_leeway: ours.clockSkewLeeway,
    token_bound_cidrs: token.boundCidrs,
    token_policies: token.policies,
    token_no_default_policy: token.noDefaultPolicy,
    token_ttl: token.ttl,
    token_max_ttl: token.maxTtl,
    token_explicit_max_ttl: token.explicitMaxTtl,
    token_period: token.period,
    token_num_uses: token.numUses,
    token_type: token.type,
  }
  for (const [field, value] of Object.entries(expected)) {
    const real = theirs[field] ?? (Array.isArray(value) ? [] : {})
    if (deepEqual(JSON.parse(writtenTexts(real)), JSON.parse(writtenTexts(value)))) continue
    throw new Disagreement(
      `${field} of ${writtenJson(role)}\n  ours:   ${writtenJson(value)}\n  theirs: ${writtenJson(real)}`,
    )
  }
}

/** JSON with every number as a text that cannot be mistaken. */
function writtenTexts(value: Written): string {
  if (typeof value === 'number' || value instanceof JsonNumber)
    return JSON.stringify(`number ${value instanceof JsonNumber ? value.text : value}`)
  if (Array.isArray(value)) return `[${value.map(writtenTexts).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${writtenTexts(member)}`)
    .join(',')}}`
}

const asked = {
  role: (name: string) => name,
  ROLE: (name: string) => name.toUpperCase(),
  other: () => 'No-"Such',
  none: () => '',
}

async function compareLogin(
  { client, server, keys }: LoginWorld,
  mount: WorldMount,
  name: string,
  role: WrittenObject,
  login: GeneratedLogin,
  tally: Tally,
): Promise<void> {
  const start = Date.now() / 1000
  const moments = Object.entries(login.times).map(([claim, offset]) => [claim, Math.floor(start) + offset])
  const claims: JsonObject = { ...login.claims, ...Object.fromEntries(moments) }
  const jwt = await new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: login.alg })
    .sign(keys[login.alg])
  const ask = asked[login.asks](name)
  const theirs = await post(client, `auth/${mount.path}/login`, JSON.stringify({ role: ask, jwt }), true)
  const known = (ask || String(mount.config['default_role'] ?? '')).toLowerCase() === name
  const input: LoginInput = {
    server,
    mount: mount.path,
    tune: mount.tune,
    config: mount.config,
    ...(ask === '' ? {} : { name: ask }),
    ...(known ? { role } : {}),
    claims,
    alg: login.alg,
    now: start,
    remoteAddress: '127.0.0.1',
  }
  const ours = decideLogin(input)
  // The clock may pass an edge while a slow machine answers: then either answer is right.
  const later = decideLogin({ ...input, now: Date.now() / 1000 })
  const differences = [ours, later].map((decision) => difference(decision, theirs))
  const named = theirs.status === 200 && ours.ok ? await wrongName(client, ours, theirs) : undefined
  await forget(client, mount, ours)
  if (named !== undefined) throw new Disagreement(named)
  if (differences.every((difference) => difference !== undefined))
    throw new Disagreement(
      `${differences[0]}\n  role:   ${writtenJson(role)}\n  claims: ${JSON.stringify(claims)}\n  asks:   ${JSON.stringify(login)}\n  mount:  ${JSON.stringify(mount)}`,
    )
  tally.count(classesOf(ours))
}

function difference(ours: LoginDecision, theirs: Reply): string | undefined {
  if (!ours.ok) {
    const text = textOf(theirs)
    const right = ours.errors.some(
      (error) => error === text || (theirs.status === 0 && error.startsWith(lostConnection)),
    )
    const status = theirs.status === ours.status || ours.errors.length > 1
    return right && status
      ? undefined
      : `Refused?\n  ours:   ${ours.status} ${JSON.stringify(ours.errors)}\n  theirs: ${theirs.status} ${JSON.stringify(theirs.body['auth'] ?? text)}`
  }
  const auth = theirs.body['auth'] as JsonObject | undefined
  if (auth === undefined)
    return `Granted?\n  ours:   ${JSON.stringify(ours.policies)}\n  theirs: ${theirs.status} ${JSON.stringify(textOf(theirs))}`
  const expected: JsonObject = {
    ...(ours.beyond === undefined ? { policies: ours.policies } : {}),
    lease_duration: ours.ttl,
    token_type: ours.type,
    metadata: ours.metadata,
    renewable: ours.renewable,
    num_uses: ours.numUses,
  }
  const real = { ...auth, policies: auth['policies'] ?? [] } as JsonObject
  const wrong = Object.keys(expected).find((key) => !deepEqual(expected[key], real[key]))
  return wrong === undefined
    ? undefined
    : `${wrong}\n  ours:   ${JSON.stringify(expected[wrong])}\n  theirs: ${JSON.stringify(real[wrong])}`
}

/** The server treats a user whom it knows differently. */
async function forget(client: Client, { accessor }: WorldMount, ours: LoginDecision): Promise<void> {
  const user = ours.checks.findLast(({ check }) => check === 'user_claim')?.actual
  if (typeof user !== 'string' || user === '') return
  if (!ours.ok && !ours.checks.some(({ check, ok }) => check === 'policies' && !ok)) return
  const lookup = { alias_name: user, alias_mount_accessor: accessor }
  const { data } = await call(client, 'POST', 'identity/lookup/entity', lookup)
  if (data['id'] !== undefined) await must(client, 'DELETE', `identity/entity/id/${String(data['id'])}`)
}

/** Seconds a token must live to be looked up for sure on a slow machine. */
const longEnough = 60

/** The name of the token and of the user behind it: of some tokens, as each costs two requests more. */
async function wrongName(
  client: Client,
  ours: LoginDecision & { readonly ok: true },
  theirs: Reply,
): Promise<string | undefined> {
  if (ours.alias.length % 4 !== 0 || ours.numUses !== 0 || ours.ttl < longEnough) return undefined
  const auth = theirs.body['auth'] as JsonObject
  const token = await call(client, 'POST', 'auth/token/lookup', { token: auth['client_token'] })
  const entity = await call(client, 'GET', `identity/entity/id/${String(auth['entity_id'])}`)
  const aliases = ((entity.data['aliases'] ?? []) as readonly JsonObject[]).map(({ name }) => name)
  if (token.data['display_name'] === ours.displayName && aliases.includes(ours.alias)) return undefined
  const [mine, real] = [
    { name: ours.displayName, alias: ours.alias },
    { name: token.data['display_name'], aliases },
  ]
  return `display_name or alias\n  ours:   ${JSON.stringify(mine)}\n  theirs: ${JSON.stringify(real)}`
}

function classesOf(ours: LoginDecision): readonly string[] {
  if (ours.ok)
    return [ours.beyond === undefined ? 'granted' : 'granted, policies unknown', `granted a ${ours.type} token`]
  const failed = ours.checks.find(({ ok }) => !ok)
  const many = ours.errors.length > 1 ? ['refused with one of several texts'] : []
  return [`refused for ${failed?.check}`, ...many]
}
