import type { Outcome } from '../../core/outcome.ts'
import type { VaultWriter } from '../../core/server.ts'
import { applyChanges } from '../../engine/apply.ts'
import { outcomeLine } from '../../render/outcome.ts'
import { parallelism, useColor } from '../session/options.ts'
import type { Task } from '../session/saved-plan.ts'
import type { Session } from './session.ts'

/** Server by server; the environments of one server together. */
export async function carryOut(session: Session, tasks: readonly Task[]): Promise<Outcome[]> {
  const { context, options, workspace, servers, shown } = session
  const outcomes = tasks.flatMap(({ environment, already }) =>
    already.map(
      ({ address, action }): Outcome => ({ address, action, environment: environment.name, status: 'already' }),
    ),
  )
  const color = useColor(context, options, context.stderr)
  const environments = tasks.filter(({ changes }) => changes.length > 0).length > 1
  for (const target of new Set(tasks.map(({ environment }) => servers.target(environment)))) {
    const mine = tasks.filter(
      ({ environment, changes }) => changes.length > 0 && servers.target(environment) === target,
    )
    const [first] = mine
    if (first === undefined) continue
    const count = mine.reduce((sum, { changes }) => sum + changes.length, 0)
    const names = mine.map(({ environment }) => environment.name).join(', ')
    shown.stage(`${names}: applying ${count} ${count === 1 ? 'change' : 'changes'}`)
    const applied = await applyChanges({
      kinds: workspace.kinds,
      tasks: mine.map(({ environment, changes }) => ({ environment: environment.name, changes })),
      server: servers.connection(first.environment) as VaultWriter,
      parallelism: parallelism(options),
      signal: context.signal,
      onOutcome: (outcome) => shown.line(outcomeLine(outcome, { color, environments })),
    })
    outcomes.push(...applied)
  }
  shown.end()
  return outcomes
}
