import type { Journal, JournalEntry } from '../core/journal.ts'
import type { EnvironmentUndo, Undo } from '../core/rollback.ts'

/**
 * What has to be taken back, environment by environment: all that the apply changed, and what it may have changed before it
 * was cut off. Whether it really did is seen on the server.
 */
export function undoOf({ header, entries }: Journal): EnvironmentUndo[] {
  return header.environments.map((environment) => ({
    ...environment,
    undo: entries
      .filter(({ begin, end }) => begin.environment === environment.environment && end?.touched !== false)
      .flatMap(undosOf),
  }))
}

function undosOf({ begin, end, line }: JournalEntry): Undo[] {
  const { object, before, after, contents = [] } = begin
  const own = { object, before, after, line, ...(end?.left === undefined ? {} : { left: end.left }) }
  return [own, ...contents.map((content) => ({ object: content.object, before: content.image, after: null, line }))]
}
