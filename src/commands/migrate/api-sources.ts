import type { Place } from '../../gitlab/migrate/inventory.ts'
import type { GitlabClient } from '../../gitlab-api/client.ts'
import {
  type GitlabId,
  type GitlabVariable,
  groupAncestry,
  groupVariables,
  instanceVariables,
  projectSchedules,
  projectVariables,
  readProject,
} from '../../gitlab-api/endpoints.ts'
import { GitlabError } from '../../gitlab-api/error.ts'
import { type Collection, collect } from './sources.ts'

export interface Asked {
  readonly projects: readonly GitlabId[]
  readonly groups: readonly GitlabId[]
  readonly instance: boolean
}

/** Everything that the token may read; what it may not is said and passed over. A project that is not there is an error. */
export async function collectFromApi(client: GitlabClient, asked: Asked, into: Collection): Promise<void> {
  const seen = new Set<string>()
  for (const id of asked.projects) await collectProject(client, id, into, seen)
  for (const id of asked.groups) await collectAncestry(client, id, into, seen)
  if (asked.instance) await take(instanceVariables(client), { kind: 'instance', name: '' }, into)
}

async function collectProject(client: GitlabClient, id: GitlabId, into: Collection, seen: Set<string>): Promise<void> {
  const { id: number, path_with_namespace: path, default_branch: branch, namespace } = await readProject(client, id)
  if (into.projects.some((project) => project.id === number)) return
  await take(projectVariables(client, number), { kind: 'project', name: path, id: number }, into)
  const schedules = await collectSchedules(client, { id: number, path }, into)
  const groups =
    namespace.kind === 'group' ? await collectAncestry(client, namespace.id, into, seen, namespace.full_path) : []
  into.projects.push({ id: number, path, default_branch: branch ?? null, groups: [...groups], schedules })
}

/** Gives the paths of the groups, the nearest first, also of those whose variables may not be read. */
async function collectAncestry(
  client: GitlabClient,
  id: GitlabId,
  into: Collection,
  seen: Set<string>,
  known?: string,
): Promise<readonly string[]> {
  const paths: string[] = []
  try {
    for await (const group of groupAncestry(client, id)) {
      paths.push(group.full_path)
      if (seen.has(group.full_path)) continue
      seen.add(group.full_path)
      await take(groupVariables(client, group.id), { kind: 'group', name: group.full_path, id: group.id }, into)
    }
  } catch (error) {
    if (!passable(error)) throw error
    const where = known === undefined ? `group ${id}` : `group ${known} and those above it`
    note(into, `${where}: ${error.message}`)
    return known === undefined ? paths : ancestors(known)
  }
  return paths
}

/** `a/b/c`, `a/b`, `a`: a group's path says its ancestry. */
function ancestors(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/'))
}

/** Whether there are schedules. */
async function collectSchedules(
  client: GitlabClient,
  { id, path }: { readonly id: number; readonly path: string },
  into: Collection,
): Promise<boolean> {
  let any = false
  try {
    for await (const schedule of projectSchedules(client, id)) {
      any = true
      const place: Place = { kind: 'schedule', name: path, id, part: String(schedule.id) }
      if (schedule.variables === undefined)
        note(into, `schedule ${path} ${schedule.id}: the token may not read its variables`)
      for (const variable of schedule.variables ?? []) collect(into, place, sourceOf(variable))
    }
  } catch (error) {
    if (!passable(error)) throw error
    note(into, `schedules of ${path}: ${error.message}`)
  }
  return any
}

/** One by one: no value outlives its turn. */
async function take(variables: AsyncIterable<GitlabVariable>, place: Place, into: Collection): Promise<void> {
  try {
    for await (const variable of variables) collect(into, place, sourceOf(variable))
  } catch (error) {
    if (!passable(error)) throw error
    note(into, `${[place.kind, place.name].filter(Boolean).join(' ')}: ${error.message}`)
  }
}

function sourceOf({ description: _, ...variable }: GitlabVariable) {
  return variable
}

/** What another token could read is missing, and no reason to stop. */
function passable(error: unknown): error is GitlabError {
  return error instanceof GitlabError && (error.status === 403 || error.status === 404)
}

function note({ missing }: Collection, words: string): void {
  if (!missing.includes(words)) missing.push(words)
}
