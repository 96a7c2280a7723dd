import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../src/core/diagnostic.ts'
import { diagnosticsJson, renderDiagnostics } from '../../src/render/diagnostics.ts'

const plain = { color: false }
const unknownKey: Diagnostic = {
  code: 'unknown-key',
  severity: 'error',
  message: 'there is no key "boundclaims"',
  source: { file: 'roles/ci.yaml', line: 12, column: 3 },
  excerpt: '  boundclaims: {}',
  length: 11,
  help: 'did you mean bound_claims?',
}

test('a problem with its place, its line and a way out', () => {
  expect(renderDiagnostics([unknownKey], plain)).toBe(
    [
      'error[unknown-key]: there is no key "boundclaims"',
      '  --> roles/ci.yaml:12:3',
      '   |',
      '12 |   boundclaims: {}',
      '   |   ^^^^^^^^^^^',
      '   |',
      '   = help: did you mean bound_claims?',
      '',
      '1 error',
      '',
    ].join('\n'),
  )
})

test('other places that take part come with their own words', () => {
  const rendered = renderDiagnostics(
    [{ ...unknownKey, related: [{ message: 'first written here', source: { file: 'a.yaml', line: 1, column: 2 } }] }],
    plain,
  )
  expect(rendered).toContain('\nnote: first written here\n  --> a.yaml:1:2\n')
})

test('a problem of no file is its message and the way out', () => {
  const rendered = renderDiagnostics(
    [{ code: 'no-address', severity: 'error', message: 'no address', help: 'set VAULT_ADDR' }],
    plain,
  )
  expect(rendered).toBe('error[no-address]: no address\n= help: set VAULT_ADDR\n\n1 error\n')
})

test('errors and warnings are counted at the end; nothing is said about nothing', () => {
  const warning: Diagnostic = { code: 'w', severity: 'warning', message: 'hm' }
  expect(renderDiagnostics([unknownKey, warning, unknownKey], plain)).toMatch(/\n\n2 errors, 1 warning\n$/)
  expect(renderDiagnostics([], plain)).toBe('')
})

test('an info is counted by itself', () => {
  const rendered = renderDiagnostics([unknownKey, { code: 'GLV29', severity: 'info', message: 'hm' }], plain)
  expect(rendered).toMatch(/\ninfo\[GLV29\]: hm\n\n1 error, 1 info\n$/)
})

test('the reason of a rule is told with its first finding only', () => {
  const finding: Diagnostic = {
    code: 'GLV09',
    severity: 'warning',
    message: 'hm',
    help: 'Bind.',
    why: 'Branches are free.',
  }
  const rendered = renderDiagnostics([finding, { ...finding, message: 'hm again' }], plain)
  expect(rendered).toBe(
    [
      'warning[GLV09]: hm',
      '= help: Bind.',
      '= why: Branches are free.',
      '',
      'warning[GLV09]: hm again',
      '= help: Bind.',
      '',
      '2 warnings',
      '',
    ].join('\n'),
  )
})

test('what is allowed is reported beside what is not', () => {
  const report = JSON.parse(diagnosticsJson([], [{ ...unknownKey, reason: 'moves soon', until: '2027-03-01' }]))
  expect(report).toMatchObject({
    summary: { errors: 0, allowed: 1 },
    diagnostics: [],
    allowed: [{ code: 'unknown-key', reason: 'moves soon', until: '2027-03-01', source: { line: 12 } }],
  })
})

describe('the carets stand under what is meant', () => {
  const marked = (excerpt: string, column: number, length: number) => {
    const rendered = renderDiagnostics(
      [{ code: 'c', severity: 'error', message: 'm', source: { file: 'f', line: 1, column }, excerpt, length }],
      plain,
    )
    const [line = '', carets = ''] = rendered.split('\n').slice(3, 5)
    return { line: line.slice(4), carets: carets.slice(4) }
  }

  test('behind tabs', () => {
    expect(marked('\tkey: x', 2, 3)).toEqual({ line: '    key: x', carets: '    ^^^' })
  })

  test('behind characters that had to be spelled out', () => {
    expect(marked('a\u202eb', 3, 1)).toEqual({ line: 'a\\u202eb', carets: '       ^' })
  })

  test('behind wide characters', () => {
    expect(marked('漢: x', 4, 1)).toEqual({ line: '漢: x', carets: '    ^' })
  })

  test('and not beyond the line, nor without a width', () => {
    expect(marked('abc', 2, 99).carets).toBe(' ^^')
    expect(marked('abc', 2, 0).carets).toBe(' ^')
    expect(marked('abc', 4, 1).carets).toBe('   ^')
  })

  test('in a line too long to show, of which the near part is shown', () => {
    const { line, carets } = marked(`${'a'.repeat(500)}KEY${'b'.repeat(500)}`, 501, 3)
    expect(line).toBe(`…${'a'.repeat(60)}KEY${'b'.repeat(60)}…`)
    expect(carets).toBe(`${' '.repeat(61)}^^^`)
  })
})

test('what is in a file cannot steer the terminal', () => {
  const rendered = renderDiagnostics(
    [{ ...unknownKey, message: '\x1b[2J', excerpt: '\x1b]0;x\x07', help: '\u202e' }],
    plain,
  )
  expect(rendered.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
})

test('for programs, every diagnostic with its place and the counts', () => {
  const report = JSON.parse(diagnosticsJson([unknownKey]))
  expect(report).toEqual({
    format: 'vaultwright-diagnostics/1',
    summary: { errors: 1, warnings: 0, infos: 0, allowed: 0 },
    diagnostics: [
      {
        code: 'unknown-key',
        severity: 'error',
        message: 'there is no key "boundclaims"',
        source: { file: 'roles/ci.yaml', line: 12, column: 3 },
        length: 11,
        help: 'did you mean bound_claims?',
      },
    ],
  })
})
