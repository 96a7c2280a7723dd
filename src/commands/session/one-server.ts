import { UserError } from '../../core/diagnostic.ts'
import { type Connection, connect } from '../../vault/client.ts'
import { connectionSettings } from '../../vault/settings.ts'
import { resolveTarget, type Target } from '../../vault/target.ts'
import type { Context, Options } from './command.ts'
import { parallelism } from './options.ts'

/** Where the connection's variables lead, in a namespace of its own where one is named. Throws UserError. */
export function namedTarget({ env }: Context, namespace?: string): Target {
  const { settings, diagnostics } = connectionSettings(env)
  if (diagnostics.length > 0) throw new UserError(diagnostics)
  const target = resolveTarget(namespace === undefined ? {} : { namespace, namespaceFrom: '--environment' }, settings)
  if ('address' in target) return target
  // Here no environment has a file yet that could say it.
  throw new UserError([target.code === 'no-address' ? { ...target, help: 'Set VAULT_ADDR.' } : target])
}

/** Connects without any files that would say where to, to read only. Throws UserError or VaultError. */
export function connectTo(
  context: Context,
  options: Options,
  target: Target,
  onRequest: (method: string, path: string) => void,
): Promise<Connection> {
  return connect({
    ...target,
    settings: connectionSettings(context.env).settings,
    parallelism: parallelism(options),
    // Nothing is written, so no secret is asked for.
    secretOf: () => '',
    signal: context.signal,
    onRequest,
  })
}
