import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchesGlob } from '../../../src/core/glob.ts'
import { type InventoryProject, type Place, variableId } from '../../../src/gitlab/migrate/inventory.ts'
import { covers, defeat, effective, meet, type Placed } from '../../../src/gitlab/migrate/precedence.ts'

const app: InventoryProject = {
  id: 22,
  path: 'company/platform/app',
  default_branch: 'main',
  groups: ['company/platform', 'company'],
  schedules: true,
}
const own: Place = { kind: 'project', name: app.path }
const near: Place = { kind: 'group', name: 'company/platform' }
const far: Place = { kind: 'group', name: 'company' }
const instance: Place = { kind: 'instance', name: '' }
const schedule: Place = { kind: 'schedule', name: app.path, part: '13' }
const yaml: Place = { kind: 'yaml', name: '.gitlab-ci.yml' }
const job: Place = { ...yaml, part: 'build' }

function at(place: Place, scope = '*', more: { readonly protected?: boolean } = {}): Placed {
  return { id: variableId(place, 'K', scope), key: 'K', place, environment_scope: scope, protected: false, ...more }
}

describe("GitLab's order", () => {
  const strongest = [own, near, far, instance, job, yaml]
  const pairs = strongest.flatMap((strong, index) => strongest.slice(index + 1).map((weak) => [strong, weak] as const))
  test.each(pairs)('%j before %j', (strong, weak) => {
    // A job's variable is before that of all jobs in this job only.
    const expected = strong === job ? 'sometimes' : 'always'
    expect(defeat(at(weak), at(strong), app)).toBe(expected)
    expect(defeat(at(strong), at(weak), app)).toBe('never')
  })

  test('a schedule is before everything, in its own pipelines', () => {
    for (const weak of strongest) expect(defeat(at(weak), at(schedule), app)).toBe('sometimes')
  })

  test('a protected variable is before an open one on protected branches only', () => {
    expect(defeat(at(near), at(own, '*', { protected: true }), app)).toBe('sometimes')
    expect(defeat(at(near, '*', { protected: true }), at(own, '*', { protected: true }), app)).toBe('always')
  })

  test('scopes that never meet have nothing to do with each other', () => {
    expect(defeat(at(near, 'staging'), at(own, 'production'), app)).toBe('never')
    expect(defeat(at(near), at(own, 'production'), app)).toBe('sometimes')
    expect(defeat(at(near, 'review/1'), at(own, 'review/*'), app)).toBe('always')
  })

  test('in one place the more exact scope comes first', () => {
    expect(defeat(at(own), at(own, 'review/*'), app)).toBe('sometimes')
    expect(defeat(at(own, 'review/*'), at(own, 'review/1'), app)).toBe('sometimes')
    expect(defeat(at(own, 'review/1'), at(own), app)).toBe('never')
  })

  test('a group that is not above the project has no say', () => {
    expect(defeat(at(far), at({ kind: 'group', name: 'other' }), app)).toBe('never')
  })
})

test('a job gets the strongest variable that its environment fits', () => {
  const all = [at(far), at(own, 'production'), at(near, 'review/*'), at(schedule)]
  const got = (environment: string) => effective(all, app, environment).map(({ id }) => id)
  expect(got('production')).toEqual(['project company/platform/app: K@production'])
  expect(got('review/1')).toEqual(['group company/platform: K@review/*'])
  expect(got('staging')).toEqual(['group company: K'])
  expect(got('')).toEqual(['group company: K'])
})

describe('patterns of environments', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 5 })
  const names = (length: number): string[] =>
    length === 0 ? [''] : ['', ...names(length - 1).flatMap((name) => [`a${name}`, `b${name}`])]
  // Two patterns that meet do so in a name no longer than both together.
  const all = [...new Set(names(8))]

  test('meet where some name fits both', () => {
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        fc.pre(one.length + other.length <= 8)
        const some = all.some((name) => matchesGlob(one, name) && matchesGlob(other, name))
        expect(meet(one, other)).toBe(some)
      }),
    )
  })

  test('cover only where every name that fits the inner one fits the outer one', () => {
    fc.assert(
      fc.property(pattern, pattern, (outer, inner) => {
        fc.pre(covers(outer, inner))
        for (const name of all) if (matchesGlob(inner, name)) expect(matchesGlob(outer, name)).toBe(true)
      }),
    )
  })
})
