import type { Checklist, ChecklistItem } from '../../gitlab/migrate/checklist.ts'
import { placeText } from '../../gitlab/migrate/inventory.ts'
import type { GitlabClient } from '../../gitlab-api/client.ts'
import {
  type GitlabId,
  type GitlabVariable,
  groupVariables,
  instanceVariables,
  latestPipeline,
  projectVariables,
  readVariable,
} from '../../gitlab-api/endpoints.ts'
import { GitlabError } from '../../gitlab-api/error.ts'

/** What GitLab has of the list's variables. */
export interface Gone {
  /** Undefined for what GitLab does not keep, such as a variable of a file. */
  isThere(item: ChecklistItem): { readonly found: boolean } | { readonly unknown: string } | undefined
  /** Reads the variable again and hands it to the comparison; undefined where there is no value to compare. */
  compare<T>(item: ChecklistItem, comparison: (variable: Readable) => T): Promise<T | undefined>
}

type Readable = Pick<GitlabVariable, 'raw'> & { readonly value: string }

type Owner = { readonly found: ReadonlySet<string> } | { readonly unknown: string }

/** Asks once for each project and group which variables there are; values are not kept. */
export async function lookInGitlab(client: GitlabClient, { items }: Checklist): Promise<Gone> {
  const owners = new Map<string, Owner>()
  for (const item of items) {
    const name = placeText(item.place)
    if (listing(client, item) !== undefined && !owners.has(name)) owners.set(name, await ownerOf(client, item))
  }
  return {
    isThere(item) {
      const owner = owners.get(placeText(item.place))
      if (owner === undefined || 'unknown' in owner) return owner
      return { found: owner.found.has(nameOf(item)) }
    },
    async compare(item, comparison) {
      const owner = owners.get(placeText(item.place))
      if (owner === undefined || 'unknown' in owner || !owner.found.has(nameOf(item))) return undefined
      const one = await readAgain(client, item)
      if (one === undefined || one.value === null || one.hidden) return undefined
      return comparison({ value: one.value, raw: one.raw })
    },
  }
}

async function ownerOf(client: GitlabClient, item: ChecklistItem): Promise<Owner> {
  const found = new Set<string>()
  try {
    for await (const one of listing(client, item) ?? []) found.add(nameOf(one))
    return { found }
  } catch (error) {
    if (!(error instanceof GitlabError) || (error.status !== 403 && error.status !== 404)) throw error
    return { unknown: `the token may not read the variables of ${placeText(item.place)}` }
  }
}

function listing(client: GitlabClient, { place }: ChecklistItem): AsyncIterable<GitlabVariable> | undefined {
  if (place.kind === 'project') return projectVariables(client, apiId(place))
  if (place.kind === 'group') return groupVariables(client, apiId(place))
  return place.kind === 'instance' ? instanceVariables(client) : undefined
}

/** The variable with its value, for as long as the caller holds it. */
export async function readAgain(client: GitlabClient, item: ChecklistItem): Promise<GitlabVariable | undefined> {
  const owner = ownerAt(item.place)
  if (owner !== undefined) return readVariable(client, owner, item)
  for await (const one of listing(client, item) ?? []) if (nameOf(one) === nameOf(item)) return one
  return undefined
}

/** Where the API has single variables; undefined for those of the instance, and of what is no part of GitLab. */
export function ownerAt(place: ChecklistItem['place']) {
  if (place.kind === 'project') return { kind: 'projects', id: apiId(place) } as const
  return place.kind === 'group' ? ({ kind: 'groups', id: apiId(place) } as const) : undefined
}

/** A path does where only an export told of the owner. */
function apiId({ id, name }: ChecklistItem['place']): GitlabId {
  return id ?? name
}

function nameOf({ key, environment_scope: scope }: Pick<GitlabVariable, 'key' | 'environment_scope'>): string {
  return `${key}\0${scope}`
}

export interface PipelineVerdict {
  readonly verdict: boolean | undefined
  readonly note?: string
}

/** Whether the newest pipeline of each project's default branch began after a time and succeeded. */
export async function pipelineAfter(
  client: GitlabClient,
  { projects }: Checklist,
  { place, roles }: ChecklistItem,
  time: string,
): Promise<PipelineVerdict> {
  const own = projects.filter(({ path }) => place.kind !== 'project' || path === place.name)
  if (own.length === 0 || roles.length === 0) return { verdict: undefined, note: 'no project of the list uses it' }
  for (const { id, path, default_branch: branch } of own) {
    if (branch === null) return { verdict: undefined, note: `the default branch of ${path} is not known` }
    const pipeline = await latestPipeline(client, id, branch)
    const began = pipeline?.created_at
    if (!began || Date.parse(began) < Date.parse(time))
      return { verdict: undefined, note: `no pipeline of ${branch} in ${path} since it was deleted` }
    if (pipeline.status !== 'success')
      return { verdict: false, note: `pipeline ${pipeline.id} of ${branch} in ${path}: ${pipeline.status}` }
  }
  return { verdict: true }
}
