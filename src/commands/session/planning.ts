import type { Configuration, Environment } from '../../core/configuration.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { type EnvironmentPlan, type GroundedPlan, type Plan, planFormat } from '../../core/plan.ts'
import type { Address, Identity } from '../../core/resource.ts'
import type { VaultReader } from '../../core/server.ts'
import type { Objection } from '../../engine/objections.ts'
import { basisOf, type PlanInput, planEnvironment } from '../../engine/plan.ts'
import { readLive } from '../../engine/read.ts'
import { type Context, Interrupted } from './command.ts'
import type { Workspace } from './workspace.ts'

/** Where the live objects come from. */
export interface Reading {
  /** Which environments share a server. */
  target(environment: Environment): string
  reader(environment: Environment): VaultReader
  readonly onEnvironment?: (environment: Environment, reader: VaultReader) => void
}

export interface PlanningOptions extends Reading {
  readonly allowed: readonly string[]
  readonly rewrite: readonly string[]
}

export interface Planned {
  readonly plan: Plan
  /** The same plans with what they rest on, to save them or to compare them with saved ones. */
  grounded(): readonly GroundedPlan[]
  /** Why it must not be applied, with positions in the files. */
  readonly objections: readonly Diagnostic[]
  /** The same plans with what they were made from. */
  readonly parts: readonly PlannedPart[]
}

/** One plan over all environments; what two of them on one server both describe is planned with the first. */
export async function planAll(
  context: Context,
  { kinds, configuration, environments }: Workspace,
  options: PlanningOptions,
): Promise<Planned> {
  const parts: PlannedPart[] = []
  const objections: Diagnostic[] = []
  const covered = new Map<string, Set<Address>>()
  for (const environment of environments) {
    const server = options.reader(environment)
    options.onEnvironment?.(environment, server)
    const live = await interruptible(context, readLive({ kinds, server, environment }))
    const target = options.target(environment)
    const elsewhere = covered.get(target) ?? new Set<Address>()
    const { allowed, rewrite } = options
    const input = { kinds, environment, live, server: server.server, allowed, rewrite, elsewhere }
    const result = planEnvironment(input)
    parts.push({ target, reader: server, input, plan: result.plan })
    objections.push(...result.objections.map((objection) => toDiagnostic(configuration, environment, objection)))
    covered.set(target, new Set([...elsewhere, ...addresses(environment.desired), ...addresses(live.unmanaged)]))
  }
  const plans = await assessed(parts)
  return {
    plan: { format: planFormat, environments: plans },
    grounded: () => parts.map(({ input }, index) => ({ ...(plans[index] as EnvironmentPlan), ...basisOf(input) })),
    objections,
    parts,
  }
}

export interface PlannedPart {
  /** Equal for environments on one server. */
  readonly target: string
  readonly reader: VaultReader
  readonly input: PlanInput
  readonly plan: EnvironmentPlan
}

/**
 * Who gains and who loses access is decided server by server, because environments on one server share its policies. Most
 * plans change nothing, and do without all the code for it.
 */
async function assessed(parts: readonly PlannedPart[]): Promise<EnvironmentPlan[]> {
  if (parts.every(({ plan }) => plan.changes.length === 0)) return parts.map(({ plan }) => plan)
  const { withAccess } = await import('../../engine/access.ts')
  const plans = new Map<PlannedPart, EnvironmentPlan>()
  for (const target of new Set(parts.map((part) => part.target))) {
    const together = parts.filter((part) => part.target === target)
    for (const [index, plan] of withAccess(together).entries()) plans.set(together[index] as PlannedPart, plan)
  }
  return parts.map((part) => plans.get(part) as EnvironmentPlan)
}

function addresses(objects: readonly Identity[]): Address[] {
  return objects.map(({ address }) => address)
}

function toDiagnostic(configuration: Configuration, environment: Environment, objection: Objection): Diagnostic {
  const { code, message, help, field, address } = objection
  const desired = environment.desired.find((object) => object.address === address)
  const location = desired === undefined ? undefined : configuration.locate(desired, environment.name, field)
  return { code, severity: 'error', message: `${environment.name}: ${message}`, help, ...location }
}

/** Reading is not worth finishing once somebody pressed Ctrl-C; writing is, and does not go through here. */
export function interruptible<T>({ signal }: Context, work: Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(new Interrupted())
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Interrupted())
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
