import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { failures } from '../../src/access/why/failure-table.ts'
import { saidFailures } from '../../src/access/why/said-failures.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { claimsFor, logIn } from '../repository/claims.ts'
import { temporaryFolder, withFiles } from '../support/files.ts'
import { commit, gitlabProject, runJob, validate } from '../support/gitlab-ci-local.ts'
import { sign } from '../support/issuer.ts'
import { request, startVault } from '../support/live-vault.ts'
import { vaultwright } from '../support/program.ts'
import { vaultKey } from '../support/runner.ts'
import type { VaultProcess } from '../support/vault-process.ts'

/** What `vaultwright report` writes of this repository's own configuration. */
let folder: string

beforeAll(async () => {
  folder = temporaryFolder()
  const run = await vaultwright(['report', '--out', folder])
  expect(run).toMatchObject({ code: 0, stdout: '' })
})

function read(name: string, from = folder): string {
  return readFileSync(join(from, name), 'utf8')
}

const environments = ['production', 'staging']

/** Of the roles that read secrets, as each output says it; by `environment mount/role`. */
interface Said {
  readonly audiences: readonly string[]
  readonly ttl: number
  /** `VARIABLE path field`. */
  readonly secrets: readonly string[]
}

type Told = Readonly<Record<string, Said>>

/** What stands below a heading, down to the next one of its level; a policy's comments are no headings. */
function section(text: string, heading: string): string {
  const level = heading.indexOf(' ')
  const found: string[] = []
  let [inside, fenced] = [false, false]
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) fenced = !fenced
    if (!fenced && /^#+ /.test(line) && line.indexOf(' ') <= level) inside = line === heading
    else if (inside) found.push(line)
  }
  return `${found.join('\n')}\n`
}

/** (a): the JSON of the roles in the page. */
function rolesOfPage(): Readonly<Record<string, JsonObject>> {
  const page = read('a-vault.md')
  return Object.fromEntries(
    environments.flatMap((environment) => {
      const part = section(page, `## \`${environment}\``)
      const found = [...part.matchAll(/^### Role `(.+)` at `(.+)`\n[\s\S]*?```json\n([\s\S]*?)```/gm)]
      return found.map(([, name, mount, json]) => [`${environment} ${mount}/${name}`, JSON.parse(json as string)])
    }),
  )
}

/** (c): the table for spreadsheets; this configuration has quoted cells, but no line break in one. */
function csvRows(): readonly Readonly<Record<string, string>>[] {
  const [header, ...rows] = read('c-bindings.csv')
    .trim()
    .split('\r\n')
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = '']) =>
        cell.replace(/^"|"$/g, '').replaceAll('""', '"'),
      ),
    )
  return rows.map((cells) =>
    Object.fromEntries((header as string[]).map((name, index) => [name, cells[index] as string])),
  )
}

function toldByBindings(): Told {
  const told: Record<string, Said> = {}
  for (const { environment, mount, role, audiences, ttl_seconds, variable, path, field } of csvRows()) {
    if (!variable) continue
    const key = `${environment} ${mount}/${role}`
    const secrets = [...(told[key]?.secrets ?? []), `${variable} ${path} ${field}`]
    told[key] = { audiences: (audiences as string).split(' '), ttl: Number(ttl_seconds), secrets }
  }
  return told
}

interface Template {
  readonly id_tokens: { readonly VAULT_ID_TOKEN: { readonly aud: string } }
  readonly variables: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, JsonObject>>
}

/** (b): the templates, those that adapt together with their parts. */
function templates(): Readonly<Record<string, JsonObject>> {
  const { include: _, ...main } = parse(read('b-gitlab-jobs.yml')) as Record<string, JsonObject>
  for (const name of readdirSync(join(folder, 'b-gitlab-jobs'))) {
    const part = parse(read(`b-gitlab-jobs/${name}`)) as Record<string, JsonObject>
    for (const [key, value] of Object.entries(part)) main[key] = { ...main[key], ...value }
  }
  return main
}

describe('the outputs agree with each other', () => {
  test('(a) and (c) have the same roles, audiences, claims, policies and times', () => {
    const roles = rolesOfPage()
    const rows = csvRows()
    const keys = new Set(rows.map(({ environment, mount, role }) => `${environment} ${mount}/${role}`))
    expect(Object.keys(roles).sort()).toEqual([...keys].sort())
    for (const row of rows) {
      const role = roles[`${row['environment']} ${row['mount']}/${row['role']}`] as Record<string, never>
      expect(role['bound_audiences']).toEqual((row['audiences'] as string).split(' '))
      expect(role['bound_claims']).toEqual(JSON.parse(row['claims'] as string))
      expect(role['token_ttl']).toBe(Number(row['ttl_seconds']))
      const policies = (row['policies'] as string).split(' ').filter((name) => name !== 'default')
      expect(role['token_policies']).toEqual(policies)
    }
  })

  test('(a) grants every path that (c) says is read, and names every policy that a role has', () => {
    const page = read('a-vault.md')
    for (const { environment = '', path, variable, policies = '' } of csvRows()) {
      const part = section(page, `## \`${environment}\``)
      const texts = policies
        .split(' ')
        .filter((name) => name !== 'default')
        .map((name) => /```hcl\n([\s\S]*?)```/.exec(section(part, `### Policy \`${name}\``))?.[1])
      expect(texts).not.toContain(undefined)
      const folderOf = (path as string).replace(/[^/]*$/, '*')
      if (variable)
        expect(texts.some((text) => text?.includes(`"${path}"`) || text?.includes(`"${folderOf}"`))).toBe(true)
    }
  })

  test('(b) and (c) have the same audience, mount, role and secrets', () => {
    const bindings = toldByBindings()
    const found = Object.values(templates()).map((job) => job as unknown as Template)
    expect(
      found.map(({ variables }) => `${variables['VAULT_AUTH_PATH']}/${variables['VAULT_AUTH_ROLE']}`).sort(),
    ).toEqual(
      Object.keys(bindings)
        .map((key) => key.split(' ')[1])
        .sort(),
    )
    for (const { id_tokens, variables, secrets } of found) {
      const at = `${variables['VAULT_AUTH_PATH']}/${variables['VAULT_AUTH_ROLE']}`
      const said = Object.entries(bindings).find(([key]) => key.endsWith(` ${at}`))?.[1] as Said
      expect(said.audiences).toContain(id_tokens.VAULT_ID_TOKEN.aud)
      const read = Object.entries(secrets).map(([name, { vault }]) => {
        const { engine, path, field } = vaultKey(vault)
        return `${name} ${engine.path}/data/${path} ${field}`
      })
      expect(read).toEqual(said.secrets)
    }
  })

  test('(d) lists every secret of (c) once, under its role, with every step open', () => {
    const page = read('d-cutover.md')
    for (const [key, { secrets }] of Object.entries(toldByBindings())) {
      const [environment, role] = key.split(' ')
      const part = section(page, `## \`${environment}\``)
      const heading = part.split('\n').find((line) => line.startsWith(`### \`${role}\`, by `)) as string
      const lines = section(part, heading)
      const rows = [...lines.matchAll(/^\| `(.+?)` \| `(.+?)` field `(.+?)`, as (?:file|value) ((?:\| \[ \] )+)\|$/gm)]
      expect(rows.map(([, variable, path, field]) => `${variable} ${path} ${field}`)).toEqual(secrets)
      for (const [, , , , boxes] of rows) expect(boxes).toBe('| [ ] '.repeat(5))
    }
  })

  test('(e) names the audience of every role of (c), and every failure that "access why" knows', () => {
    const page = read('e-failures.md')
    for (const [key, { audiences }] of Object.entries(toldByBindings()))
      expect(page).toContain(`- \`${key.split(' ')[1]}\` takes \`${audiences.join('` or `')}\`.`)
    for (const { id } of failures) expect(page).toContain(`| \`${id}\` |`)
    for (const { text } of saidFailures) if (!/[\n\t]/.test(text)) expect(page).toContain(`\`${text}\``)
  })

  test('index.md links to every file there is, and to nothing else', () => {
    const links = [...read('index.md').matchAll(/\]\((.+?)\)/g)].map(([, file]) => file)
    const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
    expect([...links, 'index.md'].sort()).toEqual(files.map(({ name }) => name).sort())
  })
})

test('a second report is the same, byte for byte', async () => {
  const again = withFiles({})
  await vaultwright(['report', '--out', again])
  for (const name of readdirSync(folder).filter((file) => file.includes('.')))
    if (name !== 'b-gitlab-jobs.yml') expect(read(name, again), name).toBe(read(name))
})

describe('on a real server', () => {
  let server: VaultProcess
  beforeAll(async () => {
    server = await startVault()
    for (const environment of environments) expect(await runScript(environment)).toMatchObject({ code: 0 })
    return async () => await server.stop()
  })

  /** The script of (a), with the server's own program. */
  function runScript(environment: string): Promise<{ readonly code: number | null; readonly output: string }> {
    const provided = inject('vault')
    if ('reason' in provided) throw new Error(provided.reason)
    const { address: VAULT_ADDR, token } = server
    const env = {
      ...{ PATH: process.env['PATH'], HOME: folder, VAULT_PROGRAM: provided.program },
      ...{ VAULT_ADDR, BAO_ADDR: VAULT_ADDR, VAULT_TOKEN: token, BAO_TOKEN: token },
    }
    return new Promise((done) => {
      execFile('/bin/sh', [join(folder, `a-vault-${environment}.sh`)], { env }, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
      )
    })
  }

  test('the scripts of (a) write what a plan would, and can be run again', async () => {
    const env = { VAULT_ADDR: server.address, VAULT_TOKEN: server.token }
    expect(await vaultwright(['plan'], { env })).toMatchObject({ code: 0 })
    for (const environment of environments) expect(await runScript(environment)).toMatchObject({ code: 0 })
    expect(await vaultwright(['plan'], { env })).toMatchObject({ code: 0 })
  })

  test('what index.md says a merge request is refused with is what it is refused with, and who is admitted is', async () => {
    const page = read('index.md')
    const mergeRequest = {
      pipeline_source: 'merge_request_event',
      ref: 'a-change',
      ref_path: 'refs/heads/a-change',
      ref_protected: 'false',
    }
    for (const job of ['build-token', 'myproject-production', 'myproject-staging', 'nexus-ci'] as const) {
      const [, said = ''] = new RegExp(`^- \`jwt\\w*/${job}\`: .*\n  (.*)`, 'm').exec(page) ?? []
      const login = await logIn(server, job, { ...claimsFor(job), ...mergeRequest })
      if (said.includes('admitted')) expect(login, job).toHaveProperty('token')
      else expect(said.split('`'), job).toContain((login as { errors: readonly string[] }).errors[0])
    }
  })

  test('(d) writes a new secret so that none is written over, as the server refuses it', async () => {
    const [line = ''] = read('d-cutover.md').match(/^printf.*vault kv put -cas=0 -mount=ops .*$/m) ?? []
    expect(line).toMatch(/-mount=ops \S+ \w+=- {4}# a new secret/)
    expect(read('d-cutover.md')).toContain(line.replace(/put -cas=0(.*)#.*/, 'patch$1#'))
  })

  test('the job of (d) that compares says whether both values are equal, and shows neither', async () => {
    const scripts = withFiles({})
    await vaultwright(['report', '--out', scripts, '--via', 'script'])
    const value = crypto.randomUUID()
    await request(server, 'POST', 'sys/mounts/ops', { type: 'kv', options: { version: '2' } })
    expect((await request(server, 'POST', 'ops/data/production/db', { data: { password: value } })).status).toBe(200)
    const page = section(read('d-cutover.md', scripts), '## `production`')
    const [, job = ''] = /```yaml\n(compare DATABASE_PASSWORD:\n[\s\S]*?)```/.exec(page) ?? []
    const project = gitlabProject({
      '.gitlab-ci.yml': `include: { local: /jobs.yml }\n${job}  rules: [{ when: on_success }]\n`,
      'jobs.yml': read('b-gitlab-jobs.yml', scripts).replace(/^include:\n(?: .*\n)*/m, ''),
    })
    const variables = (old: string, VAULT_ID_TOKEN: string) => {
      return { VAULT_SERVER_URL: server.address, VAULT_ID_TOKEN, OLD_DATABASE_PASSWORD: old }
    }
    const run = async (old: string) => {
      const token = await sign(claimsFor('myproject-production'))
      return await runJob(project, 'compare DATABASE_PASSWORD', { variables: variables(old, token) })
    }
    const equal = await run(value)
    expect(equal.output).not.toContain(value)
    expect(equal.code, equal.output).toBe(0)
    expect((await run(`${value}x`)).code).not.toBe(0)
  })
})

test('the templates of (b) are valid to GitLab where they are included', async () => {
  const project = gitlabProject({
    '.gitlab-ci.yml':
      "include: { local: /report/b-gitlab-jobs.yml }\njob: { extends: .vault-nexus-ci, script: ['true'] }\n",
  })
  await vaultwright(['report', '--out', join(project, 'report')])
  commit(project)
  expect(await validate(project)).toMatchObject({ valid: true })
})

test('a second report of one environment leaves nothing of the other, and touches no file of others', async () => {
  const cwd = withFiles({ 'out/a-vault-mine.sh': '#!/bin/sh\necho mine\n' })
  expect(await vaultwright(['report', '--out', join(cwd, 'out')])).toMatchObject({ code: 0 })
  expect(await vaultwright(['report', '--out', join(cwd, 'out'), '-e', 'staging'])).toMatchObject({ code: 0 })
  const files = readdirSync(join(cwd, 'out')).filter((name) => name.startsWith('a-vault'))
  expect(files.sort()).toEqual(['a-vault-mine.sh', 'a-vault-staging.sh', 'a-vault.md'])
  for (const name of ['index.md', 'b-gitlab-jobs.yml', 'd-cutover.md', 'c-bindings.md'])
    expect(read(name, join(cwd, 'out')), name).not.toContain('myproject-production')
})

test('without a folder it says what is missing', async () => {
  const run = await vaultwright(['report'])
  expect(run.code).not.toBe(0)
  expect(run.stderr).toContain('--out')
})

test('a folder that is not there yet is made', async () => {
  const out = join(withFiles({}), 'new/deeper')
  const run = await vaultwright(['report', '--out', out])
  expect(run, run.output).toMatchObject({ code: 0 })
  expect(readdirSync(out)).toEqual(expect.arrayContaining(['index.md', 'b-gitlab-jobs.yml']))
})

test('a folder that cannot be written is said', async () => {
  const cwd = withFiles({ taken: 'a file' })
  expect(await vaultwright(['report', '--out', join(cwd, 'taken')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('could not be written'),
  })
})
