import { nearest } from '../core/nearest.ts'
import { quoted } from './text.ts'

export { nearest } from '../core/nearest.ts'

/** Old names of Vault's token fields; the API still takes them, the files do not (tokenutil.go). */
const formerNames: Readonly<Record<string, string>> = {
  policies: 'token_policies',
  ttl: 'token_ttl',
  max_ttl: 'token_max_ttl',
  period: 'token_period',
  num_uses: 'token_num_uses',
  bound_cidrs: 'token_bound_cidrs',
}

/** For an unknown key: what was probably meant, or else what there is. */
export function suggestKey(key: string, valid: readonly string[]): string {
  const former = Object.hasOwn(formerNames, key) ? formerNames[key] : undefined
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
