/** GitLab's guess from an environment's name, in its order (app/models/environment.rb). */
const guesses = [
  ['development', /dev|review|trunk/i],
  ['testing', /test|tst|int|acc?e?pt|qa|qc|control|quality/i],
  ['staging', /sta?g|mode?l|pre|demo|non/i],
  ['production', /pro?d|live/i],
] as const

export type Tier = (typeof guesses)[number][0] | 'other'

/** The deployment tier that GitLab takes an environment for, where nothing says it. */
export function tierOf(environment: string): Tier {
  return guesses.find(([, pattern]) => pattern.test(environment))?.[0] ?? 'other'
}
