import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type JsonObject, type JsonValue, stableStringify } from '../../src/core/json.ts'
import { fold, unfold } from '../../src/import/fold.ts'
import { seed } from '../support/generated.ts'

function folded(values: Record<string, JsonObject>) {
  const { base, overrides } = fold(new Map(Object.entries(values)))
  return { base, overrides: Object.fromEntries(overrides) }
}

describe('folding', () => {
  test('leaves in the overrides just what differs', () => {
    expect(
      folded({
        production: { user_claim: 'x', token_ttl: '2m', bound_claims: { project_id: '1', ref_protected: 'true' } },
        staging: { user_claim: 'x', token_ttl: '5m', bound_claims: { project_id: '1' } },
      }),
    ).toEqual({
      base: { user_claim: 'x', bound_claims: { project_id: '1' } },
      overrides: {
        production: { token_ttl: '2m', bound_claims: { ref_protected: 'true' } },
        staging: { token_ttl: '5m' },
      },
    })
  })

  test('puts what most environments have into the base, and takes it away where it is not', () => {
    expect(
      folded({
        a: { token_ttl: '5m', bound_claims: { x: '1', ref: 'main' } },
        b: { token_ttl: '5m', bound_claims: { x: '1', ref: 'main' } },
        c: { token_ttl: '1m', bound_claims: { x: '1' }, max_age: '1h' },
      }),
    ).toEqual({
      base: { token_ttl: '5m', bound_claims: { x: '1', ref: 'main' } },
      overrides: { a: {}, b: {}, c: { token_ttl: '1m', bound_claims: { ref: null }, max_age: '1h' } },
    })
  })

  test('finds the name of the environment in texts and in sets, in whatever order those are', () => {
    expect(
      folded({
        production: { environment: 'production', token_policies: ['a', 'production-read', 'z'] },
        staging: { environment: 'staging', token_policies: ['a', 'staging-read', 'z'] },
        eu: { environment: 'eu', token_policies: ['a', 'eu-read', 'z'] },
      }),
    ).toEqual({
      base: { environment: '${environment}', token_policies: ['${environment}-read', 'a', 'z'] },
      overrides: { production: {}, staging: {}, eu: {} },
    })
  })

  test('is undone by what the loader does', () => {
    const scalar = fc.constantFrom<JsonValue>('production', 'staging', 'x-ENV', 'ENV', 'a', '${b}', '$ENV', 1, true)
    const list = fc.uniqueArray(fc.constantFrom('ENV-a', 'b', 'production-a', 'ENV'), { maxLength: 3 })
    const map = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.oneof(scalar, list), { maxKeys: 4 })
    const value = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.oneof(scalar, list, map), { maxKeys: 5 })
    const names = ['production', 'staging', 'eu']
    let shared = 0
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 3 }), value, (own, common) => {
        const maps = new Map(
          own.map((one, at) => [names[at] as string, named({ ...one, ...common }, names[at] as string)]),
        )
        const result = fold(maps)
        if (Object.keys(result.base).length > 0) shared++
        for (const [name, map] of maps) expect(sorted(unfold(result, name))).toBe(sorted(withoutEmpty(map)))
      }),
      { seed: seed(), numRuns: 2000 },
    )
    expect(shared).toBeGreaterThan(500)
  })
})

function named(value: JsonObject, environment: string): JsonObject {
  return JSON.parse(JSON.stringify(value).replaceAll('ENV', environment))
}

/** An empty map and none are the same to every kind. */
function withoutEmpty(value: JsonValue): JsonValue {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => stableStringify(inner) !== '{}')
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutEmpty(inner)]))
}

function sorted(value: JsonValue | undefined): string {
  const sets = (inner: JsonValue): JsonValue =>
    Array.isArray(inner)
      ? inner.map((item: JsonValue) => stableStringify(item)).sort()
      : typeof inner === 'object' && inner !== null
        ? Object.fromEntries(Object.entries(inner).map(([key, member]) => [key, sets(member)]))
        : inner
  return value === undefined ? 'nothing' : stableStringify(sets(withoutEmpty(value)))
}
