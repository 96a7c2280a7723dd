import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { type AccessModel, modelOf } from '../../access/model.ts'
import { readLive } from '../../engine/read.ts'
import type { Context, Options } from '../session/command.ts'
import { checkOut } from '../session/git-tree.ts'
import { text } from '../session/options.ts'
import { interruptible } from '../session/planning.ts'
import { progress } from '../session/progress.ts'
import { openServers, reading } from '../session/servers.ts'
import { openWorkspace, type Workspace } from '../session/workspace.ts'

/** One side of a comparison: who may do what, environment by environment. */
export interface Side {
  /** For people: `files`, `main (1a2b3c4d5e)`, `live`. */
  readonly name: string
  readonly models: ReadonlyMap<string, AccessModel>
}

/**
 * @param operand a folder, a commit, branch or tag of the repository around the configuration's folder, or `live` for what
 * the server has of the files' environments, roles that no file describes included
 */
export async function openSide(context: Context, options: Options, operand: string): Promise<Side> {
  if (operand === 'live') return liveSide(context, options)
  if (isFolder(resolve(context.cwd, operand))) return filesSide(context, { ...options, directory: operand }, operand)
  const directory = resolve(context.cwd, text(options, 'directory') ?? '.')
  const tree = await checkOut(directory, operand)
  const name = `${operand} (${tree.commit})`
  return filesSide(context, { ...options, directory: tree.directory }, name).finally(tree.remove)
}

async function filesSide(context: Context, options: Options, name: string): Promise<Side> {
  // Which environments are meant is decided over both sides: one may have what the other lacks.
  const { environment: _, ...rest } = options
  const { kinds, environments } = await openWorkspace(context, rest)
  const models = environments.map(
    ({ name, desired, server, namespace }) => [name, modelOf(desired, { kinds, server, namespace })] as const,
  )
  return { name, models: new Map(models) }
}

async function liveSide(context: Context, options: Options): Promise<Side> {
  const workspace = await openWorkspace(context, options)
  const shown = progress(context, options)
  const servers = await openServers(context, options, workspace, shown.tick)
  const work = readModels(context, workspace, reading(servers, workspace, shown))
  return { name: 'live', models: await work.finally(servers.close).finally(shown.end) }
}

async function readModels(
  context: Context,
  { kinds, environments }: Workspace,
  { reader, onEnvironment }: ReturnType<typeof reading>,
): Promise<ReadonlyMap<string, AccessModel>> {
  const models = new Map<string, AccessModel>()
  for (const environment of environments) {
    const server = reader(environment)
    onEnvironment?.(environment, server)
    // As if what no file describes were to be deleted: then it is read, and what it gives is known.
    const all = { ...environment, unmanaged: 'delete' as const }
    const { objects } = await interruptible(context, readLive({ kinds, server, environment: all }))
    models.set(
      environment.name,
      modelOf(objects.values(), { kinds, server: server.server, namespace: server.server.namespace }),
    )
  }
  return models
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
