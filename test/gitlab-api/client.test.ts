import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type GitlabClient, openGitlab } from '../../src/gitlab-api/client.ts'
import {
  createNote,
  currentUser,
  groupAncestry,
  groupVariables,
  instanceVariables,
  latestPipeline,
  mergeRequestNotes,
  projectSchedules,
  projectVariables,
  readProject,
  removeVariable,
} from '../../src/gitlab-api/endpoints.ts'
import { GitlabError } from '../../src/gitlab-api/error.ts'
import type { GitlabConnection } from '../../src/gitlab-api/settings.ts'
import { type GitlabApi, gitlabApi, throttled, tooManyNotes } from '../support/gitlab-api.ts'
import { company, numbered, tokens } from './world.ts'

/** A client whose pauses take no time; they are noted, in milliseconds. */
async function client(
  { apiUrl }: Pick<GitlabApi, 'apiUrl'>,
  token = tokens.maintainer,
  proxy: GitlabConnection['proxy'] = {},
): Promise<GitlabClient & { readonly waits: number[] }> {
  const waits: number[] = []
  const pace = {
    ready: async () => {},
    wait: async (milliseconds: number) => {
      waits.push(milliseconds)
      return true
    },
  }
  const opened = await openGitlab({ apiUrl, token, proxy }, { pace })
  onTestFinished(() => opened.close())
  return { ...opened, waits }
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of list) found.push(one)
  return found
}

async function refusal(promise: Promise<unknown>): Promise<GitlabError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof GitlabError)) throw new Error(`no GitlabError but ${String(error)}`)
  return error
}

describe('reading', () => {
  test('variables of a project, of the groups above it and of the instance', async () => {
    const api = await gitlabApi(company())
    const gitlab = await client(api, tokens.admin)
    const { namespace } = await readProject(gitlab, 'company/platform/app')
    const groups = await all(groupAncestry(gitlab, namespace.id))
    expect(groups.map(({ full_path }) => full_path)).toEqual(['company/platform', 'company'])
    expect((await all(groupVariables(gitlab, 7))).map(({ value }) => value)).toEqual(['of the company'])
    expect(await all(projectVariables(gitlab, 22))).toMatchObject([
      { key: 'PASSWORD', environment_scope: 'staging', masked: true, protected: false },
      { key: 'PASSWORD', environment_scope: 'production', masked: false, protected: true },
      { key: 'SEALED', value: null, hidden: true },
      { key: 'KUBECONFIG', variable_type: 'file', raw: true, description: 'for kubectl' },
    ])
    expect(await all(instanceVariables(gitlab))).toMatchObject([
      { key: 'PROXY', environment_scope: '*', hidden: false },
    ])
  })

  test('groups only as far up as the token may see them', async () => {
    const world = company()
    const groups = world.groups.map((group) => (group.id === 8 ? { ...group, members: { 101: 50 } } : group))
    const gitlab = await client(await gitlabApi({ ...world, groups }))
    const ancestry = groupAncestry(gitlab, 8)
    expect(await ancestry.next()).toMatchObject({ value: { full_path: 'company/platform' } })
    expect(await refusal(ancestry.next())).toMatchObject({ status: 404 })
  })

  test.each([
    ['itself', { 8: 8 }],
    ['one below it', { 8: 7, 7: 8 }],
  ])('groups end with an error where one is above %s', async (_, parents: Readonly<Record<number, number>>) => {
    const api = await gitlabApi({
      ...company(),
      instead: ({ path }) => {
        const id = Number(path.split('/').at(-1))
        return { status: 200, body: { id, full_path: `group-${id}`, parent_id: parents[id] } }
      },
    })
    expect((await refusal(all(groupAncestry(await client(api), 8)))).message).toContain('above itself')
  })

  test('a scope of null is every environment', async () => {
    const body = [{ key: 'K', value: 'v', environment_scope: null }]
    const api = await gitlabApi({ ...company(), instead: () => ({ status: 200, body }) })
    expect(await all(projectVariables(await client(api), 22))).toMatchObject([{ environment_scope: '*' }])
  })

  test('schedules with their variables, as far as the token may see them', async () => {
    const api = await gitlabApi(company())
    const variables = async (token: string) => (await all(projectSchedules(await client(api, token), 22)))[0]?.variables
    expect(await variables(tokens.maintainer)).toMatchObject([{ key: 'DEPTH', value: '9' }])
    expect(await variables(tokens.developer)).toBeUndefined()
  })

  test('the newest pipeline of a branch', async () => {
    const gitlab = await client(await gitlabApi(company()))
    expect(await latestPipeline(gitlab, 22, 'main')).toMatchObject({ id: 2, status: 'success' })
    expect(await latestPipeline(gitlab, 22, 'nowhere')).toBeUndefined()
  })

  test.each([0, 1, 99, 100, 101, 200, 250])('a list of %i over as many pages as it takes', async (count) => {
    const api = await gitlabApi(company({ instanceVariables: numbered(count) }))
    const found = await all(instanceVariables(await client(api, tokens.admin)))
    expect(found.map(({ key }) => key)).toEqual(numbered(count).map(({ key }) => key))
    expect(api.requests).toHaveLength(Math.max(1, Math.ceil(count / 100)))
  })

  test('a list without totals, and one whose page headers a proxy took away', async () => {
    const instanceVariables_ = numbered(200)
    const open = await gitlabApi({ ...company({ instanceVariables: instanceVariables_ }), withoutTotals: true })
    expect(await all(instanceVariables(await client(open, tokens.admin)))).toHaveLength(200)
    const bare = await gitlabApi({
      ...company(),
      instead: ({ path }) => {
        const page = Number(new URL(path, 'http://x').searchParams.get('page'))
        return { status: 200, body: instanceVariables_.slice((page - 1) * 100, page * 100) }
      },
    })
    expect(await all(instanceVariables(await client(bare)))).toHaveLength(200)
  })

  test.each([
    ['the same page', () => numbered(2)],
    ['nothing', () => []],
    ['always more', (page: number) => [{ key: `V${page}`, value: 'v' }]],
  ])('ends with an error where pages go on for ever and bring %s', async (_, body) => {
    const api = await gitlabApi({
      ...company(),
      instead: ({ path }) => {
        const page = Number(new URL(path, 'http://x').searchParams.get('page'))
        return { status: 200, headers: { 'x-next-page': String(page + 1) }, body: body(page) }
      },
    })
    expect((await refusal(all(instanceVariables(await client(api))))).message).toContain('does not end')
  })

  test('does not turn in a circle where the next page is an old one', async () => {
    const api = await gitlabApi({
      ...company(),
      instead: () => ({ status: 200, headers: { 'x-next-page': '1' }, body: numbered(2) }),
    })
    expect(await all(instanceVariables(await client(api)))).toHaveLength(2)
  })
})

test('deleting a variable takes the one of the scope, and a second time says that there is none', async () => {
  const api = await gitlabApi(company())
  const gitlab = await client(api)
  const project = { kind: 'projects', id: 22 } as const
  const password = { key: 'PASSWORD', environment_scope: 'staging' }
  expect(await removeVariable(gitlab, project, password)).toBe(true)
  expect(await removeVariable(gitlab, project, password)).toBe(false)
  expect(api.world.projects[0]?.variables?.map(({ environment_scope }) => environment_scope)).not.toContain('staging')
})

describe('a refusal', () => {
  test.each([
    [tokens.expired, 401, 'invalid_token: Token is expired. You can either do re-authorization or token refresh.'],
    [tokens.developer, 403, 'Forbidden'],
    ['glpat-unknown', 401, 'Unauthorized'],
  ])('says the request, the status and the words of GitLab (%#)', async (token, status, words) => {
    const gitlab = await client(await gitlabApi(company()), token)
    const error = await refusal(all(projectVariables(gitlab, 22)))
    expect(error.status).toBe(status)
    expect(error.message).toBe(`GitLab, GET /projects/22/variables: ${status} ${words}`)
    expect(error.diagnostics[0]?.help).toBeDefined()
  })

  test('says which fields GitLab does not take', async () => {
    const body = { message: { value: ['is too long', 'is invalid'], base: ['no'] } }
    const api = await gitlabApi({ ...company(), instead: () => ({ status: 400, body }) })
    expect((await refusal(currentUser(await client(api)))).message).toBe(
      'GitLab, GET /user: 400 value is too long, is invalid; base no',
    )
  })

  test.each([
    [
      'a page of a proxy',
      { status: 502, headers: { 'content-type': 'text/html' }, raw: '<h1>Bad gateway</h1>' },
      '502 a web page',
    ],
    [
      'a page for logging in',
      { status: 200, headers: { 'content-type': 'text/html' }, raw: '<form>' },
      'is this the address of a GitLab?',
    ],
    ['an odd form', { status: 200, body: { id: 'seven' } }, 'not of the known form (id, username)'],
  ])('of %s is no riddle', async (_, answer, words) => {
    const api = await gitlabApi({ ...company(), instead: () => answer })
    expect((await refusal(currentUser(await client(api)))).message).toContain(words)
  })

  test.each([
    ['words', { status: 400, body: { message: `bad header ${tokens.maintainer}` } }],
    ['half of it at the end of long words', { status: 400, raw: `${'x'.repeat(490)}${tokens.maintainer}` }],
    ['an address', { status: 302, headers: { location: `https://a.example.com/?${tokens.maintainer}` } }],
  ])('does not repeat a token that comes back: %s', async (_, answer) => {
    const api = await gitlabApi({ ...company(), instead: () => answer })
    expect((await refusal(currentUser(await client(api)))).message).not.toContain('glpat')
  })

  test('never holds the token, however deep one looks', async () => {
    const api = await gitlabApi({ ...company(), instead: ({ path }) => (path.includes('cut') ? 'cut' : undefined) })
    const gitlab = await client(api, tokens.developer)
    for (const failing of [() => all(projectVariables(gitlab, 22)), () => readProject(gitlab, 'cut')]) {
      const error = await refusal(failing())
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('canary')
    }
  })

  test('of a value of unknown form does not repeat the value', async () => {
    const api = await gitlabApi({
      ...company(),
      instead: () => ({ status: 200, body: [{ key: 'K', value: ['hunter2'] }] }),
    })
    const error = await refusal(all(projectVariables(await client(api), 22)))
    expect(inspect(error, { depth: 20 })).not.toContain('hunter2')
    expect(error.message).toContain('(value)')
  })
})

describe('redirects', () => {
  test('are not followed, and the token goes nowhere else', async () => {
    const other = await gitlabApi(company())
    const location = `${other.apiUrl.replace('127.0.0.1', 'localhost')}/user`
    const api = await gitlabApi({ ...company(), instead: () => ({ status: 302, headers: { location } }) })
    const error = await refusal(currentUser(await client(api)))
    expect(error.message).toContain(`redirects to ${location}`)
    expect(other.requests).toEqual([])
  })
})

describe('trying again', () => {
  test('waits as long as GitLab asks', async () => {
    const api = await gitlabApi({ ...company(), instead: (_, nth) => (nth < 3 ? throttled(30) : undefined) })
    const gitlab = await client(api)
    expect(await currentUser(gitlab)).toMatchObject({ id: 101 })
    expect(gitlab.waits).toHaveLength(2)
    for (const wait of gitlab.waits) expect(wait).toBeGreaterThanOrEqual(30_000)
  })

  test('a note is posted again after 429, which did not carry it out', async () => {
    const api = await gitlabApi({
      ...company(),
      instead: ({ method }, nth) => (method === 'POST' && nth === 1 ? tooManyNotes : undefined),
    })
    await createNote(await client(api), { project: 22, iid: '7' }, 'Hello')
    expect(api.world.projects[0]?.mergeRequests?.[0]?.notes).toHaveLength(1)
  })

  test.each([[{ status: 502, raw: '' }], ['cut' as const]])(
    'a note is not posted again when it may be there already (%j)',
    async (answer) => {
      const api = await gitlabApi({ ...company(), instead: () => answer })
      await refusal(createNote(await client(api), { project: 22, iid: '7' }, 'Hello'))
      expect(api.requests).toHaveLength(1)
    },
  )

  test('a list goes on where the connection was cut', async () => {
    const cut = (path: string) => path.includes('&page=2') || path.includes('?page=2')
    const api = await gitlabApi({
      ...company({ instanceVariables: numbered(150) }),
      instead: ({ path }, nth) => (cut(path) && nth === 1 ? 'cut' : undefined),
    })
    expect(await all(instanceVariables(await client(api, tokens.admin)))).toHaveLength(150)
  })
})

test('requests go through the proxy of the environment', async () => {
  const api = await gitlabApi(company())
  const asked: string[] = []
  const proxy = createServer()
  // GitLab's address exists only behind the proxy.
  proxy.on('request', async (request, response) => {
    asked.push(String(request.url))
    const answer = await fetch(`${api.url}${new URL(String(request.url)).pathname}`, {
      headers: { 'private-token': String(request.headers['private-token']) },
    })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  proxy.on('connect', (request, socket) => {
    asked.push(String(request.url))
    const server = connect(Number(new URL(api.url).port), '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    server.pipe(socket).pipe(server)
  })
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const http = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const gitlab = await client({ apiUrl: 'http://gitlab.internal.example/api/v4' }, tokens.maintainer, { http })
  expect(await currentUser(gitlab)).toMatchObject({ id: 101 })
  expect(asked[0]).toContain('gitlab.internal.example')
})

test('notes come oldest first, of all pages', async () => {
  const notes = Array.from({ length: 130 }, (_, at) => ({ id: at + 1, body: `note ${at}`, author: 102 }))
  const world = company()
  const api = await gitlabApi({
    ...world,
    projects: world.projects.map((project) => ({ ...project, mergeRequests: [{ iid: 7, notes }] })),
  })
  const found = await all(mergeRequestNotes(await client(api), { project: 22, iid: '7' }))
  expect(found.map(({ body }) => body)).toEqual(notes.map(({ body }) => body))
})
