import { Gitlab } from '@gitbeaker/rest'
import { describe, expect, test } from 'vitest'
import { company, numbered, tokens } from '../gitlab-api/world.ts'
import { type GitlabApi, gitlabApi, throttled } from './gitlab-api.ts'

/** Somebody else's client, so that the stand-in is not what our own client believes of GitLab. */
function gitbeaker(api: GitlabApi, token = tokens.maintainer) {
  return new Gitlab({ host: api.url, token })
}

async function raw(
  api: GitlabApi,
  path: string,
  headers: Record<string, string> = { 'private-token': tokens.maintainer },
) {
  const response = await fetch(`${api.apiUrl}${path}`, { headers })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

describe('the stand-in of the GitLab API, to a client of others', () => {
  test('has users, projects and groups', async () => {
    const client = gitbeaker(await gitlabApi(company()), tokens.owner)
    expect(await client.Users.showCurrentUser()).toMatchObject({ id: 103, username: 'boss' })
    expect(await client.Projects.show('company/platform/app')).toMatchObject({
      id: 22,
      path_with_namespace: 'company/platform/app',
      namespace: { id: 8, kind: 'group', parent_id: 7 },
    })
    expect(await client.Groups.show(8)).toMatchObject({ full_path: 'company/platform', parent_id: 7 })
  })

  test('has variables, whose scopes tell them apart and whose hidden values are null', async () => {
    const client = gitbeaker(await gitlabApi(company()))
    const all = await client.ProjectVariables.all(22)
    expect(all.map(({ key, value, environment_scope }) => [key, value, environment_scope])).toEqual([
      ['PASSWORD', 'of staging', 'staging'],
      ['PASSWORD', 'of production', 'production'],
      ['SEALED', null, '*'],
      ['KUBECONFIG', 'a: file', '*'],
    ])
    const filter = { environment_scope: 'production' }
    expect(await client.ProjectVariables.show(22, 'PASSWORD', { filter })).toMatchObject({ value: 'of production' })
    await expect(client.ProjectVariables.show(22, 'PASSWORD')).rejects.toThrow('multiple variables')
    await client.ProjectVariables.remove(22, 'PASSWORD', { filter })
    expect(await client.ProjectVariables.show(22, 'PASSWORD')).toMatchObject({ value: 'of staging' })
  })

  test('gives all pages of a list', async () => {
    const world = company({ instanceVariables: numbered(250) })
    const api = await gitlabApi(world)
    expect(await gitbeaker(api, tokens.admin).InstanceLevelCICDVariables.all()).toHaveLength(250)
    const admin = { 'private-token': tokens.admin }
    const last = await raw(api, '/admin/ci/variables?page=3&per_page=500', admin)
    expect(Object.fromEntries(last.headers)).toMatchObject({
      'x-total': '250',
      'x-per-page': '100',
      'x-next-page': '',
      'x-prev-page': '2',
    })
    expect(JSON.parse((await raw(api, '/admin/ci/variables', admin)).body)).toHaveLength(20)
    expect(await raw(api, '/admin/ci/variables?page=0', admin)).toMatchObject({ status: 400 })
  })

  test('has schedules, notes and pipelines', async () => {
    const client = gitbeaker(await gitlabApi(company()))
    expect(await client.PipelineSchedules.show(22, 13)).toMatchObject({ variables: [{ key: 'DEPTH', value: '9' }] })
    const note = await client.MergeRequestNotes.create(22, 7, 'Hello\n')
    expect(note).toMatchObject({ body: 'Hello', system: false, author: { username: 'project_22_bot' } })
    await client.MergeRequestNotes.edit(22, 7, note.id, { body: 'Bye' })
    expect((await client.MergeRequestNotes.all(22, 7)).map(({ body }) => body)).toEqual(['Bye'])
    expect((await client.Pipelines.all(22, { ref: 'main' })).map(({ id }) => id)).toEqual([2, 1])
  })
})

describe('the stand-in of the GitLab API refuses', () => {
  test.each([
    ['no token', {}, '/user', 401, { message: '401 Unauthorized' }],
    ['an unknown one', { 'private-token': 'x' }, '/user', 401, { message: '401 Unauthorized' }],
    ['an expired one', { 'private-token': tokens.expired }, '/user', 401, { error: 'invalid_token' }],
    ['a job token', { 'job-token': tokens.job }, '/projects/22/variables', 401, { message: '401 Unauthorized' }],
    ['a developer', { 'private-token': tokens.developer }, '/projects/22/variables', 403, { message: '403 Forbidden' }],
    [
      'a maintainer at a group',
      { 'private-token': tokens.maintainer },
      '/groups/8',
      404,
      { message: '404 Group Not Found' },
    ],
    ['what is not there', { 'private-token': tokens.admin }, '/projects/99', 404, { message: '404 Project Not Found' }],
  ] as const)('%s', async (_, headers, path, status, body) => {
    const answer = await raw(await gitlabApi(company()), path, headers)
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, expect.objectContaining(body)])
  })

  test('writing with a token that may only read, and everything but reading notes with a job token', async () => {
    const api = await gitlabApi(company())
    const notes = `${api.apiUrl}/projects/22/merge_requests/7/notes`
    const post = (headers: Record<string, string>) =>
      fetch(notes, { method: 'POST', headers, body: new URLSearchParams({ body: 'x' }) })
    const read = await post({ 'private-token': tokens.reader })
    expect([read.status, await read.json()]).toEqual([403, expect.objectContaining({ error: 'insufficient_scope' })])
    expect((await post({ 'job-token': tokens.job })).status).toBe(401)
    expect((await fetch(notes, { headers: { 'job-token': tokens.job } })).status).toBe(200)
  })

  test('too many requests, with the seconds to wait', async () => {
    const api = await gitlabApi({ ...company(), instead: () => throttled(30) })
    const answer = await raw(api, '/user')
    expect([answer.status, answer.headers.get('retry-after'), answer.body]).toEqual([429, '30', 'Retry later\n'])
  })
})
