import { describe, expect, test } from 'vitest'
import { hasher } from '../../../src/gitlab/migrate/hash.ts'
import {
  type Inventory,
  type InventoryProject,
  inventoryFormat,
  type Place,
} from '../../../src/gitlab/migrate/inventory.ts'
import { type Proposal, type ProposalOptions, propose } from '../../../src/gitlab/migrate/propose.ts'
import { relate } from '../../../src/gitlab/migrate/relate.ts'
import { type SourceVariable, takeVariable } from '../../../src/gitlab/migrate/take.ts'

const options: ProposalOptions = {
  mount: 'ci',
  environments: [],
  withoutEnvironment: false,
  secrets: new Set(),
  configuration: new Set(),
}

function project(path: string, id: number): InventoryProject {
  return { id, path, default_branch: 'main', groups: path.split('/').slice(0, 1), schedules: false }
}

type Given = readonly [Place, Partial<SourceVariable> & { readonly key: string }]

function proposed(
  projects: readonly InventoryProject[],
  given: readonly Given[],
  more: Partial<ProposalOptions> = {},
): Proposal {
  const keys = hasher()
  const taken = given.map(([place, source], at) =>
    takeVariable(place, { value: `secret ${at}`, masked: true, ...source }, keys),
  )
  const variables = [...relate(taken, projects, keys)]
  const inventory: Inventory = {
    format: inventoryFormat,
    gitlab: null,
    hash_key: null,
    projects: [...projects],
    variables,
    missing: [],
  }
  return propose(inventory, { ...options, ...more })
}

/** Each role with its secrets as `KEY=path`. */
function read({ roles }: Proposal): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    roles.map(({ name, secrets }) => [name, Object.entries(secrets).map(([key, { path }]) => `${key}=${path}`)]),
  )
}

const [app, web] = [project('company/app', 22), project('company/web', 23)]
const group: Place = { kind: 'group', name: 'company', id: 7 }

function of({ path, id }: InventoryProject): Place {
  return { kind: 'project', name: path, id }
}

describe('roles', () => {
  test('of two projects read what is their own, and what their group shares', () => {
    const found = proposed(
      [app, web],
      [
        [of(app), { key: 'A' }],
        [of(web), { key: 'B' }],
        [group, { key: 'C' }],
      ],
    )
    expect(read(found)).toEqual({
      'app-production': ['A=company/app/shared', 'C=company/shared'],
      'web-production': ['B=company/web/shared', 'C=company/shared'],
    })
    expect(found.items.find(({ key }) => key === 'C')?.roles).toEqual(['app-production', 'web-production'])
  })

  test('read what GitLab would have given: the exact scope before `*`, the project before the group', () => {
    const found = proposed(
      [app],
      [
        [of(app), { key: 'A' }],
        [of(app), { key: 'A', environment_scope: 'production' }],
        [group, { key: 'A', environment_scope: 'production' }],
        [of(app), { key: 'B', environment_scope: 'staging' }],
      ],
    )
    expect(read(found)).toEqual({
      'app-production': ['A=company/app/production'],
      'app-staging': ['A=company/app/shared', 'B=company/app/staging'],
    })
    expect(found.decide.map(({ id }) => id)).toEqual(['group company: A@production'])
  })

  test('leave out what a variable that stays is stronger than, as Vault would win over it', () => {
    const stays = { key: 'A', value: 'true', masked: false }
    const found = proposed(
      [app, web],
      [
        [group, { key: 'A' }],
        [of(app), stays],
        [group, { key: 'B' }],
        [of(web), { ...stays, key: 'B', value: 'hello you', environment_scope: 'staging' }],
        [of(web), { key: 'C', environment_scope: 'staging' }],
        [of(web), { key: 'C', environment_scope: 'production' }],
      ],
    )
    expect(read(found)).toEqual({
      'app-production': ['B=company/shared'],
      'web-production': ['A=company/shared', 'B=company/shared', 'C=company/web/production'],
      'web-staging': ['A=company/shared', 'C=company/web/staging'],
    })
  })

  test('have names of their own where paths or scopes look alike', () => {
    const [one, other] = [project('a/app', 1), project('b/app', 2)]
    expect(
      Object.keys(
        read(
          proposed(
            [one, other],
            [
              [of(one), { key: 'A' }],
              [of(other), { key: 'B' }],
            ],
          ),
        ),
      ),
    ).toEqual(['a-app-production', 'b-app-production'])
    const scopes = ['review/*', 'review-*'].map(
      (environment_scope) => [of(app), { key: 'A', environment_scope }] as const,
    )
    const found = proposed([app], scopes)
    expect(new Set(found.roles.map(({ name }) => name)).size).toBe(2)
    expect(new Set(found.items.map(({ vault }) => vault.path)).size).toBe(2)
    // A number at the end can be what another scope is named.
    const numbered = proposed([app], [...scopes, [of(app), { key: 'A', environment_scope: 'review-2' }]])
    expect(new Set(numbered.items.map(({ vault }) => vault.path)).size).toBe(3)
  })

  test('for jobs without an environment read what every environment gets', () => {
    const given = [
      [of(app), { key: 'A' }],
      [of(app), { key: 'B', environment_scope: 'staging' }],
    ] as const
    expect(read(proposed([app], given, { withoutEnvironment: true }))['app-no-environment']).toEqual([
      'A=company/app/shared',
    ])
  })
})

describe('files of a project', () => {
  const yaml: Place = { kind: 'yaml', name: '.gitlab-ci.yml', project: app.path }

  test("go where the project's variables are, and not to another project", () => {
    const found = proposed(
      [app, web],
      [
        [yaml, { key: 'A' }],
        [of(web), { key: 'B' }],
      ],
    )
    expect(read(found)).toEqual({
      'app-production': ['A=company/app/shared'],
      'web-production': ['B=company/web/shared'],
    })
  })

  test('do not share a field with another value', () => {
    const [one, other] = ['build', 'test'].map((part) => [{ ...yaml, part }, { key: 'A' }] as const)
    const found = proposed(
      [app],
      [one, other].flatMap((given) => (given === undefined ? [] : [given])),
    )
    expect(found.items).toHaveLength(1)
    expect(found.decide).toMatchObject([{ why: expect.stringContaining('another value') }])
  })
})

test('what belongs to a schedule or cannot be the name of a secret is for a person to decide', () => {
  const schedule: Place = { kind: 'schedule', name: app.path, part: '13' }
  const found = proposed(
    [app],
    [
      [schedule, { key: 'A' }],
      [of(app), { key: '1ST' }],
      [of(app), { key: '__proto__' }],
      [of(app), { key: 'B', environment_scope: 'a\nb' }],
    ],
  )
  expect(found.items).toEqual([])
  expect(found.decide.map(({ id }) => id)).toEqual([
    'project company/app: 1ST',
    'project company/app: B@a\nb',
    'project company/app: __proto__',
    'schedule company/app 13: A',
  ])
})
