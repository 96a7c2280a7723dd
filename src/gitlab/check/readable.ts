import { type Acl, buildAcl } from '../../access/acl/acl.ts'
import { decide } from '../../access/acl/decide.ts'
import type { AccessDecision, AccessRequest } from '../../access/acl/decision.ts'
import { boundsOf } from '../../access/login/bounds.ts'
import type { AccessModel } from '../../access/model.ts'
import { helpFor } from '../../access/why/denied.ts'
import { type TokenPolicies, tokenPolicies } from '../../access/why/token-policies.ts'
import type { JobRole } from '../job-role.ts'
import { type Surroundings, wayOut } from './way-out.ts'

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
  /** Undefined where it may. Looks through all roles for a way out: for what is reported only. */
  why(role: JobRole, path: string): Unreadable | undefined
}

/**
 * @param roles all of them: what one is advised must not open anything to another
 * @param modelOf asked once for each environment
 */
export function readability(roles: readonly JobRole[], modelOf: ModelOf): Readable {
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
  const allows = (role: JobRole, path: string) => decide(access(role).acl, { operation: 'read', path }).allowed
  const may: Readable['may'] = (role, path) => access(role).open || allows(role, path)
  let counted: ReadonlyMap<string, number> | undefined
  const policiesOf = (file: string) => {
    counted ??= countFiles(new Set(roles.map(({ environment }) => environment)), model)
    return counted.get(file) ?? 0
  }
  const around: Surroundings = { roles, policiesOf, reads: allows }
  return {
    may,
    why(role, path) {
      if (may(role, path)) return undefined
      const request: AccessRequest = { operation: 'read', path }
      return explained(role, access(role), { request, decision: decide(access(role).acl, request), around })
    },
  }
}

/** How many policies are made of each file. */
function countFiles(environments: Iterable<JobRole['environment']>, model: ModelOf): ReadonlyMap<string, number> {
  const count = new Map<string, number>()
  for (const environment of environments)
    for (const { file } of model(environment).policies.values())
      if (file !== undefined) count.set(file, (count.get(file) ?? 0) + 1)
  return count
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

interface Refusal {
  readonly request: AccessRequest
  readonly decision: AccessDecision
  readonly around: Surroundings
}

function explained(role: JobRole, { token, acl }: RoleAccess, { request, decision, around }: Refusal): Unreadable {
  // Neither policies of others nor a rule that counts for more than this path are anything to change for one job.
  const hints = helpFor({ acl, request, decision, token }).flatMap(({ id, text }) => (id === 'shadowed' ? [] : [text]))
  const way = wayOut(role, token, request.path, around)
  return {
    because: reasonOf(decision, token),
    help: hints.length === 0 ? way : `${hints.join(' ')} If it is meant: ${way}`,
  }
}

function reasonOf({ denial, rule }: AccessDecision, { policies }: TokenPolicies): string {
  const names = policies.map(({ name }) => name).join(', ')
  if (rule === undefined || denial?.why === 'no rule') return `no rule of its policies (${names}) is about that path`
  const from = [...new Set(rule.from.map(({ policy }) => policy.name))].join(', ')
  const path = JSON.stringify(rule.match === 'prefix' ? `${rule.pattern}*` : rule.pattern)
  return `the rule that counts, ${path} of ${from}, grants ${[...rule.capabilities].join(', ') || 'nothing'}`
}
