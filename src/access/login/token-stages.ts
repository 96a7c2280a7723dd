import type { JsonObject } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import { refuseMetadata } from './alias-metadata.ts'
import type { Stage } from './claim-stages.ts'
import { asList, type ClaimValue, claimAt, mismatch } from './claims.ts'
import { quote, show } from './go-text.ts'
import { withFloats } from './json-number.ts'
import type { LoginCheck } from './login.ts'
import { refusePolicies, sanitizePolicies } from './policies.ts'
import type { JwtRole } from './role.ts'
import { fillTemplate } from './template.ts'

export interface TokenInput {
  readonly server: ServerVersion
  readonly role: JwtRole
  readonly claims: JsonObject
  /** Of the role. */
  readonly name: string
}

/** What a token would get, and the checks on the way there: good only where all of them pass. */
export interface TokenOutcome {
  readonly stages: readonly Stage[]
  readonly user: string
  readonly metadata: Readonly<Record<string, string>>
  readonly groups: readonly string[]
  readonly policies: readonly string[]
  readonly beyond?: string
}

/** From the user claim on (path_login.go createIdentity and after, vault/request_handling.go). */
export function tokenStages(input: TokenInput): TokenOutcome {
  const user = userOf(input)
  const { names, errors, beyond } = policyNames(input)
  const policies = sanitizePolicies(names, !input.role.token.noDefaultPolicy)
  const metadata = metadataOf(input)
  const refused = refusePolicies(policies, input.server.product)
  return {
    stages: [
      userStage(input, user),
      mappingStage(input),
      groupStage(input),
      boundStage(input),
      { checks: errors.map((error) => ({ check: 'policies', ok: false, error })), status: 500 },
      user === ''
        ? { checks: [{ ...userCheck(input, user), ok: false, error: 'missing name in alias' }], status: 500 }
        : { checks: [] },
      {
        checks: refuseMetadata(metadata).map((error) => ({ check: 'claim_mappings', ok: false, error })),
        status: 500,
      },
      {
        checks: [
          refused === undefined
            ? { check: 'policies', ok: true, actual: policies }
            : { check: 'policies', ok: false, actual: policies, error: refused },
        ],
      },
    ],
    user: typeof user === 'string' ? user : '',
    metadata,
    groups: groupsOf(input),
    policies,
    ...(beyond === undefined ? {} : { beyond }),
  }
}

function userOf({ server, role, claims }: TokenInput): ClaimValue {
  if (role.userClaimJsonPointer) return claimAt(server.product, claims, role.userClaim)
  return Object.hasOwn(claims, role.userClaim) ? (claims[role.userClaim] ?? undefined) : undefined
}

function userCheck({ role }: TokenInput, user: ClaimValue): Omit<LoginCheck, 'ok'> {
  return { check: 'user_claim', claim: role.userClaim, comparison: 'string', ...actual(user) }
}

function userStage(input: TokenInput, user: ClaimValue): Stage {
  const claim = quote(input.role.userClaim)
  const error =
    user === undefined
      ? `claim ${claim} not found in token`
      : typeof user === 'string'
        ? undefined
        : `claim ${claim} could not be converted to string`
  return { checks: [judge(userCheck(input, user), error)] }
}

function mappingStage({ server, role, claims }: TokenInput): Stage {
  const checks = Object.keys(role.claimMappings).map((claim) => {
    const value = claimAt(server.product, claims, claim)
    const error =
      value === undefined || typeof value === 'string' ? undefined : `error converting claim '${claim}' to string`
    return judge({ check: 'claim_mappings', claim, comparison: 'string', ...actual(value) }, error)
  })
  return { checks }
}

function metadataOf({ server, role, claims, name }: TokenInput): Readonly<Record<string, string>> {
  const mapped = Object.entries(role.claimMappings).flatMap(([claim, key]) => {
    const value = claimAt(server.product, claims, claim)
    return typeof value === 'string' ? [[key, value] as const] : []
  })
  return Object.fromEntries([...mapped, ['role', name]])
}

function groupStage({ server, role, claims }: TokenInput): Stage {
  const { groupsClaim } = role
  if (groupsClaim === '') return { checks: [] }
  const value = claimAt(server.product, claims, groupsClaim)
  const check = { check: 'groups_claim', claim: groupsClaim, comparison: 'strings', ...actual(value) } as const
  return { checks: [judge(check, refuseGroups(groupsClaim, value))] }
}

function refuseGroups(claim: string, value: ClaimValue): string | undefined {
  if (value === undefined) return `failed to fetch groups: ${quote(claim)} claim not found in token`
  const list = asList(value)
  if (list === undefined) return `${quote(claim)} claim could not be converted to string list`
  const wrong = list.find((group) => typeof group !== 'string')
  return wrong === undefined ? undefined : `value ${show(wrong)} in groups claim could not be parsed as string`
}

function groupsOf({ server, role, claims }: TokenInput): readonly string[] {
  if (role.groupsClaim === '') return []
  const list = asList(claimAt(server.product, claims, role.groupsClaim)) ?? []
  return list.filter((group): group is string => typeof group === 'string' && group !== '')
}

/** The server goes through the bounds at random. */
function boundStage({ server, role, claims }: TokenInput): Stage {
  const glob = role.boundClaimsType === 'glob'
  let panics = false
  const checks = Object.entries(role.boundClaims).map(([claim, bound]) => {
    const value = claimAt(server.product, claims, claim)
    const found = mismatch(claim, bound, value, glob)
    panics ||= found?.panics === true
    const comparison = glob ? 'glob' : Array.isArray(bound) ? 'one of' : 'equal'
    const check: Omit<LoginCheck, 'ok'> = {
      check: 'bound_claims',
      claim,
      expected: withFloats(bound),
      comparison,
      ...actual(value),
    }
    return judge(check, found?.panics ? found.error : found && `error validating claims: ${found.error}`)
  })
  return panics && checks.filter(({ ok }) => !ok).length === 1 ? { checks, status: 0 } : { checks }
}

interface PolicyNames {
  readonly names: readonly string[]
  readonly errors: readonly string[]
  readonly beyond?: string
}

function policyNames({ server, role, claims }: TokenInput): PolicyNames {
  const { policies } = role.token
  if (server.product !== 'openbao' || !role.templates) return { names: policies, errors: [] }
  const filled = policies.map((policy, index) => fillTemplate(policy, claims, index))
  const names = filled.flatMap((part) => ('name' in part ? [part.name] : []))
  const errors = filled.flatMap((part) => ('error' in part ? [part.error] : [])).slice(0, 1)
  const beyond = filled.find((part) => 'beyond' in part)?.beyond
  return { names, errors, ...(beyond === undefined ? {} : { beyond }) }
}

function judge(check: Omit<LoginCheck, 'ok'>, error: string | undefined): LoginCheck {
  return error === undefined ? { ...check, ok: true } : { ...check, ok: false, error }
}

function actual(value: ClaimValue): Pick<LoginCheck, 'actual'> {
  return value === undefined ? {} : { actual: withFloats(value) }
}
