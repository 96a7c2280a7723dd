import type { Environment } from '../../core/configuration.ts'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import type { VaultReader } from '../../core/server.ts'
import { productNames } from '../../core/version.ts'
import { type Connection, connect } from '../../vault/client.ts'
import { connectionSettings } from '../../vault/settings.ts'
import { resolveTarget, type Target } from '../../vault/target.ts'
import type { Context, Options } from './command.ts'
import { parallelism } from './options.ts'
import type { Reading } from './planning.ts'
import type { Progress } from './progress.ts'
import type { Workspace } from './workspace.ts'

/** The connections of a run, one for each address and namespace. */
export interface Servers {
  /** Which environments share a server: equal texts, equal server. */
  target(environment: Environment): string
  connection(environment: Environment): Connection
  close(): Promise<void>
}

/**
 * Connects to the servers of the workspace's environments. Nothing is sent before all addresses are known to be meant:
 * a run has one credential, and one credential belongs to one server.
 */
export async function openServers(
  context: Context,
  options: Options,
  { configuration, environments }: Workspace,
  onRequest?: (method: string, path: string) => void,
): Promise<Servers> {
  const { settings, diagnostics } = connectionSettings(context.env)
  const targets = new Map<string, Target>()
  const problems: Diagnostic[] = [...diagnostics]
  for (const environment of environments) {
    const target = resolveTarget(environment, settings)
    if ('address' in target) targets.set(environment.name, target)
    else problems.push({ ...target, source: environment.source, message: `${environment.name}: ${target.message}` })
  }
  const addresses = [...new Set([...targets.values()].map(({ address }) => address))]
  if (addresses.length > 1) problems.push(severalServers(addresses))
  if (problems.length > 0) throw new UserError(problems)

  const key = ({ name }: Environment) => `${targets.get(name)?.address} ${targets.get(name)?.namespace}`
  const connections = new Map<string, Connection>()
  const close = async () => {
    await Promise.all([...connections.values()].map((connection) => connection.close()))
  }
  try {
    // Those in a namespace first: where there are none, nobody logs in before that is said.
    const inRoot = ({ name }: Environment) => targets.get(name)?.namespace === ''
    for (const environment of [...environments].sort((a, b) => Number(inRoot(a)) - Number(inRoot(b)))) {
      if (connections.has(key(environment))) continue
      const target = targets.get(environment.name) as Target
      const secretOf = configuration.secretOf
      const opened = await connect({
        ...target,
        settings,
        parallelism: parallelism(options),
        secretOf,
        signal: context.signal,
        ...(onRequest ? { onRequest } : {}),
      }).catch((error: unknown) => {
        throw inFile(error, environment)
      })
      connections.set(key(environment), opened)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { target: key, connection: (environment) => connections.get(key(environment)) as Connection, close }
}

/** Where the namespace stands that the server does not have. */
function inFile(error: unknown, { name, namespace, source }: Environment): unknown {
  if (!(error instanceof UserError)) return error
  return new UserError(
    error.diagnostics.map((diagnostic) =>
      diagnostic.code === 'no-namespaces'
        ? { ...diagnostic, ...(namespace && { source }), message: `${name}: ${diagnostic.message}` }
        : diagnostic,
    ),
  )
}

function severalServers(addresses: readonly string[]): Diagnostic {
  return problem(
    'several-servers',
    `the chosen environments are on ${addresses.length} servers (${addresses.join(', ')}), and one credential cannot be meant for all of them`,
    'Choose environments of one server with --environment, and run once for each server with its own credential.',
  )
}

/** How planning reads these servers: each asked once for a thing, and each environment announced when its turn comes. */
export function reading(servers: Servers, { environments }: Workspace, shown: Progress): Reading {
  const readers = new Map(
    environments.map((environment) => [servers.target(environment), remembering(servers.connection(environment))]),
  )
  return {
    target: servers.target,
    reader: (environment) => readers.get(servers.target(environment)) as VaultReader,
    onEnvironment: ({ name }, { server }) =>
      shown.stage(`${name}: reading ${server.address} (${productNames[server.product]} ${server.version})`),
  }
}

/** Remembers answers, so that environments on one server see one state and ask for it once. */
function remembering(reader: VaultReader): VaultReader {
  const reads = new Map<string, ReturnType<VaultReader['read']>>()
  const lists = new Map<string, ReturnType<VaultReader['list']>>()
  return {
    server: reader.server,
    read: (path) => remember(reads, path, () => reader.read(path)),
    list: (path, options) => remember(lists, path, () => reader.list(path, options)),
  }
}

function remember<T>(memory: Map<string, T>, key: string, ask: () => T): T {
  const known = memory.get(key)
  if (known !== undefined) return known
  const answer = ask()
  memory.set(key, answer)
  return answer
}
