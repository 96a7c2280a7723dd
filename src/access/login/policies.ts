import type { Product } from '../../core/server.ts'
import { byBytes, goLower, goTrim, quote } from './go-text.ts'

/** Policies that no login may give (vault/request_handling.go, vault/policy_store.go nonAssignablePolicies). */
const unassignable: readonly string[] = ['root', 'response-wrapping', 'control-group']

/** The server's words for such a policy; OpenBao has no control groups. */
export function refusePolicies(names: readonly string[], product: Product): string | undefined {
  const forbidden = names.find(
    (name) => unassignable.includes(name) && !(name === 'control-group' && product === 'openbao'),
  )
  if (forbidden === undefined) return undefined
  return forbidden === 'root' ? 'auth methods cannot create root tokens' : `cannot assign policy ${quote(forbidden)}`
}

/**
 * Names as a token has them: trimmed, lower-cased, each once, sorted, the empty one left out; `default` beside them
 * where it is wanted. `root` drives out all others (sdk/helper/policyutil SanitizePolicies).
 */
export function sanitizePolicies(names: readonly string[], addDefault: boolean): readonly string[] {
  const distinct = new Set<string>()
  for (const name of names) distinct.add(goLower(goTrim(name)))
  distinct.delete('')
  if (distinct.has('root')) return ['root']
  if (addDefault) distinct.add('default')
  const [first, second, ...more] = distinct
  // Most tokens have one policy beside the default; thousands of them are looked at.
  if (first === undefined || second === undefined || more.length > 0) return [...distinct].sort(byBytes)
  return byBytes(first, second) < 0 ? [first, second] : [second, first]
}
