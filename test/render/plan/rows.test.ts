import { describe, expect, test } from 'vitest'
import { fieldsOf, rowsOf } from '../../../src/render/plan/rows.ts'
import { created, deleted, updated } from './plans.ts'

describe('fields of a change', () => {
  test('a new object has every leaf of its spec, sorted, lists being leaves', () => {
    expect(fieldsOf(created({ b: { d: ['x'], c: 1 }, a: {} }))).toEqual([
      { field: ['a'], after: {} },
      { field: ['b', 'c'], after: 1 },
      { field: ['b', 'd'], after: ['x'] },
    ])
  })

  test('of a deleted object they are what was there', () => {
    expect(fieldsOf(deleted({ a: 1 }))).toEqual([{ field: ['a'], before: 1 }])
  })

  test('of an updated object they are what the plan says', () => {
    const fields = [{ field: ['a'], before: 'x', after: { b: 1 } }]
    expect(fieldsOf(updated(fields))).toEqual(fields)
  })

  test('a reference to a secret is one field, though it looks like a map', () => {
    const change = created({ oidc_client_secret: { file: 'secret.txt' } })
    expect(fieldsOf(change)).toEqual([{ field: ['oidc_client_secret'], after: { file: 'secret.txt' } }])
  })
})

describe('shapes of a row', () => {
  test('a field that came, went or changed has the sign of it', () => {
    const rows = rowsOf(
      updated([
        { field: ['a'], after: 1 },
        { field: ['b'], before: 2 },
        { field: ['c'], before: 3, after: 4 },
      ]),
    )
    expect(rows).toEqual([
      { sign: '+', field: 'a', shape: 'value', after: '1' },
      { sign: '-', field: 'b', shape: 'value', before: '2' },
      { sign: '~', field: 'c', shape: 'value', before: '3', after: '4' },
    ])
  })

  test('two lists are compared element by element', () => {
    expect(rowsOf(updated([{ field: ['l'], before: ['a', 'b'], after: ['b', 'c'] }]))).toEqual([
      {
        sign: '~',
        field: 'l',
        shape: 'list',
        elements: [
          { sign: '-', text: 'a' },
          { sign: '+', text: 'c' },
        ],
        unchanged: 1,
      },
    ])
  })

  test('a list too long for a line is shown element by element', () => {
    const names = Array.from({ length: 9 }, (_, i) => `policy-number-${i}`)
    const [row] = rowsOf(created({ token_policies: names }))
    expect(row).toEqual({
      sign: '+',
      field: 'token_policies',
      shape: 'list',
      elements: names.map((text) => ({ sign: '+', text })),
      unchanged: 0,
    })
  })

  test('a list against a single value is one row, for the server takes both', () => {
    const [row] = rowsOf(updated([{ field: ['bound_claims', 'ref'], before: 'main', after: ['dev', 'main'] }]))
    expect(row).toMatchObject({ shape: 'value', before: 'main', after: '[dev, main]' })
  })

  test('a text of several lines is compared line by line, and nothing in it stays hidden', () => {
    const [row] = rowsOf(updated([{ field: ['policy'], before: 'a\n', after: 'a\nb\x1b\n' }]))
    expect(row).toMatchObject({
      shape: 'text',
      lines: [{ sign: '@' }, { sign: ' ', text: 'a' }, { sign: '+', text: 'b\\x1b' }],
    })
  })
})
