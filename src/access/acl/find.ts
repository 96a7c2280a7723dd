import { meets, type ServerVersion } from '../../core/version.ts'
import type { Acl } from './acl.ts'
import type { Beaten, MergedRule, Operation } from './decision.ts'
import { bestRule, matchingRules } from './matching.ts'
import { whyBeaten } from './order.ts'

export type Lost = { readonly rule: MergedRule; readonly because: Beaten }

/** Requests that ask for the names below a path; they alone are matched without their trailing slash too. */
export function isListing(operation: Operation): boolean {
  return operation === 'list' || operation === 'scan'
}

/** The one rule that decides a path. Source: AllowOperation in vault/acl.go and openbao vault/policy/acl.go. */
export function findRule(acl: Acl, path: string, listing: boolean): MergedRule | undefined {
  const { index } = acl
  for (const tried of exactTries(path, listing)) {
    const rule = index.exact.get(tried)
    if (rule !== undefined) return rule
  }
  for (const tried of wildcardTries(acl.server, path, listing)) {
    const rule = bestRule(index, tried)
    if (rule !== undefined) return rule
  }
  return undefined
}

/** The rule that decides, and all others that match the path in a way that could have decided. */
export function findAll(
  acl: Acl,
  path: string,
  listing: boolean,
): { readonly winner?: MergedRule; readonly beaten: readonly Lost[] } {
  const exact = exactTries(path, listing).flatMap((tried) => acl.index.exact.get(tried) ?? [])
  const tries = wildcardTries(acl.server, path, listing)
  const wildcards = tries.map((tried) => matchingRules(acl.index, tried))
  const [winner, ...others] = new Set([...exact, ...wildcards.flat()])
  if (winner === undefined) return { beaten: [] }
  const rivals = new Set(wildcards.find((rules) => rules.length > 0))
  const because = (rule: MergedRule): Beaten => {
    if (winner.match === 'exact') return 'exact match first'
    if (rivals.has(rule)) return whyBeaten(winner, rule)
    return tries[0] === path ? 'with trailing slash first' : 'without trailing slash first'
  }
  return { winner, beaten: others.map((rule) => ({ rule, because: because(rule) })) }
}

/** In the root namespace the server takes all leading slashes off a path. */
export function pathWithin(acl: Acl, path: string): string {
  return acl.namespace === '' && path.startsWith('/') ? path.replace(/^\/+/, '') : path
}

function exactTries(path: string, listing: boolean): readonly string[] {
  return listing && path.endsWith('/') ? [path, path.slice(0, -1)] : [path]
}

/**
 * OpenBao 2.6 tries the path of a list with its slash first (GHSA-xp3c-3jw3-4vcr), Vault and older OpenBao without
 * first, Vault before 1.15.2 only as it is (vault#23874).
 */
export function wildcardTries(server: ServerVersion, path: string, listing: boolean): readonly string[] {
  if (!listing || !path.endsWith('/')) return [path]
  const stripped = path.slice(0, -1)
  if (meets(server, { openbao: '2.6.0' })) return [path, stripped]
  return meets(server, { vault: '1.15.2', openbao: '0' }) ? [stripped, path] : [path]
}
