import { capabilitiesOf } from '../../access/acl/capabilities.ts'
import { modelOf } from '../../access/model.ts'
import type { Demand } from '../../core/demand.ts'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { lockPrefix } from '../../core/lock.ts'
import type { GroundedPlan } from '../../core/plan.ts'
import { isPattern, policyLine } from '../../core/policy-line.ts'
import { VaultError } from '../../core/server.ts'
import { knownAcl } from '../../engine/lockout/sides.ts'
import { lockDemands, revokeDemands } from '../../engine/own-demands.ts'
import { askedPaths, type Lack, lacksOf, type PlanDemands, planDemands } from '../../engine/preflight.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import type { Capabilities } from '../../vault/capabilities.ts'
import type { Connection } from '../../vault/client.ts'
import type { OptionSpec } from '../session/command.ts'
import { policiesOf } from '../session/lockouts.ts'
import { useColor } from '../session/options.ts'
import { interruptible } from '../session/planning.ts'
import type { Session } from './session.ts'

export const preflightOption: OptionSpec = {
  flags: '--skip-preflight',
  description: 'do not ask the server beforehand whether the token may do all that the plan needs',
}

/**
 * Whether the token may do all that the plans take, before the first write: half an apply is worse than none. Throws
 * UserError with all that is missing.
 */
export async function preflight(session: Session, agreed: readonly GroundedPlan[]): Promise<void> {
  const { context, options, shown } = session
  if (options['skipPreflight'] === true) return
  const found = await Promise.all(
    placesOf(session, agreed).map((place) => interruptible(context, examine(session, place))),
  )
  shown.end()
  const problems = found.flat()
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new UserError(errors)
  context.stderr.write(renderDiagnostics(problems, { color: useColor(context, options, context.stderr) }))
}

/** Plans of one server and namespace. */
interface Place {
  readonly plans: readonly GroundedPlan[]
  readonly connection: Connection
}

function placesOf({ workspace, servers }: Session, agreed: readonly GroundedPlan[]): Place[] {
  const places = new Map<Connection, GroundedPlan[]>()
  for (const plan of agreed) {
    const environment = workspace.environments.find(({ name }) => name === plan.environment)
    if (environment === undefined || plan.changes.length === 0) continue
    const connection = servers.connection(environment)
    places.set(connection, [...(places.get(connection) ?? []), plan])
  }
  return [...places].map(([connection, plans]) => ({ plans, connection }))
}

async function examine(session: Session, { plans, connection }: Place): Promise<Diagnostic[]> {
  const { kinds } = session.workspace
  const changes = plans.flatMap((plan) => plan.changes)
  const beside = session.options['lock'] === false ? [] : lockDemands
  const demands = planDemands(kinds, changes, connection.server, beside)
  const own = (await connection.identity())?.login?.claims === undefined ? [] : revokeDemands
  const all = askedPaths([...demands.apply, ...demands.rollback, ...own])
  const answers = await answersOf(session, connection, all)
  const names = plans.map(({ environment }) => environment).join(', ')
  const place = { environments: names, namespace: connection.server.namespace }
  return 'unknown' in answers ? [cannotAsk(place, answers.unknown)] : verdict(place, demands, own, answers)
}

type Answers = Capabilities | { readonly unknown: string }

/** A token without the policy `default` may not ask; then its policies say it, where they can be read. */
async function answersOf(session: Session, connection: Connection, paths: readonly string[]): Promise<Answers> {
  try {
    return await connection.capabilities(paths)
  } catch (error) {
    if (!(error instanceof VaultError) || error.status !== 403) throw error
    return byPolicies(session, connection, paths)
  }
}

async function byPolicies({ workspace }: Session, connection: Connection, paths: readonly string[]): Promise<Answers> {
  const identity = await connection.identity()
  if (identity === undefined) return { unknown: 'the server does not tell its policies either' }
  const { kinds } = workspace
  const { server } = connection
  const policies = await policiesOf(identity.policies, { kinds, reader: connection })
  const { acl, unknown } = knownAcl(
    modelOf(policies, { kinds, server, namespace: server.namespace }),
    identity.policies,
  )
  if (unknown.length > 0) return { unknown: `its policies cannot be read either (${unknown.join(', ')})` }
  return new Map(paths.map((path) => [path, capabilitiesOf(acl, path)]))
}

/** What a message is about. */
interface About {
  readonly environments: string
  readonly namespace: string
}

function cannotAsk({ environments, namespace }: About, reason: string): Diagnostic {
  return {
    ...problem(
      'no-preflight',
      `${environments}: nothing was written, because the token may not ask what it may do, and ${reason}`,
      `Let it ask, by this line in one of its policies; --skip-preflight applies all the same.${parentWords(namespace)}`,
    ),
    paste: [policyLine('sys/capabilities-self', ['update'])],
  }
}

function verdict(about: About, demands: PlanDemands, own: readonly Demand[], answers: Capabilities): Diagnostic[] {
  const lacks = lacksOf(demands.apply, answers, [...demands.rollback, ...own])
  if (lacks.length > 0) return [missing(about, lacks)]
  const [rollback, revoking] = [lacksOf(demands.rollback, answers, demands.apply), lacksOf(own, answers)]
  return [
    ...(rollback.length === 0 ? [] : [noWayBack(about, rollback)]),
    ...(revoking.length === 0 ? [] : [leftAlive(about, revoking)]),
  ]
}

function missing({ environments, namespace }: About, lacks: readonly Lack[]): Diagnostic {
  return {
    ...problem(
      'missing-permission',
      `${environments}: nothing was written, because the token may not ${lacksWords(lacks)}`,
      `Its policies have to grant this.${denyWords(lacks)}${patternWords(lacks)}${parentWords(namespace)} What they demand of parameters the server does not tell beforehand.`,
    ),
    paste: lacks.map(({ path, granted }) => policyLine(path, granted)),
  }
}

function noWayBack({ environments }: About, lacks: readonly Lack[]): Diagnostic {
  return {
    code: 'no-way-back',
    severity: 'warning',
    message: `${environments}: to take this apply back, the token would have to ${lacksWords(lacks)}, which it may not`,
    help: `A rollback then needs another token, or these lines in a policy of this one.${patternWords(lacks)}`,
    paste: lacks.map(({ path, granted }) => policyLine(path, granted)),
  }
}

function leftAlive({ environments }: About, lacks: readonly Lack[]): Diagnostic {
  return {
    code: 'token-stays',
    severity: 'warning',
    message: `${environments}: the token may not revoke itself, so it lives on until its time is over`,
    paste: lacks.map(({ path, granted }) => policyLine(path, granted)),
  }
}

/** More in one sentence are more than anybody reads; the lines to copy have them all. */
const most = 12

/** `update sys/policies/acl/a, and create auth/jwt/role/b`. */
function lacksWords(lacks: readonly Lack[]): string {
  const texts = lacks.map(({ path, missing: names }) => `${names.join(' and ')} ${path}`)
  const rest = texts.length - most
  return rest > 1 ? `${texts.slice(0, most).join(', ')} and ${rest} more, all below` : texts.join(', ')
}

function denyWords(lacks: readonly Lack[]): string {
  return lacks.some(({ nothing }) => nothing) ? ' Where one of them says "deny" at the same path, that has to go.' : ''
}

/** A name may be what policies take for a pattern, and a line is quickly copied. */
function patternWords(lacks: readonly Lack[]): string {
  const [one] = lacks.map(({ path }) => path).filter((path) => isPattern(path) && !path.endsWith(`/${lockPrefix}*`))
  return one === undefined
    ? ''
    : ` Mind ${one}: in a policy, "*" at the end and "+" between slashes stand for any text, so that line grants more than the object of this name.`
}

/** Paths of a policy are within its own namespace. */
function parentWords(namespace: string): string {
  return namespace === ''
    ? ''
    : ` In a policy of a parent namespace, ${namespace}/ (or the rest of it) stands before each path.`
}
