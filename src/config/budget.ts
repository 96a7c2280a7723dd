import type { JsonValue } from '../core/json.ts'

/**
 * How much variables may fill in, in one environment. A few lines that repeat each other double with every line, so
 * without a limit a slip of the pen takes all memory. Texts between the variables do not count: files have limits.
 */
export interface Budget {
  characters: number
  /** Lists, maps, and what is in them. */
  values: number
  exceeded: boolean
}

export interface Size {
  readonly characters: number
  readonly values: number
}

/** How many variables may refer to each other in a row. */
export const longestChain = 1000

export function newBudget(): Budget {
  return { characters: 64_000_000, values: 2_000_000, exceeded: false }
}

/** False once there is not enough left. */
export function spend(budget: Budget, { characters, values }: Size): boolean {
  budget.characters -= characters
  budget.values -= values
  budget.exceeded ||= budget.characters < 0 || budget.values < 0
  return !budget.exceeded
}

/** Values share their parts, so each part is counted once and remembered. */
const known = new WeakMap<object, Size>()

export function sizeOf(value: JsonValue): Size {
  if (typeof value === 'string') return { characters: value.length, values: 1 }
  if (typeof value !== 'object' || value === null) return { characters: 0, values: 1 }
  const size = known.get(value) ?? sumOf(Array.isArray(value) ? value : Object.values(value))
  known.set(value, size)
  return size
}

function sumOf(members: readonly JsonValue[]): Size {
  let [characters, values] = [0, 1]
  for (const member of members) {
    const size = sizeOf(member)
    characters += size.characters
    values += size.values
  }
  return { characters, values }
}

/**
 * What all environments of a run may come to together: a list of for_each is read for every environment that the role
 * names, and a template is filled in for every entry, so that a few megabytes of files can ask for any number of objects.
 */
export interface Work {
  roles: number
  /** Of policies, filled in. */
  characters: number
  exceeded: boolean
}

export const mostRoles = 500_000
const mostPolicyText = 256_000_000

export function newWork(): Work {
  return { roles: mostRoles, characters: mostPolicyText, exceeded: false }
}

/** False once there is too much. */
export function take(work: Work, { roles, characters }: Pick<Work, 'roles' | 'characters'>): boolean {
  work.roles -= roles
  work.characters -= characters
  work.exceeded ||= work.roles < 0 || work.characters < 0
  return !work.exceeded
}
