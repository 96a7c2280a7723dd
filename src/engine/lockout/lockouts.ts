import { boundsOf } from '../../access/login/bounds.ts'
import type { AccessModel } from '../../access/model.ts'
import type { Requests } from '../../access/proof/lost.ts'
import { groupBy } from '../../core/group-by.ts'
import type { Address } from '../../core/resource.ts'
import { type Needs, needsOf, requestsOf } from '../needs.ts'
import type { Judged, Refusal } from '../objections/brake.ts'
import { lockDemands } from '../own-demands.ts'
import { planDemands } from '../preflight.ts'
import { type Culprit, type Culprits, culpritsIn, culpritWords } from './culprits.ts'
import { type Login, lostLogin } from './lost-login.ts'
import { type LostNeed, lostNeeds } from './lost-requests.ts'
import type { OperatorRole, Operators, RunToken } from './operator.ts'
import { knownAcl, type Sides, sidesOf } from './sides.ts'
import { needsWords, unlessWords } from './words.ts'

/**
 * What the plans of one server would take from those who have to log in to plan, to apply and to find drift: the login
 * itself, or a request that this takes. Only what they can do now counts. Pure.
 * @param now seconds since 1970
 */
export function lockouts(environments: readonly Judged[], operators: Operators, now: number): Refusal[] {
  const sides = environments.every(({ plan }) => plan.changes.length === 0)
    ? undefined
    : sidesOf(environments, operators)
  if (sides === undefined) return []
  const looked: Looked = { sides, culprits: culpritsIn(environments), environments, now }
  const byRole = groupBy(operators.roles, ({ address }) => address)
  const ofRoles = [...byRole].flatMap(([address, roles]) => roleLockouts(looked, address, roles))
  const ofToken = operators.token === undefined ? [] : tokenLockouts(looked, operators.token, [...byRole.keys()])
  const said = new Set(ofRoles.map(({ allow }) => allow))
  return [...ofRoles, ...ofToken.filter(({ allow }) => !said.has(allow))]
}

interface Looked {
  readonly sides: Sides
  readonly culprits: Culprits
  readonly environments: readonly Judged[]
  readonly now: number
}

/** All that is there or will be, and what is owned by pattern. */
function needsOfEnvironment({ input, plan }: Judged): Needs {
  const { kinds, server, environment, live } = input
  const there = [...environment.desired, ...live.objects.values(), ...live.unmanaged]
  const made = plan.changes.flatMap((change) => (change.action === 'delete' ? [] : [change.after]))
  const objects = new Map([...there, ...made].map((object) => [object.address, object]))
  return needsOf({ kinds, server, environment, objects: [...objects.values()] })
}

function restOf(environments: readonly Judged[]): Requests[] {
  const demands = environments.flatMap(({ input, plan }) => planDemands(input.kinds, plan.changes, input.server).apply)
  return [...demands.flatMap((demand) => requestsOf(demand, false)), ...locking]
}

/** A role may serve several environments and purposes. */
function roleLockouts(looked: Looked, address: Address, roles: readonly OperatorRole[]): Refusal[] {
  const [{ mount, name }] = roles as readonly [OperatorRole]
  const allow = `lockout:${address}`
  const needs = () =>
    roles.flatMap(({ environment, purpose }) =>
      looked.environments
        .filter(({ plan }) => plan.environment === environment)
        .flatMap((judged) => neededFor(needsOfEnvironment(judged), purpose)),
    )
  const login = loginLockout(looked, { mount, role: name }, { address, allow })
  if (login.length > 0) return login
  const [before, after] = [looked.sides.before, looked.sides.after].map((model) => policiesOf(model, mount, name))
  if (before === undefined || after === undefined) return []
  const role = looked.culprits.role(mount, name)
  return requestLockouts(looked, { before, after, needs, who: `tokens of ${address}`, allow, role })
}

const locking = lockDemands.flatMap((demand) => requestsOf(demand, true))

function neededFor(needs: Needs, purpose: OperatorRole['purpose']): readonly Requests[] {
  return purpose === 'apply' ? [...needs.reading, ...needs.writing, ...locking] : needs.reading
}

/** Undefined where the role is not known, or gives names of policies that depend on the token. */
function policiesOf({ mounts, server }: AccessModel, path: string, name: string): readonly string[] | undefined {
  const mount = mounts.get(path)
  const role = mount?.roles.get(name)
  if (mount === undefined || role === undefined) return undefined
  const { policies, templatedPolicies } = boundsOf(server, { role: role.role, config: mount.config, tune: mount.tune })
  return templatedPolicies ? undefined : policies
}

/**
 * A token keeps the names of its policies while it applies, whatever becomes of its role. One that comes from a role that
 * is looked at needs them for the rest of this apply only, and has to be got again then.
 */
function tokenLockouts(looked: Looked, { login, policies }: RunToken, roles: readonly Address[]): Refusal[] {
  const brief = login !== undefined && roles.includes(login.address)
  const needs = () =>
    brief
      ? restOf(looked.environments)
      : looked.environments.flatMap((judged) => neededFor(needsOfEnvironment(judged), 'apply'))
  const allow = login && `lockout:${login.address}`
  const again = login === undefined ? [] : loginLockout(looked, login, { address: login.address, allow: allow ?? '' })
  if (again.length > 0) return again
  const who = 'the token that applies'
  return requestLockouts(looked, { before: policies, after: policies, needs, who, allow })
}

interface Whose {
  readonly address: Address
  readonly allow: string
}

function loginLockout({ sides, culprits, now }: Looked, login: Login, { address, allow }: Whose): Refusal[] {
  const lost = lostLogin(sides, login, now)
  const { mount, role } = login
  const causes = {
    role: [culprits.role(mount, role), culprits.mount(mount)],
    'auth-config': [culprits.config(mount), culprits.mount(mount)],
    'auth-mount': [culprits.mount(mount)],
  }
  const culprit = lost && causes[lost.cause].find((one) => one !== undefined)
  if (lost === undefined || culprit === undefined) return []
  const who = login.claims === undefined ? 'nobody' : 'the job that applies'
  const message = `after this plan, ${who} could ${login.claims === undefined ? '' : 'no longer '}log in by ${address}: ${culpritWords(culprit)}, and ${lost.reason}`
  return [refusal(culprit, message, allow)]
}

interface Asked {
  /** Names of the policies of a token, before and after. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Costs something with thousands of objects, and is asked for only where the policies say something else. */
  needs(): readonly Requests[]
  readonly who: string
  /** Absent where it is named after the change that takes something. */
  readonly allow: string | undefined
  /** The change of the role that gives the policies. */
  readonly role?: Culprit | undefined
}

/** One refusal for each change that takes something. */
function requestLockouts({ sides, culprits }: Looked, asked: Asked): Refusal[] {
  const [before, after] = [knownAcl(sides.before, asked.before), knownAcl(sides.after, asked.after)]
  const lost = before.key === after.key ? [] : lostNeeds(before.acl, after.acl, asked.needs())
  const byCulprit = groupBy(lost, (need) => culpritOf(need, asked, culprits))
  return [...byCulprit].flatMap(([culprit, needs]) => {
    if (culprit === undefined) return []
    const words = `${needsWords(needs)}${unlessWords(after.unknown)}`
    const message = `after this plan, ${asked.who} could no longer ${words}: ${culpritWords(culprit)}`
    return [refusal(culprit, message, asked.allow ?? `lockout:${culprit.change.address}`)]
  })
}

/** The role, where it does not give the policy any more; or else the policy that says otherwise now. */
function culpritOf(
  { before, after }: LostNeed,
  { after: names, before: former, role }: Asked,
  culprits: Culprits,
): Culprit | undefined {
  const granting = [...(before?.from ?? [])].map(({ policy }) => policy.name)
  const deciding = [...(after?.from ?? [])].map(({ policy }) => policy.name)
  if (role !== undefined && granting.some((name) => !names.includes(name))) return role
  const changed = [...granting, ...deciding, ...names, ...former].map(culprits.policy)
  return changed.find((one) => one !== undefined) ?? role
}

function refusal({ change, environment }: Culprit, message: string, allow: string): Refusal {
  const help = `If that is meant, and there is another way in, say so with --allow ${allow}; otherwise leave it as it is, or do it in two steps: first the new way in, then the end of the old one.`
  return { code: 'self-lockout', environment, address: change.address, field: [], message, help, allow }
}
