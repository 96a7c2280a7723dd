import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Inventory, inventorySchema } from '../../../src/gitlab/migrate/inventory.ts'
import { company, numbered, tokens } from '../../gitlab-api/world.ts'
import { withFiles } from '../../support/files.ts'
import { type GitlabApi, type GitlabApiOptions, gitlabApi } from '../../support/gitlab-api.ts'
import { vaultwright } from '../../support/program.ts'

function migrate(words: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = withFiles({})) {
  return vaultwright(['migrate', 'inventory', ...words], { env, cwd })
}

function asking(api: GitlabApi, token = tokens.owner) {
  return { CI_API_V4_URL: api.apiUrl, VAULTWRIGHT_GITLAB_TOKEN: token }
}

async function read(options: GitlabApiOptions, words: readonly string[], token?: string): Promise<Inventory> {
  const api = await gitlabApi(options)
  const ended = await migrate([...words, '--format', 'json'], asking(api, token))
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  return inventorySchema.parse(JSON.parse(ended.stdout))
}

describe("from GitLab's API", () => {
  test('a project, the groups above it and its schedules are read, and values are not kept', async () => {
    const made = await read(company(), ['--project', 'company/platform/app'])
    expect(made.projects).toEqual([
      {
        id: 22,
        path: 'company/platform/app',
        default_branch: 'main',
        groups: ['company/platform', 'company'],
        schedules: true,
      },
    ])
    expect(made.variables.map(({ id }) => id)).toEqual([
      'group company/platform: SHARED',
      'group company: SHARED',
      'project company/platform/app: KUBECONFIG',
      'project company/platform/app: PASSWORD@production',
      'project company/platform/app: PASSWORD@staging',
      'project company/platform/app: SEALED',
      'schedule company/platform/app 13: DEPTH',
    ])
    const text = JSON.stringify(made)
    for (const value of [
      'of staging',
      'of production',
      'of the company',
      'unreadable',
      'a: file',
      'for kubectl',
      'nightly',
    ])
      expect(text).not.toContain(value)
  })

  test('hidden variables have no hash, and it is said what that means', async () => {
    const { variables } = await read(company(), ['--project', '22'])
    expect(variables.find(({ key }) => key === 'SEALED')).toMatchObject({
      class: 'secret',
      hidden: true,
      hash: null,
      warnings: expect.arrayContaining([expect.stringContaining('it is hidden')]),
    })
  })

  test('the nearer group comes before the farther', async () => {
    const { variables } = await read(company(), ['--project', '22'])
    const far = variables.find(({ id }) => id === 'group company: SHARED')
    expect(far).toMatchObject({ overridden: 'sometimes', overridden_by: ['group company/platform: SHARED'] })
  })

  test('what the token may not read is said, and the rest is read all the same', async () => {
    const { variables, missing, projects } = await read(company(), ['--project', '22', '--instance'], tokens.maintainer)
    expect(variables.some(({ key }) => key === 'PASSWORD')).toBe(true)
    expect(variables.some(({ place }) => place.kind === 'group' || place.kind === 'instance')).toBe(false)
    expect(missing).toEqual([
      expect.stringMatching(/^group company\/platform and those above it: .*404/),
      expect.stringMatching(/^instance: .*403/),
    ])
    // The order of precedence needs their names, not their variables.
    expect(projects[0]?.groups).toEqual(['company/platform', 'company'])
  })

  test('a group that is closed at its variables only does not end the walk', async () => {
    const closed: GitlabApiOptions = {
      ...company(),
      instead: ({ path }) =>
        path.includes('/groups/8/variables') ? { status: 403, body: { message: '403 Forbidden' } } : undefined,
    }
    const { variables, missing } = await read(closed, ['--project', '22'])
    expect(missing).toEqual([expect.stringMatching(/^group company\/platform: .*403/)])
    expect(variables.map(({ id }) => id)).toContain('group company: SHARED')
  })

  test('all pages are read', async () => {
    const world = company()
    const projects = world.projects.map((project) => ({ ...project, variables: numbered(250) }))
    const { variables } = await read({ ...world, projects }, ['--project', '22'])
    expect(variables.filter(({ place }) => place.kind === 'project')).toHaveLength(250)
  })

  test("the instance's are read with an administrator's token", async () => {
    const { variables } = await read(company(), ['--instance'], tokens.admin)
    expect(variables).toMatchObject([{ key: 'PROXY', place: { kind: 'instance' }, class: 'configuration' }])
  })

  test('where everything is closed, it fails and says what', async () => {
    const api = await gitlabApi(company())
    const ended = await migrate(['--instance'], asking(api, tokens.maintainer))
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('Not read:') })
  })

  test('a project that is not there, and a token that is not, are errors', async () => {
    const api = await gitlabApi(company())
    expect(await migrate(['--project', '99'], asking(api))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('404'),
    })
    expect(await migrate(['--project', '22'], { CI_API_V4_URL: api.apiUrl })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no-token'),
    })
  })
})

describe('from files', () => {
  const canaries = { token: 'canary-of-the-export', env: 'canary-of-the-env', yaml: 'canary-of-the-yaml' }
  const files = {
    'export.json': `Exporting variables from [company/app]\n${JSON.stringify([
      { key: 'A_TOKEN', value: canaries.token, protected: true, masked: true, environment_scope: 'production' },
      { key: 'B_TOKEN', value: canaries.token },
    ])}`,
    '.env': `DB_PASSWORD="${canaries.env}"\nnot a variable ${canaries.env}\n`,
    'ci.yml': `variables: { C_SECRET: ${canaries.yaml} }\nbuild: { variables: { D_SECRET: ${canaries.yaml} } }\n`,
  }
  const words = ['--export', 'export.json', '--of', 'company/app', '--env-file', '.env', '--yaml', 'ci.yml']

  test.each(['text', 'json', 'markdown', 'csv'])('no value shows as %s, nor in the file', async (format) => {
    const cwd = withFiles(files)
    const ended = await migrate([...words, '--format', format, '--out', 'inventory.json'], {}, cwd)
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).toContain(format === 'markdown' ? 'A&#95;TOKEN' : 'A_TOKEN')
    const file = readFileSync(join(cwd, 'inventory.json'), 'utf8')
    expect(`${ended.output}${file}`).not.toContain('canary')
    expect(statSync(join(cwd, 'inventory.json')).mode & 0o777).toBe(0o600)
  })

  test('equal values are found, and lines that are no variable are counted', async () => {
    const { stdout } = await migrate([...words, '--format', 'json'], {}, withFiles(files))
    const made = inventorySchema.parse(JSON.parse(stdout))
    const same = (key: string) => made.variables.find((one) => one.key === key)?.duplicates
    expect(same('A_TOKEN')).toEqual(['project company/app: B_TOKEN'])
    expect(same('D_SECRET')).toEqual(['yaml ci.yml: C_SECRET'])
    expect(made.missing).toEqual(['env-file .env: lines that are no variable: 2'])
  })

  test('with a key that is kept, two runs make the same hashes; without one, never', async () => {
    const cwd = withFiles(files)
    const hashes = async (...more: string[]) => {
      const { stdout } = await migrate([...words, ...more, '--format', 'json'], {}, cwd)
      const made = inventorySchema.parse(JSON.parse(stdout))
      return [made.hash_key, ...made.variables.map(({ hash }) => hash)]
    }
    const first = await hashes('--hash-key-file', 'key')
    expect(first[0]).toEqual(expect.any(String))
    expect(await hashes('--hash-key-file', 'key')).toEqual(first)
    expect(statSync(join(cwd, 'key')).mode & 0o777).toBe(0o600)
    expect(await hashes()).not.toEqual(await hashes())
  })

  test.each([
    [['--export', 'ci.yml', '--of', 'a/b'], 'is no list of variables'],
    [['--export', 'export.json'], 'whose variables'],
    [['--yaml', '.env'], 'not YAML'],
    [['--yaml', 'nothing.yml'], 'cannot be read'],
    [[], 'nothing to read'],
    [['--env-file', '.env', '--hash-key-file', '.env'], 'fewer than 32 bytes'],
  ])('what cannot be read is an error that quotes nothing: %j', async (given, message) => {
    const cwd = withFiles({ ...files, '.env': 'A="canary\n: [', 'export.json': files['export.json'] })
    const ended = await migrate(given, {}, cwd)
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining(message) })
    expect(ended.output).not.toContain('canary')
  })
})

test('a table cell cannot run in a spreadsheet or steer a terminal', async () => {
  const cwd = withFiles({ 'e.json': JSON.stringify([{ key: 'A', value: 'x', environment_scope: '=1+1\u001b[2J' }]) })
  const csv = await migrate(['--export', 'e.json', '--of', '=cmd/x', '--format', 'csv'], {}, cwd)
  expect(csv.stdout).not.toContain('\u001b')
  const text = await migrate(['--export', 'e.json', '--of', 'a/b'], {}, cwd)
  expect(text.stdout).not.toContain('\u001b')
})
