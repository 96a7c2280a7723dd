import { expect, test } from 'vitest'
import { z } from 'zod'
import { jsonSchemas } from '../../src/config/schema.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Kind, Written } from '../../src/core/kind.ts'
import { addressOf } from '../../src/core/resource.ts'
import { environmentOf, loadFiles, told } from '../support/files.ts'
import { expectTold } from './mistakes.ts'

/** A kind that Vault does not have: loading must treat every table alike. */
function toy(name: string, written: Written, more: Partial<Kind> = {}): Kind {
  return {
    name,
    written,
    after: [],
    schema: z.strictObject({ size: z.number().optional() }) as unknown as z.ZodType<JsonObject>,
    requires: {},
    writeOnly: [],
    unread: [],
    fromFile: [],
    identify: (...names) => ({ kind: name, address: addressOf(name, ...names), path: names.join('/') }),
    refuseName: () => undefined,
    needs: () => [],
    canonical: (spec) => spec,
    async *list() {},
    read: async () => undefined,
    write: async () => [],
    demands: { list: () => [], read: () => [], create: () => [], update: () => [] },
    ...more,
  }
}

const kinds = [
  toy('engine', { in: 'environment', at: ['engines', '*'] }, { ownedAs: 'engines' }),
  toy('key', { in: 'environment', at: ['engines', '*', 'keys', '*'] }, { parent: 'engine', ownedAs: 'keys' }),
]

test('places with several names give them in order, and deeper kinds claim their keys', async () => {
  const text = 'engines:\n  transit:\n    size: 1\n    keys: { one: { size: 2 }, two: {} }\n'
  const { desired, owns } = environmentOf(await loadFiles({ 'environments/production.yaml': text }, { kinds }))
  expect(desired.map(({ address, spec }) => [address, spec])).toEqual([
    ['engine/transit', { size: 1 }],
    ['key/transit/one', { size: 2 }],
    ['key/transit/two', {}],
  ])
  expect(owns).toEqual([{ kind: 'key', parent: 'engine/transit', name: '*' }])
})

test('mistakes are placed and explained for any kind', async () => {
  const text = 'engines:\n  transit: { keys: { one: { sise: 2 } }, size: a }\nauth: {}\n'
  expectTold(told(await loadFiles({ 'environments/production.yaml': text }, { kinds })), [
    ['unknown-key environments/production.yaml:2:29', 'Did you mean "size"?'],
    ['wrong-type environments/production.yaml:2:48', 'size: expected a number, got a string'],
    ['unknown-key environments/production.yaml:3:1', '"auth"'],
  ])
})

test('the JSON Schema follows the table', () => {
  expect(jsonSchemas(kinds).environment).toMatchObject({
    properties: {
      engines: {
        additionalProperties: {
          properties: {
            size: {},
            keys: { additionalProperties: { properties: { size: {} }, additionalProperties: false } },
          },
          additionalProperties: false,
        },
      },
    },
  })
})

test('an object that vanishes without a problem is a mistake of ours, not something to remove from the server', async () => {
  const silent = { safeParse: () => ({ success: false, error: { issues: [] } }), def: {} }
  const kind = toy(
    'engine',
    { in: 'environment', at: ['engines', '*'] },
    { schema: silent as unknown as Kind['schema'] },
  )
  const loading = loadFiles({ 'environments/production.yaml': 'engines:\n  transit: {}\n' }, { kinds: [kind] })
  await expect(loading).rejects.toThrow('environments/production.yaml:2 describes was left out')
})
