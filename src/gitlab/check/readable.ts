import { type Acl, buildAcl } from '../../access/acl/acl.ts'
import { decide } from '../../access/acl/decide.ts'
import type { AccessDecision, AccessRequest } from '../../access/acl/decision.ts'
import { boundsOf } from '../../access/login/bounds.ts'
import type { AccessModel } from '../../access/model.ts'
import { helpFor } from '../../access/why/denied.ts'
import { type TokenPolicies, tokenPolicies } from '../../access/why/token-policies.ts'
import type { JobRole } from '../job-role.ts'

/** Why the tokens of a role may not read a path, and the way out. */
interface Unreadable {
  /** "no rule of its policies default, reader covers it" */
  readonly because: string
  readonly help: string
}

/** What an environment's files say, as its server would understand it. */
type ModelOf = (environment: JobRole['environment']) => AccessModel

export interface Readable {
  /** Also true where it cannot be known. */
  may(role: JobRole, path: string): boolean
  /** Undefined where it may. Looks through all policies for a way out: for what is reported only. */
  why(role: JobRole, path: string): Unreadable | undefined
}

/** @param modelOf asked once for each environment */
export function readability(modelOf: ModelOf): Readable {
  const known = new Map<JobRole, RoleAccess>()
  const models = new Map<JobRole['environment'], AccessModel>()
  const model = (environment: JobRole['environment']) => {
    const made = models.get(environment) ?? modelOf(environment)
    models.set(environment, made)
    return made
  }
  const access = (role: JobRole) => {
    const made = known.get(role) ?? accessOf(role, model(role.environment))
    known.set(role, made)
    return made
  }
  const may: Readable['may'] = (role, path) => {
    const { open, acl } = access(role)
    return open || decide(acl, { operation: 'read', path }).allowed
  }
  return {
    may,
    why(role, path) {
      if (may(role, path)) return undefined
      const request: AccessRequest = { operation: 'read', path }
      return explained(role, access(role), request, decide(access(role).acl, request))
    },
  }
}

interface RoleAccess {
  readonly model: AccessModel
  readonly token: TokenPolicies
  readonly acl: Acl
  /** Policies that are not known, or that depend on who the token belongs to, may allow what these do not. */
  readonly open: boolean
}

function accessOf({ role, mount }: JobRole, model: AccessModel): RoleAccess {
  const { config, tune } = model.mounts.get(mount) ?? {}
  const { policies, templatedPolicies = false } = boundsOf(model.server, { role, config, tune })
  const token = tokenPolicies(model, policies)
  const acl = buildAcl(token.policies, model.server, { namespace: model.namespace })
  const dropped = acl.dropped.some(({ because, policy }) => because === 'template' && policy.name !== 'default')
  return { model, token, acl, open: templatedPolicies || token.unknown.length > 0 || dropped }
}

function explained(role: JobRole, access: RoleAccess, request: AccessRequest, decision: AccessDecision): Unreadable {
  const { token, acl, model } = access
  const hints = helpFor({ acl, request, decision, token, model }).map(({ text }) => text)
  const line = lineToAdd(role, token, request)
  return {
    because: reasonOf(decision, token),
    help: hints.length === 0 ? line : `${hints.join(' ')} If it is meant: ${line}`,
  }
}

function reasonOf({ denial, rule }: AccessDecision, { policies }: TokenPolicies): string {
  const names = policies.map(({ name }) => name).join(', ')
  if (rule === undefined || denial?.why === 'no rule') return `no rule of its policies (${names}) is about that path`
  const from = [...new Set(rule.from.map(({ policy }) => policy.name))].join(', ')
  const path = JSON.stringify(rule.match === 'prefix' ? `${rule.pattern}*` : rule.pattern)
  return `the rule that counts, ${path} of ${from}, grants ${[...rule.capabilities].join(', ') || 'nothing'}`
}

function lineToAdd({ source }: JobRole, { origins }: TokenPolicies, { path }: AccessRequest): string {
  const all = [...origins.values()]
  if (all.some(({ from }) => from === 'role')) return `Declare the secret under "secrets" in ${source.file}.`
  const file = all.find((origin) => origin.from === 'file')
  const where = file?.from === 'file' ? `to ${file.file}` : 'to a policy of the role'
  return `Add ${where}: path ${JSON.stringify(path)} { capabilities = ["read"] }`
}
