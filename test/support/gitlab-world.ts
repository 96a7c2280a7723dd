/** What the stand-in of GitLab's API knows: plain data that a test fills in and looks at afterwards. */
export interface GitlabWorld {
  readonly users: readonly GitlabUser[]
  /** By the token's text. */
  readonly tokens: Readonly<Record<string, GitlabToken>>
  readonly groups: readonly GitlabGroup[]
  readonly projects: readonly GitlabProject[]
  readonly instanceVariables: GitlabVariable[]
}

export interface GitlabUser {
  readonly id: number
  readonly username: string
  readonly admin?: boolean
}

/** A job token is sent as JOB-TOKEN, every other (personal, project and group access tokens) as PRIVATE-TOKEN. */
interface GitlabToken {
  readonly user: number
  readonly job?: boolean
  /** Default `['api']`. */
  readonly scopes?: readonly ('api' | 'read_api' | 'read_user')[]
  readonly state?: 'expired' | 'revoked'
}

/** GitLab's access levels: 20 Reporter, 30 Developer, 40 Maintainer, 50 Owner; by the user's id, inherited downwards. */
type Members = Readonly<Record<number, number>>

export interface GitlabGroup {
  readonly id: number
  readonly path: string
  readonly parent?: number
  readonly members?: Members
  readonly variables?: GitlabVariable[]
}

export interface GitlabProject {
  readonly id: number
  readonly path: string
  /** Absent for a project of a user's own namespace. */
  readonly group?: number
  readonly members?: Members
  readonly variables?: GitlabVariable[]
  readonly schedules?: readonly GitlabSchedule[]
  readonly mergeRequests?: readonly GitlabMergeRequest[]
  readonly pipelines?: GitlabPipeline[]
}

export interface GitlabVariable {
  readonly key: string
  readonly value: string
  readonly variable_type?: 'env_var' | 'file'
  readonly protected?: boolean
  readonly masked?: boolean
  /** The API answers null instead of its value. */
  readonly hidden?: boolean
  readonly raw?: boolean
  readonly environment_scope?: string
  readonly description?: string
}

export interface GitlabSchedule {
  readonly id: number
  readonly description: string
  readonly ref: string
  readonly owner: number
  readonly variables: readonly Pick<GitlabVariable, 'key' | 'value' | 'variable_type' | 'raw'>[]
}

export interface GitlabMergeRequest {
  readonly iid: number
  readonly notes: GitlabNote[]
}

export interface GitlabNote {
  readonly id: number
  body: string
  readonly author: number
  readonly system?: boolean
}

interface GitlabPipeline {
  readonly id: number
  readonly ref: string
  readonly status: string
  readonly source?: string
  /** ISO 8601. */
  readonly created_at?: string
}

/** A group and those above it, the nearest first. */
export function lineage(world: GitlabWorld, id: number | undefined): readonly GitlabGroup[] {
  const group = world.groups.find((one) => one.id === id)
  return group === undefined ? [] : [group, ...lineage(world, group.parent)]
}

export function groupPath(world: GitlabWorld, id: number | undefined): string {
  return lineage(world, id)
    .map(({ path }) => path)
    .reverse()
    .join('/')
}

export function projectPath(world: GitlabWorld, project: GitlabProject): string {
  return `${project.group === undefined ? 'somebody' : groupPath(world, project.group)}/${project.path}`
}

/** The highest access level that a user has in one of them; 0 for none. */
export function accessLevel(user: GitlabUser, places: readonly { readonly members?: Members }[]): number {
  if (user.admin) return 50
  return Math.max(0, ...places.map(({ members }) => members?.[user.id] ?? 0))
}
