import type { Diagnostic } from '../core/diagnostic.ts'
import { byText } from '../core/json.ts'
import type { Kind, Kinds } from '../core/kind.ts'
import { policyLine } from '../core/policy-line.ts'
import type { Listed, Live } from '../core/resource.ts'
import { VaultError, type VaultReader } from '../core/server.ts'
import { collect } from '../engine/read.ts'
import { kinds } from '../kinds/index.ts'
import { renderDiagnostics } from '../render/diagnostics.ts'
import { countOf } from '../render/words.ts'
import type { Command, Context, Options } from './session/command.ts'
import { connectTo, namedTarget } from './session/one-server.ts'
import { connectedOptions, list, text, usage, useColor } from './session/options.ts'
import { writePrivate } from './session/output-file.ts'
import { interruptible } from './session/planning.ts'
import { type Progress, progress } from './session/progress.ts'
import { record } from './session/recording.ts'
import { openServers, type Servers } from './session/servers.ts'
import { openWorkspace, type Workspace } from './session/workspace.ts'

export const snapshot: Command = {
  description:
    'For merge requests that may hold no credentials: a protected job saves the snapshot, "plan --live" reads it. It holds what the plan role can read, says what is left out, and has no secret.',
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
    const refusals = await interruptible(context, readEverything(kinds, recording.reader))
    shown.end()
    context.stderr.write(renderDiagnostics(leftOut(refusals), { color: useColor(context, options, context.stderr) }))
    const snapshot = recording.snapshot(refusals.map(({ path }) => path))
    const content = `${JSON.stringify(snapshot, null, 2)}\n`
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
 * today. Gives the refusals that it does without: objects, and contents of mounts. A plan that needs those says so.
 */
async function readEverything(kinds: Kinds, reader: VaultReader): Promise<readonly VaultError[]> {
  const refusals: VaultError[] = []
  const unlessForbidden = (error: unknown): undefined => {
    // A token that the server does not know any more may read nothing, which says nothing about its policies.
    if (!(error instanceof VaultError) || error.status !== 403 || error.tokenRefused) throw error
    refusals.push(error)
  }
  const readAll = async (kind: Kind, listed: readonly Listed[]): Promise<Live[]> => {
    const reading = listed.map((object) => object.live ?? kind.read(reader, object).catch(unlessForbidden))
    return (await Promise.all(reading)).filter((live) => live !== undefined)
  }
  // Each by itself: another team's mount, which the token may not look into, hides nothing of the others.
  const readContents = async (kind: Kind, parent: Live): Promise<Live[]> =>
    readAll(kind, (await collect(kind.list(reader, { parents: [parent] })).catch(unlessForbidden)) ?? [])

  const lives = new Map<string, readonly Live[]>()
  for (const kind of kinds) {
    const found =
      kind.parent === undefined
        ? // No plan can do without the mounts and the policies, so neither can a snapshot.
          await readAll(kind, await collect(kind.list(reader, { parents: [] })))
        : (await Promise.all((lives.get(kind.parent) ?? []).map((parent) => readContents(kind, parent)))).flat()
    lives.set(kind.name, found)
  }
  return refusals.sort((a, b) => byText(a.path, b.path))
}

/** More than these are counted: a mount may have thousands of roles. */
const mostLines = 10

function leftOut(refusals: readonly VaultError[]): Diagnostic[] {
  if (refusals.length === 0) return []
  const lines = refusals.map(({ method, path }) => policyLine(path, [method === 'LIST' ? 'list' : 'read']))
  const rest = lines.length - mostLines
  return [
    {
      code: 'left-out',
      severity: 'info',
      message: `the snapshot leaves out what this token may not read: ${countOf(refusals.length, 'path')}`,
      help: "A plan that needs one of them fails and says so. If the files describe it, the token's policies need:",
      paste: [...lines.slice(0, mostLines), ...(rest > 0 ? [`# … and ${rest} more`] : [])],
    },
  ]
}
