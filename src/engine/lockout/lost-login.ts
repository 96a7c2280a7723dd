import { intersectBoxes, narrow, someToken } from '../../access/claims/box.ts'
import { gitlabClaim, topClaim } from '../../access/claims/gitlab.ts'
import { claimName } from '../../access/claims/role-box.ts'
import type { RoleBounds } from '../../access/login/bounds.ts'
import { parseNetwork } from '../../access/login/cidr.ts'
import { decideLogin } from '../../access/login/decide.ts'
import type { LoginDecision } from '../../access/login/login.ts'
import type { AccessModel, ModelMount, ModelRole } from '../../access/model.ts'
import { tokenClaims } from '../../access/promises/token-claims.ts'
import { rolesOf } from '../../access/proof/subjects.ts'
import { deepEqual, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { Sides } from './sides.ts'

/** Where the reason is found: the mount, its configuration or the role. */
type Cause = 'auth-mount' | 'auth-config' | 'role'

export interface LostLogin {
  /** Half a sentence, such as "the role is deleted". */
  readonly reason: string
  readonly cause: Cause
}

/** Whose login is looked at. */
export interface Login {
  readonly mount: string
  readonly role: string
  /** Of one ID token; absent where any that gets in will do. */
  readonly claims?: JsonObject
  /** How the ID token is signed; GitLab's way where it is not known. */
  readonly alg?: string
}

/**
 * Why nobody who could log in by a role before can do so after; undefined where somebody can, where nobody could, and where
 * nobody can tell. With claims, it is about that one token. Signatures cannot be looked at: keys from another host
 * count as others.
 * @param now seconds since 1970
 */
export function lostLogin({ before, after }: Sides, login: Login, now: number): LostLogin | undefined {
  const old = placeIn(before, login)
  if (old === undefined) return undefined
  const mount = after.mounts.get(login.mount)
  if (mount === undefined || mount.type === '') return { reason: 'its mount is disabled', cause: 'auth-mount' }
  const role = mount.roles.get(login.role)
  if (role === undefined) return { reason: 'the role is deleted', cause: 'role' }
  if (old.mount.config === undefined) return undefined
  const other = { mount, role }
  if (deepEqual(old.mount.config, mount.config) && old.mount.type === mount.type && old.role.role === role.role)
    return undefined
  return (
    otherKeys(old.mount.config ?? {}, mount.config ?? {}) ??
    otherNetworks(old.role.role, role.role) ??
    (login.claims === undefined
      ? nobodyLeft({ before, after }, login, [old, other], now)
      : refused({ before, after }, login, [old, other], login.claims, now))
  )
}

interface Place {
  readonly mount: ModelMount
  readonly role: ModelRole
}

function placeIn(model: AccessModel, login: Login): Place | undefined {
  const mount = model.mounts.get(login.mount)
  const role = mount?.roles.get(login.role)
  return mount === undefined || role === undefined ? undefined : { mount, role }
}

type Models = Pick<Sides, 'before' | 'after'>

/** Some token that got in gets in still: proved over all tokens, and then shown to the rules of a login. */
function nobodyLeft(models: Models, login: Login, places: readonly [Place, Place], now: number): LostLogin | undefined {
  const [old, other] = [models.before, models.after].map((model) =>
    rolesOf(model).find(({ mount, role }) => mount.path === login.mount && role.name === login.role),
  )
  if (old === undefined || other === undefined || old.box === undefined) return undefined
  if ('beyond' in other.admitted) return undefined
  if ('nobody' in other.admitted)
    return { reason: `nobody could log in by it: ${other.admitted.nobody}`, cause: 'role' }
  const odd = unknownClaim(old.bounds, other.bounds)
  if (odd !== undefined)
    return {
      reason: `it asks for the claim ${JSON.stringify(odd)}, which ID tokens of GitLab do not have`,
      cause: 'role',
    }
  // A token may have several audiences, but jobs ask for those that they asked for so far.
  const [audiences, wanted] = [old.bounds.audiences, other.bounds.audiences]
  if (audiences.length > 0 && !audiences.some((audience) => wanted.includes(audience)))
    return { reason: 'it takes none of the audiences that it takes now', cause: 'role' }
  const issuer = issuerOf(places[0].mount)
  const box = issuer === undefined ? old.box : narrow(old.box, 'iss', { allOf: [[issuer]], noneOf: [] })
  const both = box && intersectBoxes(box, other.admitted.box)
  if (both !== undefined) return refused(models, login, places, someToken(both), now)
  const cause = deepEqual(places[0].role.role, places[1].role.role) ? 'auth-config' : 'role'
  return { reason: 'no token that could log in by it before could do so any more', cause }
}

/** A claim that is asked for newly and that no job has. */
function unknownClaim(old: RoleBounds, other: RoleBounds): string | undefined {
  const known = new Set(namesIn(old))
  return namesIn(other).find((name) => !known.has(name) && gitlabClaim(topClaim(name)) === undefined)
}

function namesIn({ bounds, present, lists }: RoleBounds): string[] {
  return [...bounds, ...present, ...lists].map(claimName)
}

/** A mount that looks at no issuer knows its keys by it all the same. */
function issuerOf({ config }: ModelMount): string | undefined {
  const [bound, url] = [config?.['bound_issuer'], config?.['oidc_discovery_url']]
  return [bound, url].find((text): text is string => typeof text === 'string' && text !== '')
}

/** One token that got in and would be refused. */
function refused(
  { before, after }: Models,
  login: Login,
  [old, other]: readonly [Place, Place],
  claims: JsonObject,
  now: number,
): LostLogin | undefined {
  const whole = login.claims ?? tokenClaims(claims, old, now)
  const token = { claims: whole, alg: login.alg ?? 'RS256', now }
  if (!decide(before, old, token).ok) return undefined
  const decision = decide(after, other, token)
  if (decision.ok) return undefined
  const cause = decide(after, { mount: old.mount, role: other.role }, token).ok ? 'auth-config' : 'role'
  return { reason: `the server would refuse the login: ${decision.error}`, cause }
}

interface Token {
  readonly claims: JsonObject
  readonly alg: string
  readonly now: number
}

function decide({ server }: AccessModel, { mount, role }: Place, token: Token): LoginDecision {
  return decideLogin({
    server,
    mount: mount.path,
    tune: mount.tune,
    ...(mount.config === undefined ? {} : { config: mount.config }),
    name: role.name,
    role: role.role,
    ...token,
  })
}

/** Keys that come from the same host are taken for the same. */
function otherKeys(from: JsonObject, to: JsonObject): LostLogin | undefined {
  const [old, now] = [keysOf(from), keysOf(to)]
  if (old.length === 0 || old.some((key) => now.includes(key))) return undefined
  return { reason: 'its mount would trust none of the keys that it trusts now', cause: 'auth-config' }
}

function keysOf(config: JsonObject): readonly string[] {
  const pairs = config['jwks_pairs']
  const urls = [
    config['oidc_discovery_url'],
    config['jwks_url'],
    ...(Array.isArray(pairs) ? (pairs as JsonObject[]).map((pair) => pair['jwks_url']) : []),
  ]
  const hosts = urls.flatMap((url) => (typeof url === 'string' && url !== '' ? [hostOf(url)] : []))
  return [...hosts, ...texts(config['jwt_validation_pubkeys']).map((key) => key.trim())]
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url
}

/** Where jobs run is not known; but two networks without a common address have no runner in common. */
function otherNetworks(from: JsonObject, to: JsonObject): LostLogin | undefined {
  const [old, now] = [from, to].map((role) =>
    texts(role['token_bound_cidrs']).flatMap((text) => parseNetwork(text)?.range ?? []),
  ) as [Range[], Range[]]
  if (old.length === 0 || now.length === 0) return undefined
  const meet = old.some((a) => now.some((b) => a.family === b.family && a.first <= b.last && b.first <= a.last))
  if (meet) return undefined
  return { reason: 'none of the networks of token_bound_cidrs could log in any more', cause: 'role' }
}

type Range = NonNullable<NonNullable<ReturnType<typeof parseNetwork>>['range']>

function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}
