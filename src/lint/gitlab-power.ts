import { type Acl, buildAcl } from '../access/acl/acl.ts'
import type { MergedRule } from '../access/acl/decision.ts'
import { findRule, pathWithin } from '../access/acl/find.ts'
import type { Capability, PathRule, Policy } from '../access/policy/policy.ts'
import { admits, type JobRole, texts } from './gitlab-roles.ts'
import type { LintSubject } from './rule.ts'

/**
 * How much depends on a role: what several rules ask before they say something. Judged by the policies of the role, as far
 * as the files hold them; of the others nothing is known.
 */

const changing: readonly Capability[] = ['create', 'update', 'patch', 'delete', 'recover']

/** What a token does with itself and its own cubbyhole, all of which the policy "default" allows: it changes nothing of others. */
const selfService: ReadonlySet<string> = new Set([
  'auth/token/lookup-self',
  'auth/token/renew-self',
  'auth/token/revoke-self',
  'sys/capabilities-self',
  'sys/renew',
  'sys/leases/renew',
  'sys/leases/lookup',
  'sys/internal/ui/resultant-acl',
  'sys/control-group/request',
  'identity/oidc/provider/+/authorize',
])

const selfServiceFolders: readonly string[] = ['cubbyhole/', 'sys/wrapping/', 'sys/tools/hash']

/** The server's own: who may do what, and how it runs. Everything else is a secrets engine. */
const serverFolders: readonly string[] = ['sys/', 'auth/', 'identity/']

/** What the policies of a role allow together, without what every token may do with itself. */
interface Power {
  readonly policies: readonly Policy[]
  /** A path that may be changed, as a policy has it; absent where everything is only read. */
  readonly written?: string
  /** A path through which it may be changed who may do what, or how the server runs. */
  readonly changedAccess?: string
  /** Whether there is more than the server's own paths, or a policy of which nothing is known. */
  readonly secrets: boolean
}

const powers = new WeakMap<JobRole, Power>()
const powersByNames = new WeakMap<LintSubject, Map<string, Power>>()

/** Made once for all roles with the same policies. */
function powerOf(subject: LintSubject, role: JobRole): Power {
  const known = powers.get(role)
  if (known !== undefined) return known
  const byNames = powersByNames.get(subject) ?? new Map<string, Power>()
  powersByNames.set(subject, byNames)
  const names = texts(role.role['token_policies'])
  const key = names.join('\n')
  const power = byNames.get(key) ?? merge(subject, names)
  byNames.set(key, power)
  powers.set(role, power)
  return power
}

const acls = new WeakMap<Power, Acl>()

/** The rule that decides about the path for tokens of the role; templates are not filled in. */
export function ruleFor(subject: LintSubject, role: JobRole, path: string): MergedRule | undefined {
  const power = powerOf(subject, role)
  const { server, namespace } = subject.model
  const acl = acls.get(power) ?? buildAcl(power.policies, server, namespace === '' ? {} : { namespace })
  acls.set(power, acl)
  return findRule(acl, pathWithin(acl, path), false)
}

function merge(subject: LintSubject, names: readonly string[]): Power {
  const policies = knownPolicies(subject, names)
  const grants = grantsOf(policies)
  const changes = grants.filter(isChanging)
  const [written, changedAccess] = [changes[0], changes.find(({ pattern }) => reachesServer(pattern))]
  const unknown = names.filter((name) => name !== 'default').length > policies.length
  return {
    policies,
    ...(written && { written: written.written }),
    ...(changedAccess && { changedAccess: changedAccess.written }),
    secrets: unknown || !grants.every(({ pattern }) => isServers(pattern)),
  }
}

/** Those that the files hold and a server would take; "default" is no role's own. */
function knownPolicies(subject: LintSubject, names: readonly string[]): readonly Policy[] {
  return names.flatMap((name) => {
    const parsed = name === 'default' ? undefined : subject.policies.get(name)
    return parsed !== undefined && 'policy' in parsed ? [parsed.policy] : []
  })
}

/** Blocks for one pattern count together, and "deny" takes all of them back (vault/acl.go NewACL). */
function grantsOf(policies: readonly Policy[]): readonly PathRule[] {
  const rules = policies.flatMap((policy) => policy.rules)
  const key = ({ match, pattern }: PathRule) => `${match} ${pattern}`
  const denied = new Set(rules.filter(({ capabilities }) => capabilities.has('deny')).map(key))
  return rules.filter(
    (rule) => rule.capabilities.size > 0 && !isSelfService(rule.pattern) && !(denied.size > 0 && denied.has(key(rule))),
  )
}

/** "sudo" opens something in the server's own paths only; in those it is as much as writing. */
function isChanging({ capabilities, pattern }: PathRule): boolean {
  return (
    changing.some((capability) => capabilities.has(capability)) || (capabilities.has('sudo') && reachesServer(pattern))
  )
}

function isSelfService(pattern: string): boolean {
  return selfService.has(pattern) || selfServiceFolders.some((folder) => pattern.startsWith(folder))
}

/** A path that tokens of the role may change; undefined for a role that only reads. */
export function writtenPath(subject: LintSubject, role: JobRole): string | undefined {
  return powerOf(subject, role).written
}

function isServers(pattern: string): boolean {
  return serverFolders.some((folder) => pattern.startsWith(folder))
}

/** Also by a pattern that stands for it, such as `*` or `+/…`. */
function reachesServer(pattern: string): boolean {
  const [first = ''] = pattern.split('/')
  return serverFolders.some(
    (folder) => pattern.startsWith(folder) || first === '+' || (!pattern.includes('/') && folder.startsWith(first)),
  )
}

/**
 * Whether tokens of the role reach a secrets engine at all. What a policy that no file holds allows is not known, so a role
 * that names one is taken to reach secrets; a role such as that of a plan reads the server's own paths only.
 */
export function reachesSecrets(subject: LintSubject, role: JobRole): boolean {
  return powerOf(subject, role).secrets || Object.keys(role.secrets).length > 0
}

/** `production`, `prod`, `prd`, alone or between separators, such as `eu-prod-1`; but not `pre-prod` or `non-prod`. */
function isProductionName(name: string): boolean {
  return /(?:^|[-_./ ])(?:production|prod|prd)\d*(?:$|[-_./* ])/i.test(name) && !/(?:non|pre)[-_. ]?pro?d/i.test(name)
}

/**
 * Why a role is one of production's: its environment is called so, or it binds an `environment` or `deployment_tier` of
 * production, and it reaches secrets or changes something. Undefined for all others.
 */
export function productionReason(subject: LintSubject, role: JobRole): string | undefined {
  const reason = boundToProduction(role) ?? namedProduction(subject)
  if (reason === '') return undefined
  return reachesSecrets(subject, role) || writtenPath(subject, role) !== undefined ? reason : undefined
}

const productions = new WeakMap<LintSubject, string>()

/** Empty for others than production. */
function namedProduction(subject: LintSubject): string {
  const { name } = subject.environment
  const reason = productions.get(subject) ?? (isProductionName(name) ? `belongs to the environment ${name}` : '')
  productions.set(subject, reason)
  return reason
}

function boundToProduction(role: JobRole): string | undefined {
  const names = (role.claims.get('environment') ?? []).map(String)
  const name = names.find(isProductionName)
  if (name !== undefined) return `is for jobs of the environment "${name}"`
  const tiers = role.claims.has('deployment_tier') && admits(role, 'deployment_tier', 'production')
  return tiers ? 'is for jobs of deployment_tier "production"' : undefined
}

/** Why a role applies something: it may change a path, or it is for jobs that deploy to production. */
export function applyReason(subject: LintSubject, role: JobRole): string | undefined {
  const path = writtenPath(subject, role)
  return path === undefined ? boundToProduction(role) : `may change "${path}"`
}

/** Why more than its own project depends on a role: it may change who may do what, or something of production's. */
export function highValueReason(subject: LintSubject, role: JobRole): string | undefined {
  const path = powerOf(subject, role).changedAccess
  if (path !== undefined) return `may change "${path}"`
  const production = productionReason(subject, role)
  const written = writtenPath(subject, role)
  return production === undefined || written === undefined ? undefined : `${production}, may change "${written}"`
}
