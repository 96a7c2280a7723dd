import type { Context, Options } from '../session/command.ts'
import type { Progress } from '../session/progress.ts'
import type { Servers } from '../session/servers.ts'
import type { Workspace } from '../session/workspace.ts'

/** One run of apply. */
export interface Session {
  readonly context: Context
  readonly options: Options
  readonly workspace: Workspace
  readonly servers: Servers
  readonly shown: Progress
}
