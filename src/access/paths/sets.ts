/** What newer runtimes' sets have as methods. */

export function isSubset<T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean {
  if (part.size > whole.size) return false
  for (const item of part) if (!whole.has(item)) return false
  return true
}

export function areDisjoint<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a]
  for (const item of few) if (many.has(item)) return false
  return true
}

export function shared<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): ReadonlySet<T> {
  const both = new Set<T>()
  for (const item of a) if (b.has(item)) both.add(item)
  return both
}
