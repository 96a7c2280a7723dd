import { resolve } from 'node:path'
import { distance } from 'fastest-levenshtein'
import { loadConfiguration } from '../../config/load.ts'
import type { Configuration, Environment } from '../../core/configuration.ts'
import { hasErrors, problem, UserError } from '../../core/diagnostic.ts'
import type { Kinds } from '../../core/kind.ts'
import { kinds } from '../../kinds/index.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import type { Context, Options } from './command.ts'
import { list, shard, text, useColor } from './options.ts'

/** The configuration of a run, free of errors, and the environments that it is about. */
export interface Workspace {
  readonly kinds: Kinds
  readonly configuration: Configuration
  readonly environments: readonly Environment[]
}

/** Loads and selects. Warnings are printed; errors are thrown as one UserError. */
export async function openWorkspace(context: Context, options: Options): Promise<Workspace> {
  const configuration = await readConfiguration(context, options)
  if (hasErrors(configuration.diagnostics)) throw new UserError(configuration.diagnostics)
  if (configuration.diagnostics.length > 0) {
    context.stderr.write(
      renderDiagnostics(configuration.diagnostics, { color: useColor(context, options, context.stderr) }),
    )
  }
  return { kinds, configuration, environments: select(configuration.environments, options) }
}

export function readConfiguration(context: Context, options: Options): Promise<Configuration> {
  return loadConfiguration(resolve(context.cwd, text(options, 'directory') ?? '.'), { kinds, env: context.env })
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
  const near = known.find((candidate) => distance(candidate, name) <= 3)
  const help = near === undefined ? `There are: ${known.join(', ')}.` : `Did you mean ${near}?`
  return problem('unknown-environment', `no file describes the environment ${JSON.stringify(name)}`, help)
}
