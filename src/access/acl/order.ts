import type { Beaten, MergedRule } from './decision.ts'

/** What decides between two rules with wildcards; lengths and positions in bytes, as the server counts them. */
export interface Rank {
  /** Where the first `+` stands, or the `*` of a prefix. */
  readonly firstWildcard: number
  readonly endsInStar: boolean
  /** Segments that are a whole `+`. */
  readonly plusSegments: number
  /** Without a trailing `*`. */
  readonly text: string
  readonly length: number
}

export function rankOf({ pattern, match }: Pick<MergedRule, 'pattern' | 'match'>): Rank {
  if (match !== 'segments') {
    const length = Buffer.byteLength(pattern)
    return { firstWildcard: length, endsInStar: match === 'prefix', plusSegments: 0, text: pattern, length }
  }
  const endsInStar = pattern.endsWith('*')
  const text = endsInStar ? pattern.slice(0, -1) : pattern
  return {
    firstWildcard: Buffer.byteLength(pattern.slice(0, pattern.indexOf('+'))),
    endsInStar,
    plusSegments: text.split('/').filter((segment) => segment === '+').length,
    text,
    length: Buffer.byteLength(text),
  }
}

/**
 * Sorts rules with wildcards the way the server prefers them when several match one path: the winner first. Among
 * prefixes that match one path it is the longest prefix, which is how the server picks its one candidate of them. An
 * exact rule does not belong here: it wins against all of these.
 * Source: CheckAllowedFromNonExactPaths in vault/acl.go and openbao vault/policy/acl.go.
 */
export function compareRules(a: MergedRule, b: MergedRule): number {
  return compareRanks(rankOf(a), rankOf(b))
}

export function compareRanks(a: Rank, b: Rank): number {
  return (
    b.firstWildcard - a.firstWildcard ||
    Number(a.endsInStar) - Number(b.endsInStar) ||
    a.plusSegments - b.plusSegments ||
    b.length - a.length ||
    Buffer.compare(Buffer.from(b.text), Buffer.from(a.text))
  )
}

/** Why the first of two rules with wildcards wins, for a path that both match. */
export function whyBeaten(winner: MergedRule, loser: MergedRule): Beaten {
  if (winner.match === 'prefix' && loser.match === 'prefix') return 'longest prefix'
  const [a, b] = [rankOf(winner), rankOf(loser)]
  if (a.firstWildcard !== b.firstWildcard) return 'first wildcard later'
  if (a.endsInStar !== b.endsInStar) return 'no trailing *'
  if (a.plusSegments !== b.plusSegments) return 'fewer +'
  return a.length !== b.length ? 'longer' : 'lexicographic'
}
