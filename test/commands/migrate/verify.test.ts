import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { type Checklist, checklistSchema, type Step } from '../../../src/gitlab/migrate/checklist.ts'
import { tokens } from '../../gitlab-api/world.ts'
import { withFiles } from '../../support/files.ts'
import { type GitlabApi, type GitlabVariable, gitlabApi } from '../../support/gitlab-api.ts'
import { gitlab, sign } from '../../support/issuer.ts'
import { liveVault, request } from '../../support/live-vault.ts'
import { vaultwright } from '../../support/program.ts'
import { canary } from '../exec/world.ts'
import { ownName } from '../fixture.ts'

let server: Awaited<ReturnType<typeof liveVault>>

beforeAll(async () => {
  server = await liveVault()
})

interface Story {
  /** Path of the auth mount, of the secrets engine with `-kv`, and name of the project. */
  readonly id: string
  readonly cwd: string
  readonly api: GitlabApi
  readonly values: { readonly password: string; readonly token: string }
  run(...words: string[]): ReturnType<typeof vaultwright>
  write(path: string, data: Readonly<Record<string, string>>): Promise<void>
  list(): Checklist
}

function world({ api }: Pick<Story, 'api'>) {
  return {
    VAULT_ADDR: server.address,
    VAULT_TOKEN: server.token,
    CI_API_V4_URL: api.apiUrl,
    VAULTWRIGHT_GITLAB_TOKEN: tokens.maintainer,
  }
}

/** A project with two secrets, its inventory, plan and checklist; a kv-v2 engine on a real server. */
async function story(more: readonly GitlabVariable[] = [], ofGroup: readonly GitlabVariable[] = []): Promise<Story> {
  const id = ownName()
  const values = { password: canary(), token: canary() }
  const variables: GitlabVariable[] = [
    { key: 'DB_PASSWORD', value: values.password, environment_scope: 'production', protected: true, masked: true },
    { key: 'DEPLOY_TOKEN', value: values.token, protected: true, masked: true },
    ...more,
  ]
  const api = await gitlabApi({
    users: [{ id: 101, username: 'project_22_bot' }],
    tokens: { [tokens.maintainer]: { user: 101 } },
    groups: [{ id: 7, path: 'company', members: { 101: 50 }, variables: [...ofGroup] }],
    projects: [{ id: 22, path: id, group: 7, variables, pipelines: [] }],
  })
  const cwd = withFiles({})
  const env = world({ api })
  const run = (...words: string[]) => vaultwright(words, { env, cwd })
  // A new kv-v2 mount needs a moment to get ready.
  const root = (method: string, path: string, body: unknown) =>
    vi.waitFor(async () => expect((await request(server, method, path, body)).status).toBeLessThan(300), 10_000)
  await root('POST', `sys/mounts/${id}-kv`, { type: 'kv', options: { version: '2' } })
  const plan = ['--out', 'out', '--gitlab-url', gitlab, '--audience', 'https://vault.example.com']
  const mounts = ['--mount', `${id}-kv`, '--auth-mount', id]
  for (const words of [
    ['inventory', '--project', `company/${id}`, '--out', 'inventory.json'],
    ['plan', 'inventory.json', ...plan, ...mounts],
    ['checklist', 'out/migration.json', '--out', 'list.json'],
  ])
    expect(await run('migrate', ...words)).toMatchObject({ code: 0, stderr: '' })
  return {
    id,
    cwd,
    api,
    values,
    run,
    write: (path, data) => root('POST', `${id}-kv/data/company/${id}/${path}`, { data }),
    list: () => checklistSchema.parse(JSON.parse(readFileSync(join(cwd, 'list.json'), 'utf8'))),
  }
}

function states({ list }: Story, step: Step): Readonly<Record<string, string>> {
  return Object.fromEntries(list().items.map(({ key, steps }) => [key, steps[step].state]))
}

const verify = ['migrate', 'verify', 'list.json']
const yaml = ['--gitlab-yaml', '.gitlab-ci.yml', '--gitlab-yaml', 'out/gitlab/vault-jobs.yml']

test('two variables move from GitLab to Vault, step by step, and no value is seen on the way', async () => {
  const told = await story()
  const { id, cwd, api, values, run } = told
  const outputs: string[] = []
  const step = async (...words: string[]) => {
    const ended = await run(...words)
    outputs.push(ended.output, readFileSync(join(cwd, 'list.json'), 'utf8'))
    return ended
  }
  writeFileSync(join(cwd, '.gitlab-ci.yml'), 'deploy: { script: [make] }\n')

  expect(await step(...verify, ...yaml)).toMatchObject({ code: 2 })
  expect(states(told, 'written')).toEqual({ DB_PASSWORD: 'open', DEPLOY_TOKEN: 'open' })

  // One is written as it is, the other as a shell writes it.
  await told.write('production', { DB_PASSWORD: values.password })
  await told.write('shared', { DEPLOY_TOKEN: `${values.token}\n` })
  expect(await step(...verify, ...yaml)).toMatchObject({ code: 2, stdout: expect.stringContaining('line breaks only') })
  expect(states(told, 'written')).toEqual({ DB_PASSWORD: 'verified', DEPLOY_TOKEN: 'verified' })
  expect(states(told, 'compared')).toEqual({ DB_PASSWORD: 'verified', DEPLOY_TOKEN: 'open' })
  await told.write('shared', { DEPLOY_TOKEN: values.token })

  // Before a job reads it from Vault, it is not deleted.
  const refused = await step(...verify, ...yaml, '--delete', '--only', 'DEPLOY_TOKEN', '--auto-approve')
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('a job of every role reads it') })
  expect(api.world.projects[0]?.variables).toHaveLength(2)

  // The roles are applied, and a job of the project reads by one what it did not write down anywhere.
  expect(await step('apply', '-C', 'out', '--auto-approve')).toMatchObject({ code: 0 })
  expect(await readAsJob(told)).toMatchObject({ code: 0, stdout: 'both\n' })

  writeFileSync(join(cwd, '.gitlab-ci.yml'), `deploy: { extends: .vault-${id}-production, script: [make] }\n`)
  expect(await step(...verify, ...yaml)).toMatchObject({ code: 2 })
  expect(states(told, 'switched')).toEqual({ DB_PASSWORD: 'verified', DEPLOY_TOKEN: 'verified' })

  const both = ['--only', 'DB_PASSWORD@production', '--only', 'DEPLOY_TOKEN']
  expect(await step(...verify, ...yaml, '--delete', ...both)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no terminal'),
  })
  expect(api.world.projects[0]?.variables).toHaveLength(2)
  expect(await step(...verify, ...yaml, '--delete', ...both, '--auto-approve')).toMatchObject({ code: 2 })
  expect(api.world.projects[0]?.variables).toEqual([])
  expect(states(told, 'deleted')).toEqual({ DB_PASSWORD: 'verified', DEPLOY_TOKEN: 'verified' })

  const later = new Date(Date.now() + 60_000).toISOString()
  api.world.projects[0]?.pipelines?.push({ id: 9, ref: 'main', status: 'failed', created_at: later })
  expect(await step(...verify, ...yaml)).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('pipeline 9 of main'),
  })
  api.world.projects[0]?.pipelines?.push({ id: 10, ref: 'main', status: 'success', created_at: later })
  expect(await step(...verify, ...yaml)).toMatchObject({ code: 0, stdout: expect.stringContaining('2 of 2 moved') })

  // What was verified and is no longer so is refuted.
  await told.write('shared', { OTHER: 'x' })
  expect(await step(...verify, ...yaml)).toMatchObject({ code: 1 })
  expect(states(told, 'written')).toEqual({ DB_PASSWORD: 'verified', DEPLOY_TOKEN: 'refuted' })
  for (const text of outputs) {
    expect(text).not.toContain(values.password)
    expect(text).not.toContain(values.token)
  }
})

/** `exec` with an ID token as GitLab gives it to a job of production on a protected branch. */
async function readAsJob({ id, cwd, values }: Story) {
  const claims = {
    project_id: '22',
    job_project_id: '22',
    ref_protected: 'true',
    ref_type: 'branch',
    pipeline_source: 'push',
    environment: 'production',
    environment_protected: 'true',
    environment_action: 'start',
  }
  const jwt = await sign(claims)
  const env = { VAULT_ADDR: server.address, VAULT_ID_TOKEN: jwt, DB: values.password, DEPLOY: values.token }
  const script = '[ "$DB_PASSWORD" = "$DB" ] && [ "$DEPLOY_TOKEN" = "$DEPLOY" ] && echo both'
  return await vaultwright(['exec', '-C', 'out', '--role', `${id}-production`, '--', 'sh', '-c', script], { env, cwd })
}

describe('nothing is deleted', () => {
  test.each([
    [['--delete'], 'which variables'],
    [['--delete', '--only', 'NOT_THERE', '--auto-approve'], 'no such variable'],
    [['--delete', '--only', 'DB_PASSWORD@production', '--auto-approve'], 'not verified that the value is in Vault'],
  ])('with %j', async (words, message) => {
    const { api, run } = await story()
    expect(await run(...verify, ...words)).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
    expect(api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
  })

  test('on the word of a person', async () => {
    const told = await story()
    const list = told.list()
    const claimed = { state: 'claimed' }
    const items = list.items.map((one) => ({
      ...one,
      steps: { ...one.steps, written: claimed, compared: claimed, switched: claimed },
    }))
    writeFileSync(join(told.cwd, 'list.json'), JSON.stringify({ ...list, items }))
    const ended = await told.run(...verify, '--delete', '--only', 'DEPLOY_TOKEN', '--auto-approve')
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('not verified') })
    expect(told.api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
    // Vault was asked, and does not have it: the claim does not hold.
    expect(states(told, 'written')['DEPLOY_TOKEN']).toBe('refuted')
  })

  test('that was made anew as a hidden one after it was verified', async () => {
    const told = await story()
    await told.write('shared', { DEPLOY_TOKEN: told.values.token })
    writeFileSync(
      join(told.cwd, '.gitlab-ci.yml'),
      `deploy: { extends: .vault-${told.id}-production, script: [make] }\n`,
    )
    await told.run(...verify, ...yaml)
    expect(states(told, 'compared')['DEPLOY_TOKEN']).toBe('verified')
    const variables = told.api.world.projects[0]?.variables ?? []
    const at = variables.findIndex(({ key }) => key === 'DEPLOY_TOKEN')
    variables[at] = { key: 'DEPLOY_TOKEN', value: canary(), hidden: true, masked: true, protected: true }
    const ended = await told.run(...verify, ...yaml, '--delete', '--only', 'DEPLOY_TOKEN', '--auto-approve')
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining("equals the variable's") })
    expect(told.api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
  })

  test('by what an earlier run saw of the jobs', async () => {
    const told = await story()
    await told.write('shared', { DEPLOY_TOKEN: told.values.token })
    writeFileSync(join(told.cwd, '.gitlab-ci.yml'), `deploy: { extends: .vault-${told.id}-production }\n`)
    await told.run(...verify, ...yaml)
    expect(states(told, 'switched')['DEPLOY_TOKEN']).toBe('verified')
    const ended = await told.run(...verify, '--delete', '--only', 'DEPLOY_TOKEN', '--auto-approve')
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('--gitlab-yaml') })
    expect(told.api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
  })

  test('while a job of one role reads it, and none of another', async () => {
    const told = await story([{ key: 'OTHER_TOKEN', value: canary(), environment_scope: 'staging', masked: true }])
    await told.write('shared', { DEPLOY_TOKEN: told.values.token })
    const [production, staging] = ['production', 'staging'].map((name) => `${told.id}-${name}`)
    const deletion = [...verify, ...yaml, '--delete', '--only', 'DEPLOY_TOKEN', '--auto-approve']
    writeFileSync(join(told.cwd, '.gitlab-ci.yml'), `deploy: { extends: .vault-${production} }\n`)
    const refused = await told.run(...deletion)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('a job of every role') })
    expect(told.list().items.find(({ key }) => key === 'DEPLOY_TOKEN')?.steps.switched.note).toContain(`by ${staging}:`)
    // A job may also declare all of it by itself.
    const secrets = `{ DEPLOY_TOKEN: { vault: company/${told.id}/shared/DEPLOY_TOKEN@${told.id}-kv } }`
    const own = `review: { variables: { VAULT_AUTH_ROLE: ${staging} }, secrets: ${secrets} }\n`
    writeFileSync(join(told.cwd, '.gitlab-ci.yml'), `deploy: { extends: .vault-${production} }\n${own}`)
    expect(await told.run(...deletion)).toMatchObject({ stderr: expect.stringContaining('deleted: ') })
  })

  test('at another GitLab than that of the list', async () => {
    const told = await story()
    const other = await gitlabApi()
    const env = { ...world(told), CI_API_V4_URL: other.apiUrl }
    const ended = await vaultwright(verify, { env, cwd: told.cwd })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('--gitlab-url') })
    expect(other.requests).toEqual([])
    expect(states(told, 'deleted')['DEPLOY_TOKEN']).toBe('open')
  })

  test('without a look into Vault', async () => {
    const { cwd, api } = await story()
    const env = { CI_API_V4_URL: api.apiUrl, VAULTWRIGHT_GITLAB_TOKEN: tokens.maintainer }
    const ended = await vaultwright([...verify, '--delete', '--only', 'DEPLOY_TOKEN', '--auto-approve'], { env, cwd })
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('without a look into Vault') })
  })
})

describe('a copy', () => {
  test('writes what is missing, over nothing that is there, and shows no value', async () => {
    const sealed = canary()
    const told = await story([{ key: 'SEALED_KEY', value: sealed, hidden: true, masked: true, protected: true }])
    await told.write('production', { DB_PASSWORD: 'another' })
    await told.write('shared', { OTHER: 'stays' })
    const ended = await told.run('migrate', 'copy', 'list.json')
    expect(ended).toMatchObject({ code: 1, stderr: '' })
    expect(ended.stdout).toMatch(/NO {2}.*DB_PASSWORD@production: Vault has another value there/)
    expect(ended.stdout).toMatch(/ok {2}.*DEPLOY_TOKEN: written to/)
    expect(ended.stdout).toMatch(/NO {2}.*SEALED_KEY: it is hidden/)
    for (const value of [...Object.values(told.values), sealed, 'another', 'stays']) {
      if (value.startsWith('canary')) expect(ended.output).not.toContain(value)
    }
    const path = `${told.id}-kv/data/company/${told.id}`
    expect((await request(server, 'GET', `${path}/shared`)).body?.['data']).toMatchObject({
      data: { OTHER: 'stays', DEPLOY_TOKEN: told.values.token },
    })
    expect((await request(server, 'GET', `${path}/production`)).body?.['data']).toMatchObject({
      data: { DB_PASSWORD: 'another' },
      metadata: { version: 1 },
    })
    const again = await told.run('migrate', 'copy', 'list.json', '--only', 'DEPLOY_TOKEN')
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('was there already') })
  })

  test('leaves a secret with more than texts to others', async () => {
    const told = await story()
    await told.write('shared', { COUNT: 1 as unknown as string })
    const ended = await told.run('migrate', 'copy', 'list.json', '--only', 'DEPLOY_TOKEN')
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('more than texts') })
  })

  test('does not write what was deleted in Vault before', async () => {
    const told = await story()
    await told.write('shared', { DEPLOY_TOKEN: 'old' })
    await request(server, 'DELETE', `${told.id}-kv/data/company/${told.id}/shared`)
    const ended = await told.run('migrate', 'copy', 'list.json', '--only', 'DEPLOY_TOKEN')
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('check-and-set') })
    expect(ended.output).not.toContain(told.values.token)
  })
})

describe('a value that GitLab expands', () => {
  const expanded = { key: 'DSN_PASSWORD', value: 'pw-$DEPLOY_TOKEN', protected: true, masked: true }

  test('is not copied, not called equal, and deleted only on the word of a person', async () => {
    const told = await story([expanded])
    const plan = readFileSync(join(told.cwd, 'out/MIGRATION.md'), 'utf8')
    expect(plan).toMatch(/DSN_PASSWORD=-.*write the text that a job gets/)
    const copied = await told.run('migrate', 'copy', 'list.json', '--only', 'DSN_PASSWORD')
    expect(copied).toMatchObject({ code: 1, stdout: expect.stringContaining('GitLab expands a part of the value') })
    expect((await request(server, 'GET', `${told.id}-kv/data/company/${told.id}/shared`)).status).toBe(404)

    await told.write('shared', { DSN_PASSWORD: expanded.value })
    writeFileSync(join(told.cwd, '.gitlab-ci.yml'), `deploy: { extends: .vault-${told.id}-production }\n`)
    const deletion = [...verify, ...yaml, '--delete', '--only', 'DSN_PASSWORD', '--auto-approve']
    expect(await told.run(...deletion)).toMatchObject({ code: 1, stderr: expect.stringContaining('equals') })
    expect(states(told, 'compared')['DSN_PASSWORD']).toBe('open')

    const list = told.list()
    const items = list.items.map((one) => ({ ...one, steps: { ...one.steps, compared: { state: 'claimed' } } }))
    writeFileSync(join(told.cwd, 'list.json'), JSON.stringify({ ...list, items }))
    expect(await told.run(...deletion)).toMatchObject({ stderr: expect.stringContaining('deleted: ') })
  })

  test('names what it mentions, and that is not deleted without a word', async () => {
    const told = await story([expanded])
    await told.write('shared', { DEPLOY_TOKEN: told.values.token })
    writeFileSync(join(told.cwd, '.gitlab-ci.yml'), `deploy: { extends: .vault-${told.id}-production }\n`)
    const ended = await told.run(...verify, ...yaml, '--delete', '--only', 'DEPLOY_TOKEN', '--auto-approve')
    expect(ended.stderr).toMatch(/DEPLOY_TOKEN is mentioned as \$DEPLOY_TOKEN by project .*: DSN_PASSWORD/)
    expect(readFileSync(join(told.cwd, 'out/MIGRATION.md'), 'utf8')).toMatch(/mentioned as .*DSN/)
  })
})

test('of a variable of a group it is said that the jobs of other projects are not seen', async () => {
  const value = canary()
  const told = await story([], [{ key: 'SHARED_TOKEN', value, protected: true, masked: true }])
  writeFileSync(join(told.cwd, '.gitlab-ci.yml'), `deploy: { extends: .vault-${told.id}-production }\n`)
  const ended = await told.run(...verify, ...yaml)
  expect(ended.stderr).toMatch(/^group company: SHARED_TOKEN: jobs of other projects of the group are not seen/m)
  expect(states(told, 'switched')['SHARED_TOKEN']).toBe('verified')
})

test('jobs of two projects may have the same name', async () => {
  const told = await story([{ key: 'OTHER_TOKEN', value: canary(), environment_scope: 'staging', masked: true }])
  for (const name of ['production', 'staging'])
    writeFileSync(join(told.cwd, `${name}.yml`), `deploy: { extends: .vault-${told.id}-${name} }\n`)
  const files = ['production.yml', 'staging.yml', 'out/gitlab/vault-jobs.yml']
  await told.run(...verify, ...files.flatMap((file) => ['--gitlab-yaml', file]))
  expect(states(told, 'switched')['DEPLOY_TOKEN']).toBe('verified')
})

test('a value that differs, and a hidden one, are not compared to be equal', async () => {
  const told = await story([{ key: 'SEALED_KEY', value: 'unreadable', hidden: true, masked: true, protected: true }])
  await told.write('production', { DB_PASSWORD: 'another' })
  await told.write('shared', { SEALED_KEY: 'unreadable', DEPLOY_TOKEN: told.values.token })
  expect(await told.run(...verify)).toMatchObject({ code: 2, stdout: expect.stringContaining('hidden in GitLab') })
  expect(states(told, 'compared')).toEqual({ DB_PASSWORD: 'open', SEALED_KEY: 'open', DEPLOY_TOKEN: 'verified' })
})

test('where there is no engine yet, verify says so of every variable and ends as usual', async () => {
  const told = await story()
  await request(server, 'DELETE', `sys/mounts/${told.id}-kv`)
  const ended = await told.run(...verify)
  expect(ended).toMatchObject({ code: 2, stdout: expect.stringContaining(`no kv-v2 engine at ${told.id}-kv`) })
})

test('without credentials what is known stays known', async () => {
  const told = await story()
  await told.write('shared', { DEPLOY_TOKEN: told.values.token })
  await told.run(...verify)
  const before = told.list()
  const ended = await vaultwright(verify, { cwd: told.cwd })
  expect(ended).toMatchObject({ code: 2 })
  expect(ended.stderr).toContain('Vault is not asked')
  expect(ended.stderr).toContain('GitLab is not asked')
  expect(told.list()).toEqual(before)
})

test('what is in no GitLab is compared by the hash of the inventory, if its key was kept', async () => {
  const told = await story()
  const [value, path] = [canary(), `company/${told.id}`]
  writeFileSync(join(told.cwd, '.env'), `OLD_PASSWORD=${value}\n`)
  const key = ['--hash-key-file', 'key']
  for (const words of [
    ['inventory', '--env-file', '.env', '--of', path, '--out', 'inventory.json', ...key],
    [
      'plan',
      'inventory.json',
      '--project',
      `22=${path}`,
      '--out',
      'out',
      '--gitlab-url',
      gitlab,
      '--audience',
      'x',
      '--mount',
      `${told.id}-kv`,
    ],
    ['checklist', 'out/migration.json', '--out', 'list.json'],
  ])
    expect(await told.run('migrate', ...words)).toMatchObject({ code: 0 })
  await told.write('shared', { OLD_PASSWORD: value })
  await told.run(...verify)
  expect(states(told, 'compared')).toEqual({ OLD_PASSWORD: 'open' })
  await told.run(...verify, ...key)
  expect(states(told, 'compared')).toEqual({ OLD_PASSWORD: 'verified' })
  await told.write('shared', { OLD_PASSWORD: 'another' })
  expect(await told.run(...verify, ...key)).toMatchObject({ code: 1 })
  expect(states(told, 'compared')).toEqual({ OLD_PASSWORD: 'refuted' })
  const missing = await told.run(...verify, '--hash-key-file', 'no-such-key')
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be read') })
})

test('a job that reads the name from another place in Vault has not switched', async () => {
  const told = await story()
  writeFileSync(
    join(told.cwd, '.gitlab-ci.yml'),
    'deploy: { secrets: { DEPLOY_TOKEN: { vault: other/DEPLOY_TOKEN@kv } }, script: [make] }\n',
  )
  const ended = await told.run(...verify, '--gitlab-yaml', '.gitlab-ci.yml')
  expect(ended.stdout).toContain('from another place in Vault')
  expect(states(told, 'switched')).toEqual({ DB_PASSWORD: 'open', DEPLOY_TOKEN: 'open' })
})
