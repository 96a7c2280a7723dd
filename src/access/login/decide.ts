import type { JsonObject } from '../../core/json.ts'
import { isWithin } from './cidr.ts'
import { claimStages, type Stage } from './claim-stages.ts'
import { type JwtConfig, readConfig } from './config.ts'
import { goLower, quote } from './go-text.ts'
import { displayNameOf, ttlOf, typeOf } from './granted.ts'
import { withFloats } from './json-number.ts'
import type { GrantedToken, LoginCheck, LoginDecision, LoginInput } from './login.ts'
import { type MountLimits, mountLimits } from './mount-limits.ts'
import { type JwtRole, readWrittenRole } from './role.ts'
import { tokenStages } from './token-stages.ts'

/**
 * What the server answers to a login whose token is signed by a key that the mount trusts. Sources: vault-plugin-auth-jwt
 * path_login.go, cap/jwt, vault/request_handling.go. The checks run in stages; within one the server may pick at random.
 * The user is taken for one whom the server does not know yet: of others it does not check the metadata again.
 */
export function decideLogin(input: LoginInput): LoginDecision {
  const config = input.config === undefined ? undefined : readConfig(input.server, input.config)
  const name = goLower(input.name || (config?.defaultRole ?? ''))
  const role = input.role === undefined ? undefined : readWrittenRole(input.server, input.role)
  const before = entryStages(input, config, name, role)
  if (config === undefined || role === undefined) return refusedBy(before) as LoginDecision
  return decidePrepared({ input, config, name, role, mount: mountLimits(input.tune), before })
}

interface Prepared {
  readonly input: LoginInput
  readonly config: JwtConfig
  readonly name: string
  readonly role: JwtRole
  readonly mount: MountLimits
  readonly before: readonly Stage[]
}

function decidePrepared({ input, config, name, role, mount, before }: Prepared): LoginDecision {
  const { server } = input
  const claims = withFloats(input.claims ?? {}) as JsonObject
  const claimed = claimStages({ server, config, role, claims, alg: input.alg, now: input.now })
  const token = tokenStages({ server, role, claims, name })
  const stages = [...before, ...claimed, ...token.stages]
  return (
    refusedBy(stages) ??
    ({
      ok: true,
      policies: token.policies,
      ttl: ttlOf(role.token, mount),
      type: typeOf(role.token.type, mount.tokenType),
      metadata: token.metadata,
      displayName: displayNameOf(input.mount, token.user),
      alias: token.user,
      groups: token.groups,
      renewable: typeOf(role.token.type, mount.tokenType) === 'service',
      numUses: role.token.numUses,
      ...(token.beyond === undefined ? {} : { beyond: token.beyond }),
      checks: stages.flatMap(({ checks }) => checks),
    } satisfies GrantedToken)
  )
}

/** The first stage in which something fails decides. */
function refusedBy(stages: readonly Stage[]): LoginDecision | undefined {
  const failed = stages.find(({ checks }) => checks.some(({ ok }) => !ok))
  if (failed === undefined) return undefined
  const errors = failed.checks.flatMap(({ ok, error }) => (ok || error === undefined ? [] : [error]))
  return {
    ok: false,
    status: failed.status ?? 400,
    error: errors[0] ?? '',
    errors: [...new Set(errors)],
    checks: stages.flatMap(({ checks }) => checks),
  }
}

/** What is asked before the token is looked at. */
function entryStages(
  { claims, remoteAddress }: LoginInput,
  config: JwtConfig | undefined,
  name: string,
  role: JwtRole | undefined,
): Stage[] {
  const stage = (check: LoginCheck, status?: number): Stage => ({
    checks: [check],
    ...(status === undefined ? {} : { status }),
  })
  const stages = [
    stage(judge({ check: 'configuration' }, config !== undefined, 'could not load configuration')),
    stage(
      judge(
        { check: 'role', ...(name === '' ? {} : { expected: name }) },
        role !== undefined && name !== '',
        name === '' ? 'missing role' : `role ${quote(name)} could not be found`,
      ),
    ),
  ]
  if (role === undefined) return stages
  const type = { check: 'role_type', expected: 'jwt', comparison: 'equal', actual: role.roleType } as const
  const { boundCidrs } = role.token
  const network: LoginCheck = {
    check: 'token_bound_cidrs',
    ok: true,
    ...(boundCidrs.length === 0 ? {} : { expected: boundCidrs, comparison: 'one of' }),
    ...(remoteAddress === undefined ? {} : { actual: remoteAddress }),
    ...(boundCidrs.length > 0 && remoteAddress === undefined ? { skipped: true } : {}),
  }
  const outside = boundCidrs.length > 0 && remoteAddress !== undefined && !isWithin(remoteAddress, boundCidrs)
  return [
    ...stages,
    stage(judge(type, role.roleType === 'jwt', 'role with oidc role_type is not allowed')),
    stage(judge({ check: 'token' }, claims !== undefined, 'missing token')),
    stage(judge(network, !outside, 'permission denied'), 403),
  ]
}

function judge(check: Omit<LoginCheck, 'ok'>, ok: boolean, error: string): LoginCheck {
  return ok ? { ...check, ok } : { ...check, ok, error }
}
