import { describe, expect, test } from 'vitest'
import {
  beforeDeletion,
  checklistOf,
  isDone,
  type Progress,
  seen,
  steps,
} from '../../../src/gitlab/migrate/checklist.ts'
import type { Migration, MigrationItem } from '../../../src/gitlab/migrate/migration.ts'

const now = '2026-11-21T12:00:00.000Z'
const earlier = '2026-11-20T12:00:00.000Z'

function item(key: string, path = 'company/app/shared'): MigrationItem {
  return {
    id: `project company/app: ${key}`,
    key,
    place: { kind: 'project', name: 'company/app', id: 22 },
    environment_scope: '*',
    type: 'env_var',
    hidden: false,
    hash: null,
    vault: { mount: 'ci', path, field: key },
    roles: ['app-production'],
  }
}

function migration(...items: MigrationItem[]): Migration {
  const nothing = { gitlab: null, hash_key: null, address: null, namespace: null, projects: [], stays: [], decide: [] }
  return { format: 'vaultwright-migration/1', ...nothing, items }
}

const verified: Progress = { state: 'verified', at: earlier }
const all = { written: verified, compared: verified, switched: verified, deleted: verified, green: verified }

describe('what is seen of a step', () => {
  test('verifies it, from the first time on', () => {
    expect(seen({ state: 'open' }, true, now)).toEqual({ state: 'verified', at: now })
    expect(seen({ state: 'claimed' }, true, now)).toEqual({ state: 'verified', at: now })
    expect(seen(verified, true, now)).toEqual(verified)
  })

  test('refutes what somebody or an earlier run said, and leaves open what nobody said', () => {
    expect(seen({ state: 'open' }, false, now, 'no')).toEqual({ state: 'open', note: 'no' })
    for (const state of ['claimed', 'verified', 'refuted'] as const)
      expect(seen({ state }, false, now, 'no')).toEqual({ state: 'refuted', at: now, note: 'no' })
  })

  test('changes nothing where nobody could look', () => {
    expect(seen(verified, undefined, now, 'closed')).toEqual({ ...verified, note: 'closed' })
  })
})

describe('a variable may be deleted', () => {
  test('once it is written, compared and switched', () => {
    expect(
      beforeDeletion({ steps: { ...all, deleted: { state: 'open' }, green: { state: 'open' } }, hidden: false }),
    ).toEqual([])
  })

  test.each(['written', 'compared', 'switched'] as const)('not before it is %s, whatever a person says', (step) => {
    for (const state of ['open', 'claimed', 'refuted'] as const)
      expect(beforeDeletion({ steps: { ...all, [step]: { state } }, hidden: false })).toHaveLength(1)
    expect(
      beforeDeletion({ steps: { ...all, [step]: { ...verified, note: 'not seen again' } }, hidden: false }),
    ).toHaveLength(1)
  })

  test('with the word of a person that the value of a hidden one is right', () => {
    const claimed = { steps: { ...all, compared: { state: 'claimed' } as const }, hidden: true }
    expect(beforeDeletion(claimed)).toEqual([])
    expect(beforeDeletion({ steps: { ...all, compared: { state: 'open' } }, hidden: true })).toHaveLength(1)
  })
})

describe('a list made again', () => {
  test('keeps what it knew of the same variable at the same place', () => {
    const first = checklistOf(migration(item('A'), item('B')))
    const known = { ...first, items: first.items.map((one) => ({ ...one, steps: all })) }
    const again = checklistOf(migration(item('A'), item('B', 'elsewhere'), item('C')), known)
    expect(again.items.map(({ key, steps: done }) => [key, done.written.state])).toEqual([
      ['A', 'verified'],
      ['B', 'open'],
      ['C', 'open'],
    ])
  })

  test('keeps what is deleted, and drops what is no longer planned', () => {
    const first = checklistOf(migration(item('A'), item('B')))
    const [a, b] = first.items
    const known = { ...first, items: [{ ...a, steps: all } as (typeof first.items)[number], ...(b ? [b] : [])] }
    expect(checklistOf(migration(), known).items.map(({ key }) => key)).toEqual(['A'])
  })
})

test('a variable has moved when every step is done', () => {
  const [one] = checklistOf(migration(item('A'))).items
  expect(one && isDone(one)).toBe(false)
  expect(one && isDone({ ...one, steps: all })).toBe(true)
  for (const step of steps) expect(one && isDone({ ...one, steps: { ...all, [step]: { state: 'open' } } })).toBe(false)
})
