import manifest from '../../../package.json' with { type: 'json' }
import type { JournalHeader } from '../../core/journal.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { VaultWriter } from '../../core/server.ts'
import { applyChanges } from '../../engine/apply.ts'
import { countByStatus, outcomeLine } from '../../render/plan/outcome.ts'
import { parallelism, useColor } from '../session/options.ts'
import type { Task } from '../session/saved-plan.ts'
import { type JournalFile, openJournal } from './journal-file.ts'
import type { Locks } from './lock.ts'
import type { Session } from './session.ts'

export interface CarriedOut {
  readonly outcomes: readonly Outcome[]
  /** Absent where nothing had to be begun. */
  readonly journal?: Pick<JournalFile, 'path' | 'failure'>
}

/** Of the plan that is carried out, for the journal. */
export type About = Pick<JournalHeader, 'plan' | 'undoes'>

/** Server by server; the environments of one server together. Throws UserError when there can be no journal. */
export async function carryOut(
  session: Session,
  tasks: readonly Task[],
  locks: Locks,
  about: About,
): Promise<CarriedOut> {
  const already = tasks.flatMap((task) => alreadySo(task))
  const changing = tasks.filter(({ changes }) => changes.length > 0)
  if (changing.length === 0) return { outcomes: already }
  const journal = await openJournal(session.context, session.options, session.workspace.configuration.directory, {
    program: manifest.version,
    ...about,
    environments: changing.map(({ environment }) => ({
      environment: environment.name,
      server: session.servers.connection(environment).server,
    })),
  })
  const outcomes = await changeAll(session, changing, locks, journal)
  await journal.close(countByStatus(outcomes))
  return { outcomes: [...already, ...outcomes], journal }
}

function alreadySo({ environment, already }: Task): Outcome[] {
  return already.map(({ address, action }) => ({ address, action, environment: environment.name, status: 'already' }))
}

async function changeAll(
  session: Session,
  tasks: readonly Task[],
  locks: Locks,
  journal: JournalFile,
): Promise<Outcome[]> {
  const { context, options, workspace, servers, shown } = session
  const outcomes: Outcome[] = []
  const color = useColor(context, options, context.stderr)
  const environments = tasks.length > 1
  for (const target of new Set(tasks.map(({ environment }) => servers.target(environment)))) {
    const mine = tasks.filter(({ environment }) => servers.target(environment) === target)
    const [first] = mine as [Task, ...Task[]]
    const count = mine.reduce((sum, { changes }) => sum + changes.length, 0)
    const names = mine.map(({ environment }) => environment.name).join(', ')
    shown.stage(`${names}: applying ${count} ${count === 1 ? 'change' : 'changes'}`)
    const applied = await applyChanges({
      kinds: workspace.kinds,
      tasks: mine.map(({ environment, changes }) => ({ environment: environment.name, changes })),
      server: servers.connection(first.environment) as VaultWriter,
      parallelism: parallelism(options),
      signal: context.signal,
      mayGoOn: () => locks.get(target)?.lost() ?? journal.failure(),
      journal,
      onOutcome: (outcome) => shown.line(outcomeLine(outcome, { color, environments })),
    })
    outcomes.push(...applied)
  }
  shown.end()
  return outcomes
}
