import { goQuote } from '../hcl/go-text.ts'
import type { PathMatch } from './policy.ts'

/** How the server keys a path of a policy, or why it refuses the whole policy. */
type PatternOf = { readonly pattern: string; readonly match: PathMatch } | { readonly error: string }

/**
 * The key of a path as it stands in a policy, its templates filled in. One leading `/` goes. A `+` counts where a
 * segment begins with it, so inside a namespace `+a` has one and in the root namespace it has none; and only then is a
 * trailing `*` kept. Source: parsePaths in vault/policy.go and in openbao vault/policy/policy.go.
 */
export function patternOf(path: string, namespace: string): PatternOf {
  const relative = path.startsWith('/') ? path.slice(1) : path
  if (relative.includes('+*')) {
    const whole = namespace === '' ? relative : `${namespace}/${relative}`
    return { error: `path ${goQuote(whole)}: invalid use of wildcards ('+*' is forbidden)` }
  }
  if (hasPlusSegment(relative, namespace)) return { pattern: relative, match: 'segments' }
  return relative.endsWith('*')
    ? { pattern: relative.slice(0, -1), match: 'prefix' }
    : { pattern: relative, match: 'exact' }
}

function hasPlusSegment(relative: string, namespace: string): boolean {
  if (relative.includes('/+') || relative.startsWith('+/')) return true
  return namespace === '' ? relative === '+' : relative.startsWith('+')
}
