import type { Brake } from './brake.ts'

/**
 * A plan after which those who plan and apply could not do so any more. Found before, because it takes what the plan does
 * not read: see engine/lockout/lockouts.ts.
 */
export const lockout: Brake = {
  name: 'lockout',
  about: 'address',
  judge: (environments) => environments.flatMap(({ lockouts = [] }) => lockouts),
}
