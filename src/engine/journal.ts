import type { Journal, JournalEntry } from '../core/journal.ts'
import type { Address } from '../core/resource.ts'
import type { EnvironmentUndo, Undo } from '../core/rollback.ts'

/**
 * What has to be taken back, environment by environment: all that the apply changed, and what it may have changed before it
 * was cut off. Whether it really did is seen on the server.
 */
export function undoOf({ header, entries }: Journal): EnvironmentUndo[] {
  return header.environments.map((environment) => ({
    ...environment,
    undo: onceEach(
      entries
        .filter(({ begin, end }) => begin.environment === environment.environment && end?.touched !== false)
        .flatMap(undosOf),
    ),
  }))
}

/** What was removed, made again by somebody and then went with its container was first what the apply found. */
function onceEach(undos: readonly Undo[]): Undo[] {
  const byAddress = new Map<Address, Undo>()
  for (const undo of undos) {
    const first = byAddress.get(undo.object.address)
    byAddress.set(undo.object.address, first === undefined ? undo : { ...undo, before: first.before, line: first.line })
  }
  return [...byAddress.values()]
}

function undosOf({ begin, end, line }: JournalEntry): Undo[] {
  const { object, before, after, contents = [] } = begin
  const own = { object, before, after, line, ...(end?.left === undefined ? {} : { left: end.left }) }
  return [own, ...contents.map((content) => ({ object: content.object, before: content.image, after: null, line }))]
}
