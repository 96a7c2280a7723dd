import {
  type GitlabGroup,
  type GitlabNote,
  type GitlabProject,
  type GitlabSchedule,
  type GitlabUser,
  type GitlabVariable,
  type GitlabWorld,
  groupPath,
  lineage,
  projectPath,
} from './gitlab-world.ts'

// How GitLab's API shows things: lib/api/entities/*.rb.

export function userEntity({ id, username, admin }: GitlabUser, own = false) {
  const basic = {
    id,
    username,
    name: username,
    state: 'active',
    locked: false,
    avatar_url: null,
    web_url: `${web}/${username}`,
  }
  return own ? { ...basic, bot: false, email: `${username}@example.com`, ...(admin ? { is_admin: true } : {}) } : basic
}

const web = 'https://gitlab.example.com'

export function projectEntity(world: GitlabWorld, project: GitlabProject) {
  const path = projectPath(world, project)
  const [group] = lineage(world, project.group)
  const namespace =
    group === undefined
      ? { id: 1, name: 'somebody', path: 'somebody', kind: 'user', full_path: 'somebody', parent_id: null }
      : {
          id: group.id,
          name: group.path,
          path: group.path,
          kind: 'group',
          full_path: groupPath(world, group.id),
          parent_id: group.parent ?? null,
        }
  return {
    id: project.id,
    name: project.path,
    path: project.path,
    path_with_namespace: path,
    default_branch: 'main',
    visibility: 'private',
    web_url: `${web}/${path}`,
    namespace,
  }
}

export function groupEntity(world: GitlabWorld, { id, path, parent }: GitlabGroup) {
  const full = groupPath(world, id)
  return {
    id,
    name: path,
    path,
    full_path: full,
    full_name: full.replaceAll('/', ' / '),
    parent_id: parent ?? null,
    visibility: 'private',
    web_url: `${web}/groups/${full}`,
  }
}

export function variableEntity(variable: GitlabVariable) {
  const { key, value, hidden = false } = variable
  return {
    variable_type: variable.variable_type ?? 'env_var',
    key,
    value: hidden ? null : value,
    hidden,
    protected: variable.protected ?? false,
    masked: variable.masked ?? false,
    raw: variable.raw ?? false,
    environment_scope: variable.environment_scope ?? '*',
    description: variable.description ?? null,
  }
}

/** Those of the whole instance have neither a scope nor a hidden value. */
export function instanceVariable(variable: GitlabVariable) {
  const { hidden: _hidden, environment_scope: _scope, ...rest } = variableEntity(variable)
  return rest
}

export function scheduleEntity(world: GitlabWorld, { id, description, ref, owner: by }: GitlabSchedule) {
  const user = world.users.find((one) => one.id === by)
  const times = {
    next_run_at: '2026-01-02T03:00:00.000Z',
    created_at: '2026-01-01T03:00:00.000Z',
    updated_at: '2026-01-01T03:00:00.000Z',
  }
  return {
    id,
    description,
    ref: `refs/heads/${ref}`,
    cron: '0 3 * * *',
    cron_timezone: 'UTC',
    active: true,
    ...times,
    owner: user === undefined ? null : userEntity(user),
  }
}

export function noteEntity(world: GitlabWorld, iid: number, { id, body, author, system = false }: GitlabNote) {
  const user = world.users.find((one) => one.id === author) ?? { id: author, username: `ghost${author}` }
  const times = { created_at: '2026-01-01T03:00:00.000Z', updated_at: '2026-01-01T03:00:00.000Z' }
  const target = { noteable_id: 9000 + iid, noteable_type: 'MergeRequest', noteable_iid: iid, project_id: 1 }
  return {
    id,
    type: null,
    body,
    author: userEntity(user),
    ...times,
    system,
    ...target,
    resolvable: false,
    confidential: false,
    internal: false,
    imported: false,
    commands_changes: {},
  }
}
