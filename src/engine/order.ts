import type { Change } from '../core/change.ts'
import { byText } from '../core/json.ts'
import type { Kinds } from '../core/kind.ts'

/**
 *   create and update:  auth-mount → jwt-config → policy → jwt-role
 *   delete, after them: jwt-role → policy → auth-mount
 *
 * A role is written when the policies that it names are there, and a policy goes when no role names it any more. The
 * order of kinds is that of their table, which keeps each behind the kinds in its `after`.
 */
export function inOrder(kinds: Kinds, changes: readonly Change[]): Change[] {
  const rank = new Map(kinds.map(({ name }, index) => [name, index]))
  const place = (change: Change) => {
    const index = rank.get(kindNameOf(change)) ?? 0
    return change.action === 'delete' ? 2 * rank.size - index : index
  }
  return [...changes].sort((a, b) => place(a) - place(b) || byText(a.address, b.address))
}

/** Runs of changes that do not wait for each other: writes or deletes of one kind. */
export function stages(kinds: Kinds, changes: readonly Change[]): Change[][] {
  const runs: Change[][] = []
  for (const change of inOrder(kinds, changes)) {
    const last = runs.at(-1)
    const first = last?.[0]
    const together =
      first !== undefined &&
      kindNameOf(first) === kindNameOf(change) &&
      (first.action === 'delete') === (change.action === 'delete')
    if (together) last?.push(change)
    else runs.push([change])
  }
  return runs
}

export function kindNameOf(change: Change): string {
  return change.action === 'delete' ? change.before.kind : change.after.kind
}

/** Kinds whose objects may refer to this one's. */
export function dependants(kinds: Kinds, kind: string): string[] {
  return kinds.filter(({ after, parent }) => after.includes(kind) || parent === kind).map(({ name }) => name)
}
