import {
  groupEntity,
  instanceVariable,
  noteEntity,
  projectEntity,
  scheduleEntity,
  userEntity,
  variableEntity,
} from './gitlab-entities.ts'
import {
  accessLevel,
  type GitlabGroup,
  type GitlabMergeRequest,
  type GitlabProject,
  type GitlabUser,
  type GitlabVariable,
  type GitlabWorld,
  groupPath,
  lineage,
  projectPath,
} from './gitlab-world.ts'

/** A list is answered in pages. */
type Reply = { readonly list: readonly unknown[] } | { readonly status: number; readonly body?: unknown }

export interface Asked {
  readonly world: GitlabWorld
  readonly user: GitlabUser
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

interface Route {
  readonly method: string
  readonly path: RegExp
  /** Job tokens are for few routes; elsewhere they count for nothing (`job_token_allowed`). */
  readonly jobToken?: boolean
  /** Also with a token that may read the user's own data only. */
  readonly readUser?: boolean
  answer(asked: Asked, ...parts: string[]): Reply
}

const [reporter, maintainer, owner] = [20, 40, 50]

/** lib/api/*.rb, as far as the program or its tests ask. */
export const routes: readonly Route[] = [
  { method: 'GET', path: /^\/user$/, readUser: true, answer: ({ user }) => ok(userEntity(user, true)) },
  {
    method: 'GET',
    path: /^\/projects\/([^/]+)$/,
    answer: inProject(0, (asked, project) => ok(projectEntity(asked.world, project))),
  },
  {
    method: 'GET',
    path: /^\/groups\/([^/]+)$/,
    answer: inGroup(0, (asked, group) => ok(groupEntity(asked.world, group))),
  },
  ...variableRoutes(/^\/projects\/([^/]+)\/variables/, (then) =>
    inProject(maintainer, (asked, project, ...rest) => then(asked, project.variables ?? [], 'Variable', ...rest)),
  ),
  ...variableRoutes(/^\/groups\/([^/]+)\/variables/, (then) =>
    inGroup(owner, (asked, group, ...rest) => then(asked, group.variables ?? [], 'GroupVariable', ...rest)),
  ),
  {
    method: 'GET',
    path: /^\/admin\/ci\/variables$/,
    answer: ({ user, world }) => (user.admin ? { list: world.instanceVariables.map(instanceVariable) } : forbidden()),
  },
  {
    method: 'GET',
    path: /^\/projects\/([^/]+)\/pipeline_schedules$/,
    answer: inProject(reporter, (asked, { schedules = [] }) => ({
      list: schedules.map((one) => scheduleEntity(asked.world, one)),
    })),
  },
  {
    method: 'GET',
    path: /^\/projects\/([^/]+)\/pipeline_schedules\/(\d+)$/,
    answer: inProject(reporter, (asked, project, id) => schedule(asked, project, Number(id))),
  },
  {
    method: 'GET',
    path: /^\/projects\/([^/]+)\/pipelines$/,
    answer: inProject(reporter, ({ query }, { pipelines = [] }) => {
      const ref = query.get('ref')
      const chosen = pipelines.filter(
        (one) => (ref === null || one.ref === ref) && (query.get('status') ?? one.status) === one.status,
      )
      return { list: chosen.toSorted((a, b) => (query.get('sort') === 'asc' ? a.id - b.id : b.id - a.id)) }
    }),
  },
  {
    method: 'GET',
    path: /^\/projects\/([^/]+)\/merge_requests\/(\d+)\/notes$/,
    jobToken: true,
    answer: inMergeRequest(reporter, ({ world, query }, { iid, notes }) => {
      const sorted = query.get('sort') === 'asc' ? notes : notes.toReversed()
      return { list: sorted.map((note) => noteEntity(world, iid, note)) }
    }),
  },
  {
    method: 'POST',
    path: /^\/projects\/([^/]+)\/merge_requests\/(\d+)\/notes$/,
    answer: inMergeRequest(reporter, ({ world, user, body }, { iid, notes }) => {
      if (typeof body['body'] !== 'string') return { status: 400, body: { error: 'body is missing' } }
      const problem = noteProblem(body['body'])
      if (problem !== undefined) return problem
      const note = { id: nextNote(world), body: body['body'].trimEnd(), author: user.id }
      notes.push(note)
      return { status: 201, body: noteEntity(world, iid, note) }
    }),
  },
  {
    method: 'PUT',
    path: /^\/projects\/([^/]+)\/merge_requests\/(\d+)\/notes\/(\d+)$/,
    answer: inMergeRequest(reporter, ({ world, user, body }, { iid, notes }, level, id) => {
      const note = notes.find((one) => one.id === Number(id))
      if (note === undefined) return { status: 404, body: { message: '404 Not found' } }
      if (note.system || (note.author !== user.id && level < maintainer)) return forbidden()
      const text = String(body['body'] ?? note.body)
      const problem = noteProblem(text)
      if (problem !== undefined) return problem
      note.body = text.trimEnd()
      return ok(noteEntity(world, iid, note))
    }),
  },
]

type Variables = (
  then: (asked: Asked, variables: GitlabVariable[], what: string, key?: string) => Reply,
) => Route['answer']

/** lib/api/ci/variables.rb, group_variables.rb, helpers/variables_helpers.rb */
function variableRoutes(base: RegExp, variables: Variables): Route[] {
  const one = new RegExp(`${base.source}/([^/]+)$`)
  const found = (then: (all: GitlabVariable[], variable: GitlabVariable) => Reply) =>
    variables(({ query, body }, all, what, key = '') => {
      const { environment_scope: inBody = null } = Object(body['filter'])
      const scope = query.get('filter[environment_scope]') ?? inBody
      const same = all.filter((variable) => variable.key === decodeURIComponent(key))
      const matching = scope === null ? same : same.filter((variable) => (variable.environment_scope ?? '*') === scope)
      if (matching.length > 1) {
        const message = "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"
        return { status: 409, body: { message: `409 Conflict - ${message}` } }
      }
      return matching[0] === undefined ? missing(what) : then(all, matching[0])
    })
  return [
    {
      method: 'GET',
      path: new RegExp(`${base.source}$`),
      answer: variables((_, all) => ({ list: all.map(variableEntity) })),
    },
    { method: 'GET', path: one, answer: found((_, variable) => ok(variableEntity(variable))) },
    {
      method: 'DELETE',
      path: one,
      answer: found((all, variable) => {
        all.splice(all.indexOf(variable), 1)
        return { status: 204 }
      }),
    },
  ]
}

/** Who is no member is told that there is no such project: all of them are private. */
function inProject(
  needed: number,
  then: (asked: Asked, project: GitlabProject, ...rest: string[]) => Reply,
): Route['answer'] {
  return (asked, id = '', ...rest) => {
    const project = asked.world.projects.find((one) => isNamed(id, one.id, projectPath(asked.world, one)))
    if (project === undefined) return missing('Project')
    const level = accessLevel(asked.user, [project, ...lineage(asked.world, project.group)])
    if (level === 0) return missing('Project')
    return level < needed ? forbidden() : then(asked, project, ...rest)
  }
}

function inGroup(
  needed: number,
  then: (asked: Asked, group: GitlabGroup, ...rest: string[]) => Reply,
): Route['answer'] {
  return (asked, id = '', ...rest) => {
    const group = asked.world.groups.find((one) => isNamed(id, one.id, groupPath(asked.world, one.id)))
    const level = group === undefined ? 0 : accessLevel(asked.user, lineage(asked.world, group.id))
    if (group === undefined || level === 0) return missing('Group')
    return level < needed ? forbidden() : then(asked, group, ...rest)
  }
}

function inMergeRequest(
  needed: number,
  then: (asked: Asked, mergeRequest: GitlabMergeRequest, level: number, ...rest: string[]) => Reply,
): Route['answer'] {
  return inProject(needed, (asked, project, iid, ...rest) => {
    const found = project.mergeRequests?.find((one) => one.iid === Number(iid))
    const level = accessLevel(asked.user, [project, ...lineage(asked.world, project.group)])
    return found === undefined ? missing('MergeRequest') : then(asked, found, level, ...rest)
  })
}

/** An id, or a path with `%2F` for each `/`. */
function isNamed(part: string, id: number, path: string): boolean {
  return part === String(id) || decodeURIComponent(part) === path
}

/** app/models/note.rb limits the length; a note of nothing but quick actions is carried out and not kept (202). */
function noteProblem(text: string): Reply | undefined {
  if (text.length > 1_000_000) {
    return {
      status: 400,
      body: { message: '400 Bad request - Note {:note=>["is too long (maximum is 1000000 characters)"]}' },
    }
  }
  return text.trim() === '' ? { status: 400, body: { error: 'body is empty' } } : undefined
}

function nextNote({ projects }: GitlabWorld): number {
  const notes = projects.flatMap(({ mergeRequests = [] }) => mergeRequests.flatMap((one) => one.notes))
  return Math.max(300, ...notes.map(({ id }) => id)) + 1
}

/** Its variables are for its owner and for maintainers. */
function schedule({ world, user }: Asked, project: GitlabProject, id: number): Reply {
  const found = project.schedules?.find((one) => one.id === id)
  if (found === undefined) return missing('Pipeline Schedule')
  const entity = { ...scheduleEntity(world, found), last_pipeline: null }
  const level = accessLevel(user, [project, ...lineage(world, project.group)])
  if (found.owner !== user.id && level < maintainer) return ok(entity)
  const variables = found.variables.map((variable) => ({ variable_type: 'env_var', raw: false, ...variable }))
  return ok({ ...entity, variables, inputs: [] })
}

function ok(body: unknown): Reply {
  return { status: 200, body }
}

function forbidden(): Reply {
  return { status: 403, body: { message: '403 Forbidden' } }
}

function missing(what: string): Reply {
  return { status: 404, body: { message: `404 ${what} Not Found` } }
}
