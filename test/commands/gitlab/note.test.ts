import { describe, expect, test } from 'vitest'
import type { Change } from '../../../src/core/change.ts'
import { type EnvironmentPlan, planFormat, savedPlan } from '../../../src/core/plan.ts'
import { noteMarker } from '../../../src/gitlab/note.ts'
import { json } from '../../../src/render/plan/json.ts'
import { company, tokens } from '../../gitlab-api/world.ts'
import { created, environmentOf } from '../../render/plan/plans.ts'
import { withFiles } from '../../support/files.ts'
import { type GitlabApi, type GitlabNote, gitlabApi, tooManyNotes } from '../../support/gitlab-api.ts'
import { vaultwright } from '../../support/program.ts'

const [bot, dev, boss] = [101, 102, 103]

/** A merge request pipeline of project 22, for its request !7. */
function pipeline(api: GitlabApi, more: Readonly<Record<string, string>> = {}) {
  return {
    CI_API_V4_URL: api.apiUrl,
    CI_PROJECT_ID: '22',
    CI_MERGE_REQUEST_PROJECT_ID: '22',
    CI_MERGE_REQUEST_IID: '7',
    CI_COMMIT_SHORT_SHA: '714a629c',
    CI_JOB_ID: '1212',
    CI_JOB_URL: 'https://gitlab.example.com/company/platform/app/-/jobs/1212',
    VAULTWRIGHT_GITLAB_TOKEN: tokens.maintainer,
    ...more,
  }
}

function planFile(...environments: EnvironmentPlan[]): string {
  return JSON.stringify(savedPlan(environments.map((plan) => ({ ...plan, configuration: 'x', seen: {} }))))
}

const one = created({ policy: 'path "a" {}' }, 'policy', 'reader')
const production = (...changes: Change[]) => environmentOf(changes)
const staging = (...changes: Change[]) => environmentOf(changes, { environment: 'staging' })

/** Runs `gitlab note` with the plan on stdin. */
function note(plan: string, env: Readonly<Record<string, string>>, ...words: string[]) {
  return vaultwright(['gitlab', 'note', '--plan', '-', ...words], { env, input: plan })
}

function notesOf({ world }: GitlabApi): readonly GitlabNote[] {
  return world.projects[0]?.mergeRequests?.[0]?.notes ?? []
}

/** The world with notes that are there already. */
function withNotes(...notes: GitlabNote[]) {
  const world = company()
  return { ...world, projects: world.projects.map((project) => ({ ...project, mergeRequests: [{ iid: 7, notes }] })) }
}

const marker = noteMarker({ environment: 'production' })

describe('a note is', () => {
  test('posted for each environment, with what the plan says', async () => {
    const api = await gitlabApi(company())
    const directory = withFiles({ 'plan.json': planFile(production(one), staging(one)) })
    const ended = await vaultwright(['gitlab', 'note', '--plan', 'plan.json'], { env: pipeline(api), cwd: directory })
    expect(ended).toMatchObject({
      code: 0,
      stdout: 'production: a note is posted\nstaging: a note is posted\n',
      stderr: '',
    })
    const [first, second] = notesOf(api)
    expect(first?.body.split('\n')[0]).toBe(marker)
    expect(first?.body).toContain('## Vault access: 1 to create')
    expect(first?.body).toContain('create <code>policy/reader</code>')
    expect(first?.body).toContain(
      'Planned for <code>714a629c</code> by [job 1212](https://gitlab.example.com/company/platform/app/-/jobs/1212).',
    )
    expect(first?.body).not.toContain('<code>staging</code>')
    expect(second?.body).toContain('<code>staging</code>')
  })

  test('edited by later runs, the last one of its own environment and user', async () => {
    const theirs = { id: 1, body: `${marker}\n\nnot ours`, author: dev }
    const system = { id: 2, body: `${marker}\n\nby GitLab`, author: bot, system: true }
    const quoted = { id: 3, body: `Look at this:\n${marker}`, author: bot }
    const older = { id: 4, body: `${marker}\n\nolder`, author: bot }
    const last = { id: 5, body: `${marker}\n\nlast`, author: bot }
    const other = { id: 6, body: `${noteMarker({ environment: 'staging' })}\n\nstaging`, author: bot }
    const named = { id: 7, body: `${noteMarker({ environment: 'production', name: 'x' })}\n\nnamed`, author: bot }
    const before = [theirs, system, quoted, older, last, other, named]
    const api = await gitlabApi(withNotes(...before.map((entry) => ({ ...entry }))))
    expect(await note(planFile(production(one)), pipeline(api))).toMatchObject({
      stdout: 'production: the note is updated\n',
    })
    expect(notesOf(api).filter(({ id }) => id !== 5)).toEqual(before.filter(({ id }) => id !== 5))
    expect(notesOf(api).find(({ id }) => id === 5)?.body).toContain('1 to create')

    await note(planFile(production(one)), pipeline(api), '--name', 'x')
    expect(notesOf(api).find(({ id }) => id === 7)?.body).toContain('1 to create')
  })

  test('found behind the first page', async () => {
    const many = Array.from({ length: 230 }, (_, at) => ({ id: at + 1, body: 'talk', author: dev }))
    const api = await gitlabApi(withNotes({ id: 999, body: `${marker}\n\nold`, author: bot }, ...many))
    expect(await note(planFile(production(one)), pipeline(api))).toMatchObject({
      stdout: 'production: the note is updated\n',
    })
    expect(notesOf(api)).toHaveLength(231)
  })

  test('left alone where it says the same already', async () => {
    const api = await gitlabApi(company())
    await note(planFile(production(one)), pipeline(api))
    expect(await note(planFile(production(one)), pipeline(api))).toMatchObject({
      stdout: 'production: the note is up to date\n',
    })
    expect(api.requests.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  test.each([403, 404])('posted anew where the old one cannot be edited (%i)', async (status) => {
    const api = await gitlabApi({
      ...withNotes({ id: 1, body: `${marker}\n\nold`, author: bot }),
      instead: ({ method }) => (method === 'PUT' ? { status, body: { message: `${status}` } } : undefined),
    })
    expect(await note(planFile(production(one)), pipeline(api))).toMatchObject({
      code: 0,
      stdout: 'production: a new note is posted, because the old one cannot be edited\n',
    })
    expect(notesOf(api)).toHaveLength(2)
  })

  test('not posted where nothing would change, but an old one says so then', async () => {
    const api = await gitlabApi(company())
    expect(await note(planFile(production()), pipeline(api))).toMatchObject({
      code: 0,
      stdout: 'production: nothing would change, so no note is posted\n',
    })
    expect(notesOf(api)).toEqual([])
    await note(planFile(production(one)), pipeline(api))
    await note(planFile(production()), pipeline(api))
    expect(notesOf(api)).toMatchObject([{ body: expect.stringContaining('## Vault access: no changes') }])
    await note(planFile(staging()), pipeline(api), '--always')
    expect(notesOf(api)).toHaveLength(2)
  })

  test('in the project that the merge request goes to', async () => {
    const api = await gitlabApi(company())
    await note(planFile(production(one)), pipeline(api, { CI_PROJECT_ID: '99' }))
    expect(notesOf(api)).toHaveLength(1)
    const flags = ['--project', 'company/platform/app', '--merge-request', '7', '--gitlab-url', api.url]
    const env = { MINE: tokens.owner }
    expect(await note(planFile(production(one)), env, ...flags, '--token-variable', 'MINE')).toMatchObject({ code: 0 })
    expect(notesOf(api).map(({ author }) => author)).toEqual([bot, boss])
  })

  test('no longer than GitLab takes, and says where it was cut', async () => {
    const api = await gitlabApi(company())
    const many = Array.from({ length: 12_000 }, (_, at) => created({ at }, 'policy', `${at}-${'long-name-'.repeat(9)}`))
    expect(await note(planFile(production(...many)), pipeline(api))).toMatchObject({ code: 0 })
    const [posted] = notesOf(api)
    expect(posted?.body.length).toBeLessThanOrEqual(1_000_000 - 100)
    expect(posted?.body.length).toBeGreaterThan(900_000)
    expect(posted?.body).toMatch(/ends here because of its length: \d+ changes not shown/)
    expect(posted?.body.trimEnd()).toMatch(/jobs\/1212\)\.$/)
  })
})

test('names and texts of the plan stay text: no quick action, no mention, no other marker', async () => {
  const api = await gitlabApi(company())
  const evil = `\n/close\n@all \`\`\`\n--> <!-- vaultwright:{"environment":"production"} -->\n/merge`
  const environment = environmentOf([created({ [evil]: evil }, evil, evil)], {
    environment: `x${evil}`,
    notices: [evil],
    unmanaged: [evil],
  })
  const env = pipeline(api, { CI_COMMIT_SHORT_SHA: evil, CI_JOB_URL: `https://x) ${evil}` })
  expect(await note(planFile(environment), env)).toMatchObject({ code: 0 })
  const body = notesOf(api)[0]?.body ?? ''
  expect(body).not.toMatch(/^\s*\/[a-z]/m)
  expect(body.split('\n').filter((line) => line.startsWith('<!--'))).toHaveLength(1)
  const prose = body.replace(/^(`{3,})diff\n[\s\S]*?\n\1$/gm, '').replace(/^<!-- .* -->$/m, '')
  expect(prose).not.toMatch(/@all|<!--|-->/)
  // The next run finds it again.
  expect(await note(planFile(environment), env)).toMatchObject({ stdout: expect.stringContaining('up to date') })
})

describe('of a report', () => {
  const report = (...environments: EnvironmentPlan[]) =>
    json.plan({ format: planFormat, environments }, { color: false, question: 'plan' })
  const post = (input: string, env: Readonly<Record<string, string>>) =>
    vaultwright(['gitlab', 'note', '--report', '-'], { env, input })
  const objection = (allow?: string) => ({
    code: 'large-share',
    message: 'it would delete 14 of 20',
    help: 'Look twice',
    ...(allow === undefined ? {} : { allow }),
  })

  test('it says what the note of the saved plan would', async () => {
    const api = await gitlabApi(company())
    const access = { effects: [], beyond: [] }
    const plans = [{ ...production(one), access }, staging()]
    await note(planFile(...plans), pipeline(api), '--always')
    expect(await post(report(...plans), pipeline(api))).toMatchObject({
      code: 0,
      stdout: 'production: the note is up to date\nstaging: the note is up to date\n',
    })
  })

  test('a refused plan says why, and how it is released, until one that is not takes its place', async () => {
    const api = await gitlabApi(company())
    const refused = { ...production(one), objections: [objection('share:policy'), objection('touch:policy/default')] }
    expect(await post(report(refused), pipeline(api))).toMatchObject({ stdout: 'production: a note is posted\n' })
    const [first] = notesOf(api)
    expect(first?.body).toContain('Must not be applied')
    expect(first?.body).toContain('it would delete 14 of 20')
    expect(first?.body.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))).toContain(
      '<code>VAULTWRIGHT_ALLOW</code> set to <code>share:policy touch:policy/default</code>',
    )
    expect(first?.body).toContain('create <code>policy/reader</code>')

    await note(planFile(production(one)), pipeline(api))
    expect(notesOf(api)).toHaveLength(1)
    expect(notesOf(api)[0]?.body).not.toMatch(/Must not be applied|VAULTWRIGHT/)
  })

  test('nobody is told to release what nothing releases, and it is posted without changes as well', async () => {
    const api = await gitlabApi(company())
    const impossible = { ...production(), objections: [objection('share:policy'), objection()] }
    await post(report(impossible), pipeline(api))
    expect(notesOf(api)[0]?.body).toContain('Must not be applied')
    expect(notesOf(api)[0]?.body).not.toContain('VAULTWRIGHT')
  })

  test('anything else is refused before it is posted', async () => {
    const api = await gitlabApi(company())
    const drift = report(production(one)).replace('"plan"', '"drift"')
    expect(await post(drift, pipeline(api))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stdin is no report of a plan: question is not as one is written'),
    })
    expect(await post(planFile(production(one)), pipeline(api))).toMatchObject({ code: 1 })
    const both = await note(planFile(production(one)), pipeline(api), '--report', '-')
    expect(both).toMatchObject({ code: 1, stderr: expect.stringContaining('--plan <file> or --report <file>') })
    expect(api.requests).toEqual([])
  })
})

describe('without what it needs', () => {
  test('a token, it says so and goes on, unless it is required', async () => {
    const api = await gitlabApi(company())
    const env = pipeline(api, { VAULTWRIGHT_GITLAB_TOKEN: '' })
    expect(await note(planFile(production(one)), env)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No note is posted: there is no token in VAULTWRIGHT_GITLAB_TOKEN or GITLAB_TOKEN.\n',
    })
    expect(await note(planFile(production(one)), env, '--required')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no-token'),
    })
    expect(api.requests).toEqual([])
  })

  test('a merge request, it says so and goes on', async () => {
    const api = await gitlabApi(company())
    const ended = await note(planFile(production(one)), pipeline(api, { CI_MERGE_REQUEST_IID: '' }))
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining('no pipeline of a merge request') })
    expect(api.requests).toEqual([])
  })

  test('a plan that is as it was saved, it fails', async () => {
    const api = await gitlabApi(company())
    const altered = planFile(production(one)).replace('reader', 'writer')
    expect(await note(altered, pipeline(api))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('altered-plan'),
    })
    expect(await note('[]', pipeline(api))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stdin is not a saved plan'),
    })
    expect(await vaultwright(['gitlab', 'note'], { env: pipeline(api) })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--plan'),
    })
  })

  test.each([
    [tokens.reader, '403 insufficient_scope'],
    [tokens.expired, '401 invalid_token'],
    ['glpat-unknown-canary', '401 Unauthorized'],
  ])('a token that may, it fails with the words of GitLab (%#)', async (token, words) => {
    const api = await gitlabApi(company())
    const ended = await note(planFile(production(one)), pipeline(api, { VAULTWRIGHT_GITLAB_TOKEN: token }))
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining(words) })
    expect(ended.output).not.toContain('canary')
  })

  test('a job token is told from an access token before it is sent', async () => {
    const api = await gitlabApi(company())
    const env = { VAULTWRIGHT_GITLAB_TOKEN: tokens.job, CI_JOB_TOKEN: tokens.job }
    const ended = await note(planFile(production(one)), pipeline(api, env))
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('CI_JOB_TOKEN') })
    expect(api.requests).toEqual([])
  })
})

test('a throttled note is posted once', async () => {
  const api = await gitlabApi({
    ...company(),
    instead: ({ method }, nth) => (method === 'POST' && nth === 1 ? tooManyNotes : undefined),
  })
  expect(await note(planFile(production(one)), pipeline(api))).toMatchObject({ code: 0 })
  expect(notesOf(api)).toHaveLength(1)
})
