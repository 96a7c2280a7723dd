import type { Configuration, Environment } from '../../core/configuration.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import { groupBy } from '../../core/group-by.ts'
import { byText } from '../../core/json.ts'
import { type EnvironmentPlan, type GroundedPlan, type Plan, planFormat } from '../../core/plan.ts'
import type { Address, Identity } from '../../core/resource.ts'
import type { VaultReader } from '../../core/server.ts'
import type { Refusal } from '../../engine/objections/brake.ts'
import { brake } from '../../engine/objections/index.ts'
import type { Objection } from '../../engine/objections/objection.ts'
import { basisOf, type PlanInput, planEnvironment } from '../../engine/plan.ts'
import { look } from '../../engine/rollback.ts'
import type { TokenIdentity } from '../../vault/identity.ts'
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
  /** What `--allow` names, for an environment. */
  allowed(environment: string): readonly string[]
  readonly rewrite: readonly string[]
  /** Whose token is going to apply this on the environment's server, where this run does. */
  applying?(environment: Environment): Promise<TokenIdentity | undefined>
  /** Only to see what is left of a plan that was shown: without what it means for access, and with lists believed. */
  readonly again?: boolean
}

export interface Planned {
  readonly plan: Plan
  /** The same plans with what they rest on, to save them or to compare them with saved ones. */
  grounded(): readonly GroundedPlan[]
  /** Why it must not be applied, with positions in the files. */
  readonly objections: readonly PlannedDiagnostic[]
  /** The same plans with what they were made from. */
  readonly parts: readonly PlannedPart[]
}

export interface PlannedDiagnostic extends Diagnostic {
  /** What `--allow` takes to overrule it. */
  readonly allow?: string
}

/** One plan over all environments; what two of them on one server both describe is planned with the first. */
export async function planAll(
  context: Context,
  { kinds, configuration, environments }: Workspace,
  options: PlanningOptions,
): Promise<Planned> {
  const found: Found[] = []
  const covered = new Map<string, Set<Address>>()
  for (const environment of environments) {
    const server = options.reader(environment)
    options.onEnvironment?.(environment, server)
    const live = await interruptible(context, look({ kinds, server, environment, trustLists: options.again === true }))
    const target = options.target(environment)
    const elsewhere = covered.get(target) ?? new Set<Address>()
    const { rewrite } = options
    const { limits } = configuration.settings
    const input = { kinds, environment, live, server: server.server, limits, rewrite, elsewhere }
    const { plan, objections } = planEnvironment(input)
    found.push({ part: { target, reader: server, input, plan }, objections, allowed: [] })
    covered.set(target, new Set([...elsewhere, ...addresses(environment.desired), ...addresses(live.unmanaged)]))
  }
  const judged = withBrakes(await withLockouts(configuration, found, options), options.allowed)
  const parts = judged.map(withObjections)
  const plans = options.again === true ? parts.map(({ plan }) => plan) : await assessed(parts)
  return {
    plan: { format: planFormat, environments: plans },
    grounded: () => parts.map(({ input }, index) => ({ ...(plans[index] as EnvironmentPlan), ...basisOf(input) })),
    objections: judged.flatMap(({ part, objections }) =>
      objections.map((objection) => toDiagnostic(configuration, part.input.environment, objection)),
    ),
    parts,
  }
}

/** A plan with what speaks against it, and what would if nobody had allowed it. */
interface Found {
  readonly part: PlannedPart
  readonly objections: readonly (Objection & { readonly allow?: string })[]
  readonly allowed: readonly string[]
}

/** Most plans change nothing, and do without all the code for it. */
async function withLockouts(
  configuration: Configuration,
  found: readonly Found[],
  { applying }: PlanningOptions,
): Promise<readonly Found[]> {
  if (found.every(({ part }) => part.plan.changes.length === 0)) return found
  const { findLockouts } = await import('./lockouts.ts')
  const groups = byServer(found.map(({ part }) => part))
  const lockouts = await Promise.all(
    groups.map(async (parts) => {
      const [{ input }] = parts as readonly PlannedPart[] as readonly [PlannedPart]
      return findLockouts(configuration, parts, await applying?.(input.environment))
    }),
  )
  return found.map((one) => {
    const mine = lockouts[groups.findIndex((parts) => parts.includes(one.part))] ?? []
    const lockoutsHere = mine.filter(({ environment }) => environment === one.part.plan.environment)
    return lockoutsHere.length === 0 ? one : { ...one, part: { ...one.part, lockouts: lockoutsHere } }
  })
}

/** Server by server: what is too much for one environment of a server is too much for all of them. */
function withBrakes(found: readonly Found[], allowed: PlanningOptions['allowed']): Found[] {
  const verdicts = byServer(found.map(({ part }) => part)).map((together) => brake(together, allowed))
  const of = ({ part: { plan } }: Found, side: 'refusals' | 'released') =>
    verdicts.flatMap((verdict) => verdict[side].filter(({ environment }) => environment === plan.environment))
  return found.map((one) => ({
    part: one.part,
    objections: [...one.objections, ...of(one, 'refusals')],
    allowed: [...new Set(of(one, 'released').map(({ allow }) => allow))].sort(byText),
  }))
}

function withObjections({ part, objections, allowed }: Found): PlannedPart {
  if (objections.length + allowed.length === 0) return part
  const said = objections.map(({ code, message, help, allow }) => ({
    code,
    message,
    help,
    ...(allow === undefined ? {} : { allow }),
  }))
  const more = {
    ...(said.length === 0 ? {} : { objections: said }),
    ...(allowed.length === 0 ? {} : { allowed }),
  }
  return { ...part, plan: { ...part.plan, ...more } }
}

export interface PlannedPart {
  /** Equal for environments on one server. */
  readonly target: string
  readonly reader: VaultReader
  readonly input: PlanInput
  readonly plan: EnvironmentPlan
  readonly lockouts?: readonly Refusal[]
}

function byServer(parts: readonly PlannedPart[]): PlannedPart[][] {
  return [...groupBy(parts, ({ target }) => target).values()]
}

/**
 * Who gains and who loses access is decided server by server, because environments on one server share its policies. Most
 * plans change nothing, and do without all the code for it.
 */
async function assessed(parts: readonly PlannedPart[]): Promise<EnvironmentPlan[]> {
  if (parts.every(({ plan }) => plan.changes.length === 0)) return parts.map(({ plan }) => plan)
  const { withAccess } = await import('../../engine/access.ts')
  const plans = new Map<PlannedPart, EnvironmentPlan>()
  for (const together of byServer(parts)) {
    for (const [index, plan] of withAccess(together).entries()) plans.set(together[index] as PlannedPart, plan)
  }
  return parts.map((part) => plans.get(part) as EnvironmentPlan)
}

function addresses(objects: readonly Identity[]): Address[] {
  return objects.map(({ address }) => address)
}

function toDiagnostic(
  configuration: Configuration,
  environment: Environment,
  objection: Found['objections'][number],
): PlannedDiagnostic {
  const { code, message, help, field, address, allow } = objection
  const desired = environment.desired.find((object) => object.address === address)
  const location = desired === undefined ? undefined : configuration.locate(desired, environment.name, field)
  return {
    code,
    severity: 'error',
    message: `${environment.name}: ${message}`,
    help,
    ...location,
    ...(allow === undefined ? {} : { allow }),
  }
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
