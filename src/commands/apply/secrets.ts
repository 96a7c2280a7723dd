import { type Diagnostic, UserError } from '../../core/diagnostic.ts'
import { isObject } from '../../core/json.ts'
import { kindOf } from '../../core/kind.ts'
import type { WriteOnly } from '../../core/server.ts'
import { writeOnlyFields } from '../../engine/compare.ts'
import type { Task } from '../session/saved-plan.ts'
import type { Workspace } from '../session/workspace.ts'

/** Every secret that the writes will need, before the first of them: half an apply is worse than none. */
export function checkSecrets({ kinds, configuration }: Workspace, tasks: readonly Task[]): void {
  const problems = new Map<string, Diagnostic>()
  for (const change of tasks.flatMap(({ changes }) => changes)) {
    if (change.action === 'delete') continue
    for (const { after } of writeOnlyFields(kindOf(kinds, change.after.kind), change.after.spec)) {
      try {
        configuration.secretOf((isObject(after) ? after : String(after)) as WriteOnly['reference'])
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        for (const diagnostic of error.diagnostics)
          problems.set(diagnostic.message, { ...diagnostic, source: change.after.source })
      }
    }
  }
  if (problems.size > 0) throw new UserError([...problems.values()])
}
