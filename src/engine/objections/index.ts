import type { Brake, Judged, Refusal } from './brake.ts'
import { delicate } from './delicate.ts'
import { emptied } from './emptied.ts'
import { lockout } from './lockout.ts'
import { overtaken } from './overtaken.ts'
import { releases } from './release.ts'
import { removal } from './removal.ts'
import { resend } from './resend.ts'
import { share } from './share.ts'
import { unbound } from './unbound.ts'

/** Every brake, in the order in which their objections are shown; a new one is a file beside this and a line here. */
export const brakes: readonly Brake[] = [removal, emptied, share, delicate, unbound, lockout, overtaken, resend]

export interface Braked {
  /** What still stands: empty, or the plans must not be applied. */
  readonly refusals: readonly Refusal[]
  /** What somebody overruled by name. */
  readonly released: readonly Refusal[]
}

/**
 * Judges the plans of one server's environments.
 *
 * @param allowedIn what `--allow` names for an environment
 */
export function brake(
  environments: readonly Judged[],
  allowedIn: (environment: string) => readonly string[],
  table: readonly Brake[] = brakes,
): Braked {
  const refusals: Refusal[] = []
  const released: Refusal[] = []
  if (environments.every(({ plan }) => plan.changes.length === 0)) return { refusals, released }
  for (const one of table)
    for (const refusal of one.judge(environments)) {
      const isReleased = allowedIn(refusal.environment).some((allowed) => releases(one, allowed, refusal.allow))
      ;(isReleased ? released : refusals).push(refusal)
    }
  return { refusals, released }
}
