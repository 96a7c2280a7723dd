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
}

/** One plan over all environments; what two of them on one server both describe is planned with the first. */
export async function planAll(
  context: Context,
  { kinds, configuration, environments }: Workspace,
  options: PlanningOptions,
): Promise<Planned> {
  const parts: { readonly input: PlanInput; readonly plan: EnvironmentPlan }[] = []
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
    parts.push({ input, plan: result.plan })
    objections.push(...result.objections.map((objection) => toDiagnostic(configuration, environment, objection)))
    covered.set(target, new Set([...elsewhere, ...addresses(environment.desired), ...addresses(live.unmanaged)]))
  }
  return {
    plan: { format: planFormat, environments: parts.map(({ plan }) => plan) },
    grounded: () => parts.map(({ input, plan }) => ({ ...plan, ...basisOf(input) })),
    objections,
  }
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
