import { type Acl, buildAcl } from '../acl/acl.ts'
import { capabilitiesOf } from '../acl/capabilities.ts'
import { decide } from '../acl/decide.ts'
import type { AccessDecision, AccessRequest, Operation } from '../acl/decision.ts'
import type { AccessModel } from '../model.ts'
import { helpFor } from './denied.ts'
import type { Hint } from './hint.ts'
import type { JudgedLogin } from './judge.ts'
import type { TokenPolicies } from './token-policies.ts'

/** What is asked: an operation, or whether a token has `sudo` there, which no request asks for alone. */
export interface AskedAccess extends Omit<AccessRequest, 'operation'> {
  readonly capability: Operation | 'sudo'
}

/** May it, and why. */
export interface AccessAnswer {
  readonly asked: AskedAccess
  readonly allowed: boolean
  /** What `sys/capabilities` would say of the path. */
  readonly capabilities: readonly string[]
  readonly policies: readonly string[]
  readonly token: TokenPolicies
  readonly decision: AccessDecision
  /** Where it is denied. */
  readonly help: readonly Hint[]
}

export interface AnswerInput {
  readonly asked: AskedAccess
  /** Names of the token's policies. */
  readonly policies: readonly string[]
  readonly token: TokenPolicies
  readonly server: AccessModel['server']
  readonly model?: AccessModel | undefined
  readonly elsewhere?: ReadonlyMap<string, AccessModel> | undefined
}

/** Decides a request of a token with these policies. */
export function answerAccess({ asked, policies, token, server, model, elsewhere }: AnswerInput): AccessAnswer {
  const acl = buildAcl(token.policies, server, model?.namespace ? { namespace: model.namespace } : {})
  const { capability, ...rest } = asked
  const request: AccessRequest = { ...rest, operation: capability === 'sudo' ? 'update' : capability }
  const decision = capability === 'sudo' ? sudoDecision(acl, request) : decide(acl, request)
  const help =
    decision.allowed || capability === 'sudo' ? [] : helpFor({ acl, request, decision, token, model, elsewhere })
  return {
    asked,
    allowed: decision.allowed,
    capabilities: capabilitiesOf(acl, asked.path),
    policies,
    token,
    decision,
    help,
  }
}

function sudoDecision(acl: Acl, request: AccessRequest): AccessDecision {
  const { denial: _, ...decision } = decide(acl, request)
  if (decision.root || decision.rule?.capabilities.has('sudo')) return { ...decision, allowed: true }
  const why = decision.rule === undefined ? 'no rule' : decision.rule.capabilities.has('deny') ? 'deny' : undefined
  return { ...decision, allowed: false, denial: why === undefined ? { why: 'capability', missing: 'sudo' } : { why } }
}

/** The answer to one question in one environment. */
export interface AccessReport {
  /** Absent where policies were asked about without a configuration. */
  readonly environment?: string
  readonly server: AccessModel['server']
  /** Absent where policies were named instead of a role. */
  readonly login?: JudgedLogin
  /** Absent where the login is refused, or nothing but the login was asked about. */
  readonly access?: AccessAnswer
}

export function isAllowed({ login, access }: AccessReport): boolean {
  return (login === undefined || login.decision.ok) && (access === undefined || access.allowed)
}
