import { z } from 'zod'
import type { GitlabClient } from './client.ts'
import { GitlabError } from './error.ts'

// The few requests that the program makes of GitLab, with what it uses of their answers.

const user = z.object({ id: z.number(), username: z.string() })

const namespace = z.object({ id: z.number(), kind: z.string(), full_path: z.string() })

const project = z.object({
  id: z.number(),
  path_with_namespace: z.string(),
  default_branch: z.string().nullish(),
  namespace,
})

const group = z.object({ id: z.number(), full_path: z.string(), parent_id: z.number().nullish() })

/** Those of the instance have no `hidden` and `environment_scope`, those of a schedule nothing but the first four. */
const variable = z.object({
  key: z.string(),
  /** Null where it is hidden. */
  value: z.string().nullable(),
  variable_type: z.enum(['env_var', 'file']).default('env_var'),
  raw: z.boolean().default(false),
  protected: z.boolean().default(false),
  masked: z.boolean().default(false),
  hidden: z.boolean().default(false),
  environment_scope: z
    .string()
    .nullish()
    .transform((scope) => scope ?? '*'),
  description: z.string().nullish(),
})

const schedule = z.object({
  id: z.number(),
  description: z.string().nullish(),
  ref: z.string().nullish(),
  /** Absent where the token's user may not read them: neither the schedule's owner nor a maintainer. */
  variables: z.array(variable).optional(),
})

const pipeline = z.object({
  id: z.number(),
  ref: z.string().nullish(),
  status: z.string(),
  created_at: z.string().nullish(),
})

const note = z.object({
  id: z.number(),
  body: z.string(),
  system: z.boolean(),
  author: z.object({ id: z.number() }),
})

export type GitlabVariable = z.infer<typeof variable>
export type GitlabSchedule = z.infer<typeof schedule>
export type GitlabGroup = z.infer<typeof group>
export type GitlabNote = z.infer<typeof note>

/** An id, or a path such as `group/project`. */
export type GitlabId = string | number

/** The user that the token acts as; of a project access token, its bot. */
export async function currentUser(client: GitlabClient) {
  return shaped(user, await client.get('/user'), '/user')
}

export async function readProject(client: GitlabClient, id: GitlabId) {
  const path = at('projects', id)
  return shaped(project, await client.get(path), path)
}

async function readGroup(client: GitlabClient, id: GitlabId): Promise<GitlabGroup> {
  const path = at('groups', id)
  return shaped(group, await client.get(path), path)
}

/**
 * The group and those above it, the nearest first. Throws GitlabError at the first that the token may not see, and where the
 * answers lead in a circle.
 */
export async function* groupAncestry(client: GitlabClient, id: GitlabId): AsyncGenerator<GitlabGroup> {
  const seen = new Set<number>()
  for (let next: GitlabId | null | undefined = id; next !== null && next !== undefined; ) {
    const group = await readGroup(client, next)
    if (seen.has(group.id))
      throw new GitlabError(200, 'GET', at('groups', next), 'the answers say that this group is above itself')
    seen.add(group.id)
    yield group
    next = group.parent_id
  }
}

export function projectVariables(client: GitlabClient, id: GitlabId) {
  return all(client, variable, `${at('projects', id)}/variables`)
}

export function groupVariables(client: GitlabClient, id: GitlabId) {
  return all(client, variable, `${at('groups', id)}/variables`)
}

/** Of the whole instance; for administrators only. */
export function instanceVariables(client: GitlabClient) {
  return all(client, variable, '/admin/ci/variables')
}

/** One variable of a project or group; undefined when there is none. */
export async function readVariable(
  client: GitlabClient,
  owner: { readonly kind: 'projects' | 'groups'; readonly id: GitlabId },
  { key, environment_scope }: Pick<GitlabVariable, 'key' | 'environment_scope'>,
): Promise<GitlabVariable | undefined> {
  const path = `${at(owner.kind, owner.id)}/variables/${encodeURIComponent(key)}`
  try {
    return shaped(variable, await client.get(path, { 'filter[environment_scope]': environment_scope }), path)
  } catch (error) {
    if (error instanceof GitlabError && error.status === 404) return undefined
    throw error
  }
}

/** Deletes one variable; the scope tells those of the same key apart. False when there is none. */
export async function removeVariable(
  client: GitlabClient,
  owner: { readonly kind: 'projects' | 'groups'; readonly id: GitlabId },
  { key, environment_scope }: Pick<GitlabVariable, 'key' | 'environment_scope'>,
): Promise<boolean> {
  const path = `${at(owner.kind, owner.id)}/variables/${encodeURIComponent(key)}`
  try {
    await client.send('DELETE', path, { query: { 'filter[environment_scope]': environment_scope } })
    return true
  } catch (error) {
    if (error instanceof GitlabError && error.status === 404) return false
    throw error
  }
}

/** With the variables of each, which the list does not give. */
export async function* projectSchedules(client: GitlabClient, id: GitlabId): AsyncGenerator<GitlabSchedule> {
  const base = `${at('projects', id)}/pipeline_schedules`
  for await (const listed of all(client, schedule, base)) {
    const path = `${base}/${listed.id}`
    yield shaped(schedule, await client.get(path), path)
  }
}

/** The newest pipeline of a branch or tag, whichever its status; undefined when there was none. */
export async function latestPipeline(client: GitlabClient, id: GitlabId, ref: string) {
  const path = `${at('projects', id)}/pipelines`
  const query = { ref, order_by: 'id', sort: 'desc', per_page: '1' }
  return shaped(z.array(pipeline), await client.get(path, query), path)[0]
}

/** A merge request of a project, by the number that people see. */
export interface MergeRequest {
  readonly project: GitlabId
  readonly iid: string
}

/** The oldest first. */
export function mergeRequestNotes(client: GitlabClient, mergeRequest: MergeRequest): AsyncGenerator<GitlabNote> {
  return all(client, note, notes(mergeRequest), { sort: 'asc', order_by: 'created_at' })
}

export async function createNote(client: GitlabClient, mergeRequest: MergeRequest, body: string): Promise<void> {
  await client.send('POST', notes(mergeRequest), { body: { body } })
}

export async function updateNote(
  client: GitlabClient,
  mergeRequest: MergeRequest,
  id: number,
  body: string,
): Promise<void> {
  await client.send('PUT', `${notes(mergeRequest)}/${id}`, { body: { body }, repeatable: true })
}

function notes({ project, iid }: MergeRequest): string {
  return `${at('projects', project)}/merge_requests/${encodeURIComponent(iid)}/notes`
}

function at(kind: 'projects' | 'groups', id: GitlabId): string {
  return `/${kind}/${encodeURIComponent(String(id))}`
}

async function* all<T>(
  client: GitlabClient,
  schema: z.ZodType<T>,
  path: string,
  query: Readonly<Record<string, string>> = {},
): AsyncGenerator<T> {
  for await (const entry of client.list(path, query)) yield shaped(schema, entry, path)
}

/** The values are not repeated in the error: they may be secrets. */
function shaped<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const fields = result.error.issues.map((issue) => issue.path.join('.')).join(', ')
  throw new GitlabError(200, 'GET', path, `the answer is not of the known form (${fields})`)
}
