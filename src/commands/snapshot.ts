import type { Kinds } from '../core/kind.ts'
import type { Live } from '../core/resource.ts'
import { VaultError, type VaultReader } from '../core/server.ts'
import { kinds } from '../kinds/index.ts'
import type { Command, Context, Options } from './session/command.ts'
import { connectTo, namedTarget } from './session/one-server.ts'
import { connectedOptions, list, text, usage } from './session/options.ts'
import { writePrivate } from './session/output-file.ts'
import { interruptible } from './session/planning.ts'
import { type Progress, progress } from './session/progress.ts'
import { record } from './session/recording.ts'
import { openServers, type Servers } from './session/servers.ts'
import { openWorkspace, type Workspace } from './session/workspace.ts'

export const snapshot: Command = {
  description:
    'For merge requests that may hold no credentials: a protected job saves the snapshot, "plan --live" reads it. It holds what the plan role can read, and no secret.',
  options: [
    ...connectedOptions,
    {
      flags: '--without-files',
      description: 'of the server and namespace that the variables name, where no files do yet',
    },
    { flags: '-o, --out <file>', description: 'where to save it; stdout when not given' },
  ],
  run: runSnapshot,
}

async function runSnapshot(context: Context, options: Options): Promise<number> {
  const shown = progress(context, options)
  const { kinds, reader, close } = await openServer(context, options, shown)
  try {
    const recording = record(reader)
    shown.stage(`reading ${reader.server.address}`)
    await interruptible(context, readEverything(kinds, recording.reader))
    shown.end()
    const content = `${JSON.stringify(recording.snapshot(), null, 2)}\n`
    const out = text(options, 'out')
    if (out === undefined) context.stdout.write(content)
    else await writePrivate(context, out, content)
    return 0
  } finally {
    shown.end()
    await close()
  }
}

interface OneServer {
  readonly kinds: Kinds
  readonly reader: VaultReader
  close(): Promise<void>
}

async function openServer(context: Context, options: Options, { tick }: Progress): Promise<OneServer> {
  if (options['withoutFiles'] === true) {
    if (list(options, 'environment').length > 0)
      throw usage('--without-files knows no environments', 'Name the namespace with VAULT_NAMESPACE.')
    const connection = await connectTo(context, options, namedTarget(context), tick)
    return { kinds, reader: connection, close: connection.close }
  }
  const workspace = await openWorkspace(context, options)
  const servers = await openServers(context, options, workspace, tick)
  try {
    return { kinds: workspace.kinds, reader: theOneServer(workspace, servers), close: servers.close }
  } catch (error) {
    await servers.close()
    throw error
  }
}

function theOneServer({ environments }: Workspace, servers: Servers): VaultReader {
  const [first] = environments
  if (first !== undefined && new Set(environments.map(servers.target)).size === 1) return servers.connection(first)
  throw usage(
    'a snapshot is of one server and namespace; the chosen environments have several',
    'Choose with --environment.',
  )
}

/**
 * Every object of every kind, as far as the token may read it: what the files will describe next month is not known
 * today. What it may not read is left out, and a plan that needs it says so.
 */
async function readEverything(kinds: Kinds, reader: VaultReader): Promise<void> {
  const lives = new Map<string, Live[]>()
  for (const kind of kinds) {
    const parents = kind.parent === undefined ? [] : (lives.get(kind.parent) ?? [])
    const reading: Promise<Live | undefined>[] = []
    for await (const object of kind.list(reader, { parents })) {
      reading.push(
        object.live === undefined ? kind.read(reader, object).catch(unlessForbidden) : Promise.resolve(object.live),
      )
    }
    lives.set(
      kind.name,
      (await Promise.all(reading)).filter((live) => live !== undefined),
    )
  }
}

function unlessForbidden(error: unknown): undefined {
  if (error instanceof VaultError && error.status === 403) return undefined
  throw error
}
