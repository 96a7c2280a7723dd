import { relative, resolve, sep } from 'node:path'
import type { RunServer } from '../../config/conflicts.ts'
import { loadConfiguration } from '../../config/load.ts'
import { nearest } from '../../config/suggest.ts'
import type { Configuration, Environment } from '../../core/configuration.ts'
import { hasErrors, problem, UserError } from '../../core/diagnostic.ts'
import type { Kinds } from '../../core/kind.ts'
import { kinds } from '../../kinds/index.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import { connectionSettings } from '../../vault/settings.ts'
import type { Context, Options } from './command.ts'
import { list, shard, text, useColor } from './options.ts'

/** The configuration of a run, free of errors, and the environments that it is about. */
export interface Workspace {
  readonly kinds: Kinds
  readonly configuration: Configuration
  readonly environments: readonly Environment[]
}

/** Loads and selects. Warnings are printed; errors are thrown as one UserError. */
export async function openWorkspace(context: Context, options: Options, server?: RunServer): Promise<Workspace> {
  const configuration = await readConfiguration(context, options, server)
  if (hasErrors(configuration.diagnostics)) throw new UserError(configuration.diagnostics)
  if (configuration.diagnostics.length > 0) {
    context.stderr.write(
      renderDiagnostics(configuration.diagnostics, { color: useColor(context, options, context.stderr) }),
    )
  }
  return { kinds, configuration, environments: select(configuration.environments, options) }
}

/** @param server where the run talks to; by default what the connection's variables say */
export function readConfiguration(
  { cwd, env }: Context,
  options: Options,
  server: RunServer = connectionSettings(env).settings,
): Promise<Configuration> {
  return loadConfiguration(resolve(cwd, text(options, 'directory') ?? '.'), { kinds, env, server })
}

/** The named environments, or all of them; then the part that `--shard` asks for. */
function select(environments: readonly Environment[], options: Options): readonly Environment[] {
  const names = list(options, 'environment')
  const known = environments.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new UserError(unknown.map((name) => unknownEnvironment(name, known)))
  const chosen = names.length === 0 ? environments : environments.filter(({ name }) => names.includes(name))
  const part = shard(options)
  return part === undefined ? chosen : chosen.filter((_, index) => index % part.count === part.index)
}

function unknownEnvironment(name: string, known: readonly string[]) {
  const near = nearest(name, known)
  const help = near === undefined ? `There are: ${known.join(', ')}.` : `Did you mean ${near}?`
  return problem('unknown-environment', `no file describes the environment ${JSON.stringify(name)}`, help)
}

/** Reports of CI name files as the repository's root sees them; a folder elsewhere has no such name. */
export function prefixOf({ directory }: Configuration, { cwd }: Context): string {
  const path = relative(resolve(cwd), directory)
  return path === '' || path.startsWith('..') ? '' : `${path.split(sep).join('/')}/`
}
