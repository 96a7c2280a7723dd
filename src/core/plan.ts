import type { AccessReport } from './access-effect.ts'
import type { AttributionReport } from './attribution.ts'
import type { Action, Change } from './change.ts'
import { digest } from './digest.ts'
import type { JsonValue } from './json.ts'
import type { Address } from './resource.ts'
import type { Rollback } from './rollback.ts'
import type { ServerInfo } from './server.ts'

/** Raised when the shape below changes in a way that an older reader would misunderstand. */
export const planFormat = 'vaultwright-plan/1'

/**
 * What would change on one environment's server. Plain data: the same value is printed, saved, hashed and applied.
 * Holds no secret: write-only values are references.
 */
export interface EnvironmentPlan {
  readonly environment: string
  readonly server: ServerInfo
  /** In the order in which they are applied. */
  readonly changes: readonly Change[]
  /** Owned by this environment, described by no file, and left alone. */
  readonly unmanaged: readonly Address[]
  /** What the changes mean for who may do what; absent where there are none. */
  readonly access?: AccessReport
  /** Who made the differences, where audit logs were given; never saved. */
  readonly attribution?: AttributionReport
  /** What a reader should know besides the changes, one sentence each. */
  readonly notices: readonly string[]
  /** Why it must not be applied; absent where nothing speaks against it, as in everything that was saved. */
  readonly objections?: readonly PlannedObjection[]
  /**
   * What would have been refused and was allowed by name, sorted, as `--allow` takes it. Part of what is reviewed and
   * saved: an apply of the saved plan is allowed this and nothing else.
   */
  readonly allowed?: readonly string[]
}

export interface PlannedObjection {
  readonly code: string
  readonly message: string
  readonly help: string
  /** What `--allow` takes to overrule it; absent for what nobody can. */
  readonly allow?: string
}

export interface Plan {
  readonly format: typeof planFormat
  readonly environments: readonly EnvironmentPlan[]
}

/** What a plan was made from: as long as it stays the same, applying the plan later does what was reviewed. */
export interface Basis {
  /** Digest of what the files want of this environment. */
  readonly configuration: string
  /** Digest of each live object that was looked at; null for one that is described but not there. */
  readonly seen: Readonly<Record<Address, string | null>>
}

export type GroundedPlan = EnvironmentPlan & Basis

/** A plan as a file: with its basis, and a digest over everything in it, so that a damaged or edited file is noticed. */
export interface SavedPlan extends Plan {
  readonly environments: readonly GroundedPlan[]
  /** Only of a plan back: what it is made from, in place of the files. */
  readonly rollback?: Rollback
  readonly digest: string
}

export function savedPlan(environments: readonly GroundedPlan[], rollback?: Rollback): SavedPlan {
  const plan = { format: planFormat, environments, ...(rollback === undefined ? {} : { rollback }) } as const
  return { ...plan, digest: planDigest(plan) }
}

export function planDigest({ format, environments, rollback }: Plan & Pick<SavedPlan, 'rollback'>): string {
  const plan = { format, environments, ...(rollback === undefined ? {} : { rollback }) }
  return digest(plan as unknown as JsonValue)
}

export type Counts = Readonly<Record<Action, number>>

export function countChanges(environments: readonly EnvironmentPlan[]): Counts {
  const counts = { create: 0, update: 0, delete: 0 }
  for (const { changes } of environments) for (const { action } of changes) counts[action]++
  return counts
}

export function hasChanges(plan: Plan): boolean {
  return plan.environments.some(({ changes }) => changes.length > 0)
}
