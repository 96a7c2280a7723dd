import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseEntry } from '../../src/audit/entry.ts'
import { lineReader, mayWrite } from '../../src/audit/lines.ts'
import { entry, log } from './entries.ts'

const wanted = 'sys/policies/acl/ci'

interface Found {
  readonly lines: number[]
  readonly edges: number
  readonly seen: ReturnType<typeof lineReader>['seen']
}

function read(chunks: readonly (string | Buffer)[], longest?: number): Found {
  const lines: number[] = []
  let edges = 0
  const reader = lineReader({
    wants: (path) => path === wanted,
    line(json, number) {
      lines.push(number)
      return parseEntry(json) !== undefined
    },
    edge(json) {
      edges++
      return parseEntry(json) !== undefined
    },
    ...(longest === undefined ? {} : { longest }),
  })
  for (const chunk of chunks) reader.push(Buffer.from(chunk))
  reader.end()
  return { lines, edges, seen: reader.seen }
}

const hit = log(entry('salt', { path: wanted, data: { policy: 'x' } }))
const miss = log(entry('salt', { path: 'secret/data/x', operation: 'read' }))

test('only lines whose request is about a wanted path are looked at', () => {
  expect(read([miss + hit + miss + miss + hit]).lines).toEqual([2, 5])
})

test('a path of the namespace or of the body, which also is called "path", is not the request’s', () => {
  const body = log(entry(undefined, { path: 'sys/wrapping/wrap', data: { path: 'secret/x' } }))
  const namespaced = log(entry('salt', { path: wanted, namespace: 'team/', data: { path: 'secret/x' } }))
  expect(read([body + namespaced]).lines).toEqual([2])
})

test('wherever a chunk ends, the same lines are found', () => {
  const text = Buffer.from(`${miss}${hit}\n\r\n<13>Nov 20 vault[1]: ${hit}no json\n${miss}${hit.trimEnd()}`)
  const whole = read([text])
  expect(whole).toMatchObject({ lines: [2, 5, 8], seen: { lines: 6, odd: { count: 1, first: [6], last: 6 } } })
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length]
      const parts = at.slice(1).map((end, index) => text.subarray(at[index], end))
      const { lines, seen } = read(parts)
      expect({ lines, seen }).toEqual({ lines: whole.lines, seen: whole.seen })
    }),
  )
})

test('spaces that another program put behind colons, and escapes that Go writes, change nothing', () => {
  const spaced = hit.replace(/":/g, '": ')
  const escaped = hit.replace('policies/acl', 'policies\\u002facl')
  expect(read([spaced + escaped]).lines).toEqual([1, 2])
})

test('a prefix of a syslog or of the device does not hide the entry behind it', () => {
  const text = `@cee: ${hit}2026-11-20T14:00:00 host {ns} vault[7]: ${hit}`
  expect(read([text])).toMatchObject({ lines: [1, 2], seen: { odd: { count: 0 } } })
})

test('a last line that is cut off is counted, and so is garbage, by the number of its line', () => {
  const cut = hit.slice(0, hit.length / 2)
  expect(read([`${hit}garbage\n\0\0\n${hit}${cut}`]).seen).toEqual({
    lines: 5,
    odd: { count: 3, first: [2, 3, 5], last: 5 },
    long: 0,
  })
})

test('what is shaped like a wanted entry and is none is counted, too', () => {
  const broken = `{"path":"${wanted}",}\n`
  expect(read([hit + broken])).toMatchObject({ lines: [1, 2], seen: { odd: { count: 1, first: [2] } } })
})

test('a line of ten megabytes is read; one beyond the limit is left out, and the next one is read again', () => {
  const long = log(entry(undefined, { path: wanted, data: { policy: 'x'.repeat(10_000_000) } }))
  expect(read([miss, ...slices(long), hit])).toMatchObject({ lines: [2, 3], seen: { long: 0 } })
  expect(read([miss, ...slices(long), hit], 1_000_000)).toMatchObject({ lines: [3], seen: { lines: 2, long: 1 } })
})

function slices(text: string): string[] {
  return text.match(/[\s\S]{1,65536}/g) ?? []
}

test('the ends of a log are looked at whatever they are about', () => {
  expect(read([miss.repeat(100)])).toMatchObject({ lines: [], edges: 2 })
  expect(read([`garbage\n${miss}`]).edges).toBe(2)
  expect(read([]).edges).toBe(0)
})

describe('reading requests', () => {
  test('are told from writing ones without parsing', () => {
    const of = (operation: string) => Buffer.from(log(entry('salt', { path: wanted, operation })))
    expect(['read', 'list'].map((operation) => mayWrite(of(operation)))).toEqual([false, false])
    expect(['create', 'update', 'delete', 'patch'].every((operation) => mayWrite(of(operation)))).toBe(true)
  })

  test('cannot be pretended by a body', () => {
    const line = log(entry(undefined, { path: wanted, data: { operation: 'read' } }))
    expect(mayWrite(Buffer.from(line))).toBe(true)
  })
})

test('no bytes make the reader fail', () => {
  const bits = fc.constantFrom<Buffer>(
    ...[
      hit,
      '{',
      '}',
      '"path":',
      '"path":"',
      '\\',
      '\n',
      '{"request":{"path":"',
      '"operation":"',
      '\u0000',
      '[[[[',
    ].map((bit) => Buffer.from(bit)),
    Buffer.from([0xff, 0xfe, 0x0a]),
    Buffer.from([0x1f, 0x8b]),
  )
  const bytes = fc.uint8Array({ maxLength: 40 }).map((part) => Buffer.from(part))
  fc.assert(
    fc.property(fc.array(fc.oneof(bits, bytes), { maxLength: 30 }), (chunks) => {
      const { seen, lines } = read(chunks, 5000)
      for (const line of Buffer.concat(chunks).toString('latin1').split('\n')) mayWrite(Buffer.from(line, 'latin1'))
      expect(seen.odd.count + lines.length).toBeGreaterThanOrEqual(0)
      expect(seen.odd.first.length).toBe(Math.min(3, seen.odd.count))
    }),
    { numRuns: 2000 },
  )
})
