import type { Configuration } from '../../core/configuration.ts'
import type { PromiseResult } from '../../core/promise.ts'
import type { PlannedPart } from './planning.ts'

/** See `judgeParts`. Most configurations promise nothing, and their plans do without all the code that judges. */
export async function judgePlanned(
  configuration: Configuration,
  parts: readonly PlannedPart[],
): Promise<readonly PromiseResult[]> {
  if (configuration.promises.length === 0) return []
  const { judgeParts } = await import('./judged-promises.ts')
  return judgeParts(configuration, parts)
}
