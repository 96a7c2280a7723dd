import { type AccessModel, modelOf } from '../access/model.ts'
import { difference } from '../access/proof/difference.ts'
import type { AccessReport } from '../core/access-effect.ts'
import type { EnvironmentPlan } from '../core/plan.ts'
import type { Address, Desired, Live } from '../core/resource.ts'
import type { PlanInput } from './plan.ts'

/** A planned environment and what it was planned from. */
export interface PlannedEnvironment {
  readonly input: PlanInput
  readonly plan: EnvironmentPlan
}

/** What one server's objects say before and after the plans of its environments. */
interface AccessModels {
  readonly before: AccessModel
  readonly after: AccessModel
}

/**
 * All environments of one server together, because a role of one may use a mount or a policy of another. It holds what was
 * read, which is what they describe and own: what somebody else gave is not known here.
 */
function modelsOf(environments: readonly PlannedEnvironment[]): AccessModels | undefined {
  const [first] = environments
  if (first === undefined) return undefined
  const { kinds, server } = first.input
  const before = new Map<Address, Desired | Live>()
  for (const { input } of environments) for (const [address, live] of input.live.objects) before.set(address, live)
  const after = new Map(before)
  for (const { changes } of environments.map(({ plan }) => plan))
    for (const change of changes) {
      if (change.action === 'delete') after.delete(change.address)
      else after.set(change.address, change.after)
    }
  const model = (objects: ReadonlyMap<Address, Desired | Live>) =>
    modelOf(objects.values(), { kinds, server, namespace: server.namespace })
  return { before: model(before), after: model(after) }
}

/**
 * The same plans with what their changes mean for who may do what: for each environment of one server, the effects
 * that come about through its own roles. A plan without changes gets no report.
 */
export function withAccess(environments: readonly PlannedEnvironment[]): EnvironmentPlan[] {
  const plans = environments.map(({ plan }) => plan)
  if (plans.every(({ changes }) => changes.length === 0)) return plans
  const report = reportOf(environments)
  const [only, ...more] = plans
  if (only !== undefined && more.length === 0) return [{ ...only, access: report }]
  const owners = ownersOf(environments)
  const changed = Math.max(
    plans.findIndex(({ changes }) => changes.length > 0),
    0,
  )
  const ownerOf = (addresses: readonly Address[]) => owners.get(addresses.find((one) => owners.has(one)) as Address)
  return plans.map((plan, index) => {
    const access = {
      effects: report.effects.filter(({ roles }) => (ownerOf(roles) ?? changed) === index),
      beyond: report.beyond.filter(({ about }) => ((about && ownerOf([about])) ?? changed) === index),
    }
    const silent = access.effects.length + access.beyond.length === 0
    return silent && plan.changes.length === 0 ? plan : { ...plan, access }
  })
}

function reportOf(environments: readonly PlannedEnvironment[]): AccessReport {
  const changes = environments.flatMap(({ plan }) => plan.changes)
  const models = changes.some((change) => change.action !== 'update' || change.meaning) && modelsOf(environments)
  return models ? difference(models.before, models.after) : { effects: [], beyond: [] }
}

/** Which environment an object is shown with: the first that describes it, or else that has it on the server. */
function ownersOf(environments: readonly PlannedEnvironment[]): ReadonlyMap<Address, number> {
  const owners = new Map<Address, number>()
  const own = (address: Address, index: number) => owners.has(address) || owners.set(address, index)
  for (const [index, { input }] of environments.entries())
    for (const { address } of input.environment.desired) own(address, index)
  for (const [index, { input }] of environments.entries())
    for (const address of input.live.objects.keys()) own(address, index)
  return owners
}
