import { matchesGlob } from '../../core/glob.ts'
import type { JsonObject } from '../../core/json.ts'
import type { JobRole } from '../job-role.ts'
import { boundClaims } from '../jobs/conditions.ts'
import { jobEnvironment } from '../jobs/environment.ts'
import type { Place } from './roles.ts'
import { deployingSources } from './rules.ts'
import { tierOf } from './tier.ts'

/** `environment:` of the job that applies: as the role binds its claims, and where it does not, as the file is named. */
export function applyEnvironment({ environment, apply }: Place): JsonObject {
  const { name } = environment
  const usual = { name, deployment_tier: tierOf(name), action: 'start' }
  return { ...usual, ...jobEnvironment(apply.role).value }
}

/** The pipelines of the default branch that may apply: those that the role lets in. */
export function applySources({ role }: JobRole): readonly string[] {
  const bound = boundClaims(role).get('pipeline_source')
  if (bound === undefined) return deployingSources
  const fits = (value: string, source: string) => (bound.glob ? matchesGlob(value, source) : value === source)
  const sources = deployingSources.filter((source) => bound.values.some((value) => fits(value, source)))
  return sources.length === 0 ? ['push'] : sources
}

/**
 * Whether somebody starts the apply by hand. Without a word about it: where the environment is production, or may be as
 * its name does not say.
 * @param manual names of environments, `*` is any text
 */
export function isManual(place: Place, manual: readonly string[] | undefined): boolean {
  if (manual !== undefined) return manual.some((pattern) => matchesGlob(pattern, place.environment.name))
  const { deployment_tier: tier } = applyEnvironment(place)
  return tier === 'production' || tier === 'other'
}

/** Applies to one server run one after the other. */
export function resourceGroup({ environment: { address } }: Place): string {
  const host = address === undefined ? '' : `-${address.replace(/^\w+:\/\//, '').replace(/[^\w.]+/g, '-')}`
  return `vault${host.replace(/-$/, '')}`
}
