import { type Acl, buildAcl } from '../../src/access/acl/acl.ts'
import { builtinPolicy } from '../../src/access/acl/builtin.ts'
import { decide } from '../../src/access/acl/decide.ts'
import type { AccessRequest } from '../../src/access/acl/decision.ts'
import { decideLogin } from '../../src/access/login/decide.ts'
import type { AccessModel } from '../../src/access/model.ts'
import { parsePolicy } from '../../src/access/policy/parse.ts'
import type { AccessWitness } from '../../src/core/access-effect.ts'
import type { JsonObject } from '../../src/core/json.ts'

/** One token and one request at a time, by the decisions alone: what proofs over all of them are held against. */

const now = 1_790_000_000
const acls = new WeakMap<AccessModel, Map<string, Acl>>()

const logins = new WeakMap<AccessModel, WeakMap<JsonObject, Map<string, Acl | undefined>>>()

/** The rights of a login; undefined where it is refused. The same claims object is asked about once. */
export function loginRights(model: AccessModel, mount: string, name: string, claims: JsonObject): Acl | undefined {
  const ofModel = logins.get(model) ?? new WeakMap<JsonObject, Map<string, Acl | undefined>>()
  logins.set(model, ofModel)
  const ofClaims = ofModel.get(claims) ?? new Map<string, Acl | undefined>()
  ofModel.set(claims, ofClaims)
  const key = `${mount}/${name}`
  if (!ofClaims.has(key)) ofClaims.set(key, login(model, mount, name, claims))
  return ofClaims.get(key)
}

function login(model: AccessModel, mount: string, name: string, claims: JsonObject): Acl | undefined {
  const at = model.mounts.get(mount)
  const role = at?.roles.get(name)?.role
  const decision = decideLogin({
    server: model.server,
    mount,
    name,
    claims: { iat: now, nbf: now - 5, exp: now + 300, ...claims },
    alg: 'RS256',
    now,
    ...(at?.config && { config: at.config }),
    ...(at?.tune && { tune: at.tune }),
    ...(role && { role }),
  })
  return decision.ok ? rights(model, decision.policies) : undefined
}

function rights(model: AccessModel, names: readonly string[]): Acl {
  const known = acls.get(model) ?? new Map<string, Acl>()
  acls.set(model, known)
  const key = names.join()
  const acl =
    known.get(key) ??
    buildAcl(
      names.flatMap((name) => policyOf(model, name)),
      model.server,
    )
  known.set(key, acl)
  return acl
}

function policyOf(model: AccessModel, name: string) {
  const text =
    model.policies.get(name)?.text ?? (name === 'default' ? builtinPolicy('default', model.server) : undefined)
  if (text === undefined) return []
  const parsed = parsePolicy(name, text, model.server)
  return 'policy' in parsed ? [parsed.policy] : []
}

/** Whether a token can do something through any role of any mount. */
export function canByAnyRole(model: AccessModel, claims: JsonObject, request: AccessRequest): boolean {
  return [...model.mounts.values()].some((mount) =>
    [...mount.roles.keys()].some((name) => {
      const acl = loginRights(model, mount.path, name, claims)
      return acl !== undefined && decide(acl, request).allowed
    }),
  )
}

export function requestOf({ path, capability, parameters, wrapTtl }: AccessWitness): AccessRequest | undefined {
  if (path === undefined || capability === undefined || capability === 'sudo') return undefined
  return {
    operation: capability as AccessRequest['operation'],
    path,
    ...(parameters && { parameters }),
    ...(wrapTtl !== undefined && { wrapTtl }),
  }
}

/** Whether the decisions confirm a witness: the login, and the request where there is one. */
export function confirms(model: AccessModel, witness: AccessWitness): boolean {
  const acl = loginRights(model, witness.mount, witness.role, witness.claims)
  const request = requestOf(witness)
  return acl !== undefined && (request === undefined || decide(acl, request).allowed)
}
