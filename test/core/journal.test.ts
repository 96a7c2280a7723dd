import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/core/diagnostic.ts'
import { type JournalRecord, journalFormat, journalLine, parseJournal } from '../../src/core/journal.ts'
import { addressOf } from '../../src/core/resource.ts'
import { cases, seed } from '../support/generated.ts'
import { linesOf } from '../support/memory-journal.ts'

const at = '2026-01-01T00:00:00.000Z'
const server = { product: 'vault', version: '1.21.0', address: 'http://v', namespace: '', clusterId: 'c' } as const
const header: JournalRecord = {
  record: 'header',
  format: journalFormat,
  program: '1',
  at,
  plan: 'sha256:0',
  environments: [{ environment: 'production', server }],
}
const object = { kind: 'policy', address: addressOf('policy', 'a'), path: 'sys/policies/acl/a' }
const begin = (seq: number): JournalRecord => ({
  record: 'begin',
  seq,
  at,
  environment: 'production',
  action: 'update',
  object,
  before: { spec: { policy: 'old "text"\n' }, version: 3, attributes: { cas_required: true } },
  after: { policy: 'new' },
})
const end = (seq: number): JournalRecord => ({
  record: 'end',
  seq,
  at,
  status: 'done',
  touched: true,
  left: 'sha256:1',
})
const close: JournalRecord = { record: 'close', at, outcomes: { done: 2, already: 0, failed: 0, skipped: 0 } }
const records = [header, begin(1), begin(2), end(2), end(1), close]

const parse = (text: string) => parseJournal(text, 'journal.jsonl')
const refusal = (text: string): string => {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof UserError) return error.diagnostics.map(({ code }) => code).join()
    throw error
  }
  return 'taken'
}

test('what was written is what is read', () => {
  const journal = parse(linesOf(records))
  expect(journal).toMatchObject({ header, close })
  expect(journal.entries).toMatchObject([
    { begin: begin(1), line: 2, end: end(1) },
    { begin: begin(2), line: 3, end: end(2) },
  ])
})

test('a line that was cut off at the end does not count, wherever it was cut', () => {
  const [whole, more] = [linesOf(records.slice(0, 2)), linesOf(records.slice(0, 3))]
  for (let length = whole.length; length < more.length; length++)
    expect(parse(more.slice(0, length)).entries).toHaveLength(1)
  expect(parse(`${whole}\0\0\0\0`).entries, 'zeros of a file system after a power failure').toHaveLength(1)
})

describe('a journal that is not as it was written is refused', () => {
  const lines = linesOf(records).split('\n').slice(0, -1)
  const refused = (changed: readonly string[]) => refusal(`${changed.join('\n')}\n`)

  test('with any line left out, said twice or moved', () => {
    for (const [index, line] of lines.entries()) {
      if (index < lines.length - 1)
        expect(refused(lines.toSpliced(index, 1)), `without ${index}`).toMatch(index === 0 ? /journal/ : /^damaged/)
      expect(refused(lines.toSpliced(index, 0, line)), `twice ${index}`).toBe('damaged-journal')
      if (index > 0) expect(refused(lines.toSpliced(index - 1, 2, line, lines[index - 1] as string))).toMatch(/journal/)
    }
  })

  test('with any byte changed', () => {
    const text = linesOf(records)
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const byte = String.fromCharCode(code)
        fc.pre(text[at] !== byte && text[at] !== '\n')
        expect(refusal(text.slice(0, at) + byte + text.slice(at + 1))).toMatch(/^(damaged|not-a)-journal$/)
      }),
      { numRuns: cases(1000), seed: seed() },
    )
  })

  test.each<readonly [string, readonly unknown[]]>([
    ['no header', [begin(1)]],
    ['two headers', [header, header]],
    ['an end of nothing', [header, end(1)]],
    ['two ends', [header, begin(1), end(1), end(1)]],
    ['two beginnings', [header, begin(1), begin(1)]],
    ['something after its close', [header, close, begin(1)]],
    ['a member that nobody knows', [header, { ...begin(1), more: 1 }]],
    ['a record that nobody knows', [header, { record: 'other' }]],
    ['a number as a spec', [header, { ...begin(1), after: 7 }]],
    ['a spec too deep', [header, { ...begin(1), after: JSON.parse(`{"a":${'['.repeat(500)}${']'.repeat(500)}}`) }]],
  ])('although its digests fit: %s', (_, wrong) => {
    expect(refusal(linesOf(wrong as readonly JournalRecord[]))).toMatch(/^(damaged|not-a)-journal$/)
  })

  test('of another format, with the word that it is another version', () => {
    expect(refusal(linesOf([{ ...header, format: 'vaultwright-journal/9' } as unknown as JournalRecord]))).toBe(
      'other-format',
    )
  })
})

test('any text at all is refused or read, and nothing else happens', () => {
  const line = fc.oneof(
    fc.json().map((json) => journalLine(JSON.parse(json) as JournalRecord, '').line),
    fc.constantFrom(...linesOf(records).split('\n')),
    fc.string({ unit: 'binary' }),
  )
  const tally = { taken: 0, refused: 0 }
  fc.assert(
    fc.property(
      fc.array(line).map((all) => all.join('\n')),
      (text) => {
        if (refusal(text) === 'taken') tally.taken++
        else tally.refused++
      },
    ),
    { numRuns: cases(1000), seed: seed() },
  )
  expect(tally.refused).toBeGreaterThan(cases(1000) / 2)
})

test('a chain of any records is read as they were, whatever their specs hold', () => {
  const spec = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<never>)
  fc.assert(
    fc.property(fc.array(spec, { minLength: 1, maxLength: 5 }), (specs) => {
      const begun = specs.map((after, index) => ({ ...begin(index + 1), after, before: { spec: after } }))
      const journal = parse(linesOf([header, ...(begun as JournalRecord[])]))
      expect(JSON.stringify(journal.entries.map((entry) => entry.begin.after))).toBe(JSON.stringify(specs))
    }),
    { numRuns: cases(300), seed: seed() },
  )
})
