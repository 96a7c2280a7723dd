import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectProblems } from '../../src/config/problems.ts'
import { textFile } from '../../src/config/text.ts'
import { writtenYaml } from '../../src/config/written-yaml.ts'
import { parseYaml } from '../../src/config/yaml.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { seed } from '../support/generated.ts'

function read(text: string): unknown[] {
  const problems = collectProblems()
  const documents = parseYaml(textFile('a.yaml', text), problems, new Set())
  expect(problems.list()).toEqual([])
  return documents.map(({ value }) => value)
}

describe('YAML that a person goes on with', () => {
  test('is read as the data that it was written from, whatever the texts are', () => {
    const odd = fc.constantFrom(
      '',
      ' ',
      'true',
      'null',
      '~',
      '42',
      '0x1f',
      '1e3',
      '1:30',
      '-',
      '- a',
      '#',
      'a: b',
      'a #b',
      '<<',
      '\t',
      'a\n',
      '\na',
      ' a\nb',
      'a \nb',
      'a\n\n',
      '\r\n',
      'a\r\nb',
      '\u0085',
      '\u2028',
      '\ufeff',
      '\ud800',
      '"',
      "'",
      '`',
      '@x',
      '*a',
      '&a',
      '!a',
      '%a',
      '{a}',
      '[a]',
      '---',
      '...',
      '---\n',
      'a\n---\nb',
      'a\n...\n',
      '?',
      ': ',
      '|',
      '>',
      'é',
      '👍',
      '${a}',
    )
    const text = fc.oneof(odd, fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ maxLength: 150 }))
    const key = text.filter((name) => name !== '__proto__')
    const leaf = fc.oneof(text, fc.boolean(), fc.integer(), fc.constantFrom(0.5, 1.25, -3.5))
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(key, value, { minKeys: 1, maxKeys: 5 }), { minLength: 1, maxLength: 3 }),
        (documents) => {
          const text = writtenYaml(documents.map((document) => ({ value: document as JsonObject })))
          expect(read(text)).toEqual(documents)
          // Nothing that a terminal or another reader would take for the end of a line.
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
          expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/)
          expect(writtenYaml(documents.map((document) => ({ value: document as JsonObject })))).toBe(text)
        },
      ),
      { seed: seed(), numRuns: 400 },
    )
  })

  test('has short things on a line, long ones below each other and texts of several lines as blocks', () => {
    const value = {
      name: 'a-${environment}',
      environments: { production: { bound_claims: { ref: 'main' }, token_ttl: '2m' }, staging: {} },
      list: ['a', 'b'],
      policies: [{ name: 'x', template: 'y' }, 'z'],
      pem: '-----BEGIN\nabc\n-----END\n',
      many: { a: '1', b: '2', c: '3', d: '4' },
    }
    expect(
      writtenYaml([{ value, comments: [{ path: ['environments', 'production', 'token_ttl'], text: 'Look.' }] }]),
    ).toBe(
      [
        'name: a-${environment}',
        'environments:',
        '  production:',
        '    bound_claims: { ref: main }',
        '    # Look.',
        '    token_ttl: 2m',
        '  staging: {}',
        'list: [a, b]',
        'policies:',
        '  - { name: x, template: y }',
        '  - z',
        'pem: |',
        '  -----BEGIN',
        '  abc',
        '  -----END',
        'many:',
        '  a: "1"',
        '  b: "2"',
        '  c: "3"',
        '  d: "4"',
        '',
      ].join('\n'),
    )
  })
})
