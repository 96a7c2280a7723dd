import { describe, expect, test } from 'vitest'
import { loadConfiguration } from '../../src/config/load.ts'
import type { Configuration } from '../../src/core/configuration.ts'
import { formatSource } from '../../src/core/diagnostic.ts'
import { kinds } from '../../src/kinds/index.ts'
import { rules } from '../../src/lint/index.ts'
import { lint } from '../../src/lint/run.ts'
import { complete, environment, role } from '../config/sets.ts'
import { type Files, loadFiles } from '../support/files.ts'
import { findings } from './glv.ts'

const gitlabRules = rules.filter(({ id }) => id.startsWith('GLV'))

/** `GLV09 roles/app.yaml:5:1`, for each diagnostic. */
function told(configuration: Configuration): string[] {
  expect(configuration.diagnostics).toEqual([])
  return lint(configuration, { kinds, today: '2026-11-21', rules: gitlabRules }).diagnostics.map(
    ({ code, source }) => `${code} ${source === undefined ? '-' : formatSource(source)}`,
  )
}

async function toldOf(files: Files, without: readonly string[] = []): Promise<string[]> {
  return told(await loadFiles(files)).filter((line) => !without.some((id) => line.startsWith(id)))
}

/** What the short role of the common set lacks besides. */
const usual = ['GLV09', 'GLV18', 'GLV26']

test('the rules are GLV01 to GLV34, each with a level and words', () => {
  expect(gitlabRules.map(({ id }) => id)).toEqual(
    Array.from({ length: 34 }, (_, index) => `GLV${String(index + 1).padStart(2, '0')}`),
  )
  for (const { title, why, example } of gitlabRules) {
    expect(title).toMatch(/^[a-z][^.]*$/)
    expect(why).toMatch(/\.$/)
    expect(example?.bad).not.toBe(example?.good)
  }
})

test('the levels are those that the consequences ask for', () => {
  const errors = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 22, 23, 24, 33]
  const infos = [26, 27, 28, 29]
  expect(gitlabRules.map(({ level }) => level)).toEqual(
    Array.from({ length: 34 }, (_, index) =>
      errors.includes(index + 1) ? 'error' : infos.includes(index + 1) ? 'info' : 'warning',
    ),
  )
})

test.each(gitlabRules.map((rule) => [rule.id, rule] as const))(
  '%s has nothing to say about a careful role',
  (_, rule) => {
    expect(findings(rule)).toEqual([])
  },
)

test('the configuration of this repository is clean, with its exceptions', async () => {
  const directory = new URL('../..', import.meta.url).pathname
  expect(told(await loadConfiguration(directory, { kinds, env: {} }))).toEqual([])
})

describe('mistakes of pages that people copy from', () => {
  const bare = environment.replace(
    'https://gitlab.example.com }',
    'https://gitlab.example.com, bound_issuer: gitlab.example.com }',
  )

  test('an issuer without its scheme is found where it stands', async () => {
    const lines = await toldOf({ ...complete, 'environments/production.yaml': bare }, usual)
    const column = (bare.split('\n')[3] ?? '').indexOf('bound_issuer') + 1
    expect(lines).toEqual([`GLV08 environments/production.yaml:4:${column}`])
  })

  test('the environment alone keeps nobody out', async () => {
    const bound = role.replace(
      '{ project_id: "42" }',
      '{ project_id: "42", job_project_id: "42", environment: production }',
    )
    const lines = await toldOf({ ...complete, 'roles/app.yaml': bound }, ['GLV08'])
    const column = (bound.split('\n')[4] ?? '').indexOf('environment:') + 1
    expect(lines).toEqual([
      'GLV09 roles/app.yaml:5:1',
      'GLV14 roles/app.yaml:5:1',
      `GLV15 roles/app.yaml:5:${column}`,
      `GLV17 roles/app.yaml:5:${column}`,
    ])
  })

  test('a token of a minute ends the credentials of a database before the job', async () => {
    const leased = `${role.replace('token_ttl: 5m', 'token_explicit_max_ttl: 60')}secrets:
  DB: { engine: generic, mount: database, path: creds/app, field: password }
`
    expect(await toldOf({ ...complete, 'roles/app.yaml': leased }, [...usual, 'GLV08'])).toEqual([
      'GLV22 roles/app.yaml:7:1',
    ])
  })

  test('a role bound to its audience only is open to everybody', async () => {
    const open = role.replace('bound_claims: { project_id: "42" }\n', '')
    expect(await toldOf({ ...complete, 'roles/app.yaml': open }, [...usual, 'GLV08'])).toEqual([
      'GLV01 roles/app.yaml:1:1',
      'GLV02 roles/app.yaml:1:1',
    ])
  })

  test('numbers and booleans without quotes are found at their claims', async () => {
    const typed = role.replace(
      '{ project_id: "42" }',
      '\n  project_id: 42\n  job_project_id: "42"\n  ref_protected: true',
    )
    expect(await toldOf({ ...complete, 'roles/app.yaml': typed }, ['GLV08'])).toEqual([
      'GLV04 roles/app.yaml:6:3',
      'GLV04 roles/app.yaml:8:3',
    ])
  })
})

describe('GLV25: one role for many', () => {
  const staging = environment
  const shared = role.replace('environments: [production]', 'environments: [staging, production]')
  const files = {
    ...complete,
    'environments/staging.yaml': staging.replace('auth:', 'address: https://s.example.com\nauth:'),
  }
  const only = gitlabRules.filter(({ id }) => id === 'GLV25')
  const messages = async (more: Files) =>
    lint(await loadFiles({ ...files, ...more }), { kinds, today: '2026-11-21', rules: only }).diagnostics

  test('is found where environments share it, once', async () => {
    expect(await messages({ 'roles/app.yaml': shared })).toMatchObject([
      {
        message: expect.stringContaining(
          'role jwt/app admits the very same jobs in the environments production and staging',
        ),
      },
    ])
  })

  test('is found where only the names differ', async () => {
    expect(await messages({ 'roles/app.yaml': `name: app-\${environment}\n${shared}` })).toMatchObject([
      { message: expect.stringContaining('the roles jwt/app-production and jwt/app-staging admit the very same jobs') },
    ])
  })

  test('is not found where each environment has its own jobs', async () => {
    const apart = shared.replace('{ project_id: "42" }', '{ project_id: "42", environment: "${environment}" }')
    expect(await messages({ 'roles/app.yaml': apart })).toEqual([])
  })

  test('is not found where the issuers differ, as project 42 of one GitLab is not that of the other', async () => {
    const other = environment.replace(
      'https://gitlab.example.com',
      'https://other.example.com, bound_issuer: https://other.example.com',
    )
    expect(await messages({ 'roles/app.yaml': shared, 'environments/production.yaml': other })).toEqual([])
  })

  test('is not found for a role that reaches no secrets, such as that of a plan', async () => {
    const plan = 'path "sys/policies/acl/*" { capabilities = ["read"] }\n'
    expect(await messages({ 'roles/app.yaml': shared, 'policies/reader.hcl': plan })).toEqual([])
  })

  test('is found for more than ten projects', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `"${index}"`).join(', ')
    const many = (count: number) => ({ 'roles/app.yaml': role.replace('"42"', `[${ids(count)}]`) })
    expect(await messages(many(11))).toMatchObject([
      { message: expect.stringContaining('admits 11 values of project_id') },
    ])
    expect(await messages(many(10))).toEqual([])
  })
})
