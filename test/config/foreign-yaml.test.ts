import { describe, expect, test } from 'vitest'
import { foreignDocuments } from '../../src/config/foreign-yaml.ts'
import { UserError } from '../../src/core/diagnostic.ts'

function refusal(text: string): UserError {
  try {
    foreignDocuments('other.yaml', text)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe("another tool's YAML", () => {
  test('all documents are given, JSON as well', () => {
    expect(foreignDocuments('a.yaml', 'a: 1\n---\n# nothing\n---\n{"b": ["x"]}\n')).toEqual([{ a: 1 }, { b: ['x'] }])
  })

  test('an alias stands for its anchor', () => {
    expect(foreignDocuments('a.yaml', 'a: &x [1]\nb: *x\n')).toEqual([{ a: [1], b: [1] }])
  })

  const digits = `00${String(Math.random()).slice(2)}`
  const word = `s${String(Math.random()).slice(2)}`

  test.each([
    ['a number that would change', 'unsafe-number', `a: b\npin: ${digits}\n`],
    ['what looks like an alias', 'unknown-alias', `a: b\npin: *${word}\n`],
    ['what looks like a tag', 'yaml-syntax', `a: b\npin: !${word} x\n`],
    ['a broken line', 'yaml-syntax', `a: b\npin: "${word}\n`],
    ['a key that stands twice', 'duplicate-key', `${word}: b\n${word}: c\n`],
    ['a key that is none', 'invalid-key', `a: b\n? [${word}]\n: c\n`],
    ['a merge key', 'merge-key', `a: &x { ${word}: 1 }\n<<: *x\n`],
    ['a prototype', 'invalid-key', `a: b\n__proto__: { ${word}: 1 }\n`],
  ])('nothing of it is repeated: %s', (_what, code, text) => {
    const { diagnostics, message } = refusal(text)
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toContain(code)
    expect(diagnostics.every(({ source }) => source?.file === 'other.yaml')).toBe(true)
    for (const secret of [digits, word]) expect(JSON.stringify(diagnostics) + message).not.toContain(secret)
  })

  test('one that blows itself up is refused', () => {
    const lines = Array.from(
      { length: 12 },
      (_, n) =>
        `a${n}: &a${n} [${
          n === 0
            ? 'x'
            : Array(10)
                .fill(`*a${n - 1}`)
                .join()
        }]`,
    )
    expect(refusal(lines.join('\n')).diagnostics.map(({ code }) => code)).toContain('too-many-aliases')
  })

  test('one that is nested without end is refused', () => {
    expect(refusal('['.repeat(100_000)).diagnostics.map(({ code }) => code)).toContain('too-deep')
  })

  test('long texts count as many values behind aliases, and a file has a largest size', () => {
    const text = `a: &a "${'x'.repeat(60_000)}"\nb: [${Array(100).fill('*a').join()}]\n`
    expect(foreignDocuments('a.yaml', text)).toHaveLength(1)
    const more = `a: &a "${'x'.repeat(60_000)}"\nb: [${Array(200).fill('*a').join()}]\n`
    expect(refusal(more).diagnostics.map(({ code }) => code)).toEqual(['too-many-aliases'])
    expect(refusal(`a: ${'x'.repeat(5_000_000)}`).diagnostics.map(({ code }) => code)).toEqual(['too-large'])
  })
})
