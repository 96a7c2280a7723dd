import { olderNames } from '../access/login/older-names.ts'
import { nearest } from '../core/nearest.ts'
import { quoted } from './text.ts'

export { nearest } from '../core/nearest.ts'

/** For an unknown key: what was probably meant, or else what there is. */
export function suggestKey(key: string, valid: readonly string[]): string {
  const former = Object.hasOwn(olderNames, key) ? olderNames[key] : undefined
  const meant = former !== undefined && valid.includes(former) ? former : nearest(key, valid)
  return meant === undefined ? `Valid keys are: ${valid.join(', ')}.` : `Did you mean ${quoted(meant)}?`
}

/** "Did you mean …? " when something is near, then the rest. Looked for only where somebody will read it. */
export interface Suggestion {
  readonly name: string
  readonly candidates: Iterable<string> | (() => Iterable<string>)
  readonly rest: string
}

/** What there is, for a help. */
export function environmentsAre(names: readonly string[]): string {
  return names.length === 0
    ? 'There are no environments yet: describe one in environments/.'
    : `Environments are: ${names.join(', ')}.`
}

export function suggestName(name: string, candidates: Suggestion['candidates'], rest: string): Suggestion {
  return { name, candidates, rest }
}

export function suggestion({ name, candidates, rest }: Suggestion): string {
  const meant = nearest(name, typeof candidates === 'function' ? candidates() : candidates)
  return meant === undefined ? rest : `Did you mean ${quoted(meant)}? ${rest}`
}
