import { decideLogin } from '../access/login/decide.ts'
import type { GrantedToken, LoginCheck, LoginDecision, LoginInput } from '../access/login/login.ts'
import { type JwtRole, readWrittenRole } from '../access/login/role.ts'
import type { JsonObject } from '../core/json.ts'
import { type Answer, Crash, refuse } from './answers.ts'
import { entityAt } from './entities.ts'
import { lifetimeOf } from './lifetime.ts'
import { type Call, type Route, textOf } from './routes.ts'
import { verifySignature } from './signing-keys.ts'
import type { Mount, State } from './state.ts'
import { addToken } from './token.ts'
import { authAnswer } from './token-auth.ts'
import { effectiveTtls } from './tune.ts'

/** `auth/<mount>/login`, for which nobody needs a token (vault-plugin-auth-jwt path_login.go). */
export function loginRoutes(state: State, mount: Mount): Route[] {
  const refused = () => refuse('unsupported operation', 405)
  return [
    {
      pattern: /^login$/,
      fields: { role: 'lower-case string', jwt: 'string', distributed_claim_access_token: 'string' },
      handlers: { read: refused, delete: refused, write: (call) => logIn(state, mount, call) },
    },
  ]
}

/** Asked before the signature is looked at. */
const before: readonly LoginCheck['check'][] = ['configuration', 'role', 'role_type', 'token', 'token_bound_cidrs']

async function logIn(state: State, mount: Mount, { input, caller }: Call): Promise<Answer> {
  const jwt = textOf(input, 'jwt')
  const name = textOf(input, 'role') || String(mount.config?.['default_role'] ?? '')
  const role = mount.roles.get(name)
  const asked: LoginInput = {
    server: state,
    mount: mount.path.replace(/\/$/, ''),
    tune: mount.info['config'] as JsonObject,
    ...(mount.config && { config: mount.config }),
    ...(name !== '' && { name }),
    ...(role && { role }),
    ...(jwt !== '' && { claims: {} }),
    alg: '',
    now: state.now() / 1000,
    remoteAddress: caller.remoteAddress,
  }
  const first = decideLogin(asked)
  const failed = first.checks.find(({ ok }) => !ok)
  if (!first.ok && failed !== undefined && before.includes(failed.check)) refuseLogin(first)
  const verified = await verifySignature(state, mount.config ?? {}, jwt)
  const decision = decideLogin({ ...asked, ...verified })
  return decision.ok ? grant(state, mount, name, decision, caller.remoteAddress) : refuseLogin(decision)
}

/** Where the server picks one of several texts at random, the first. */
function refuseLogin(decision: LoginDecision & { readonly ok: false }): never {
  if (decision.status === 0) throw new Crash(decision.error)
  return refuse(decision.error, decision.status)
}

function grant(state: State, mount: Mount, name: string, granted: GrantedToken, remoteAddress: string): Answer {
  const { token: limits } = readWrittenRole(state, mount.roles.get(name) as JsonObject) as JwtRole
  const batch = granted.type === 'batch'
  const { default_lease_ttl: defaultTtl, max_lease_ttl: maxTtl } = effectiveTtls(mount)
  const { ttl, warnings } = lifetimeOf({ defaultTtl, roleMaxTtl: limits.maxTtl, ...limits, maxTtl })
  const user = {
    mountAccessor: String(mount.info['accessor']),
    name: granted.alias,
    metadata: granted.metadata,
  }
  const token = addToken(state, {
    type: granted.type,
    policies: granted.policies,
    path: `auth/${mount.path}login`,
    displayName: granted.displayName,
    meta: granted.metadata,
    entityId: entityAt(state, user).id,
    ttl,
    explicitMaxTtl: limits.explicitMaxTtl,
    period: batch ? 0 : limits.period,
    renewable: granted.renewable,
    role: name,
    boundCidrs: limits.strictlyBindIp ? [remoteAddress] : limits.boundCidrs,
    allUses: granted.numUses,
  })
  return authAnswer(token, ttl, warnings)
}
