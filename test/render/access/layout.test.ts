import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aside, labelled, pageOf, wrap } from '../../../src/render/access/layout.ts'
import { displayWidth } from '../../../src/render/visible.ts'
import { say } from '../../commands/access/program.ts'
import { claimsFor } from '../../repository/claims.ts'

const page = pageOf({ color: false, width: 40 })

test('wrapping keeps every word, and breaks only where a line is full', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { minLength: 1 }),
      fc.integer({ min: 10, max: 60 }),
      (words, width) => {
        const lines = wrap(words.join(' '), width)
        expect(lines.join(' ')).toBe(words.join(' '))
        for (const [at, line] of lines.entries()) {
          if (line.includes(' ')) expect(line.length).toBeLessThanOrEqual(width)
          const [next] = (lines[at + 1] ?? '').split(' ')
          if (next) expect(line.length + 1 + next.length).toBeGreaterThan(width)
        }
      },
    ),
  )
})

test('wide letters take two columns', () => {
  expect(wrap('漢字 漢字', 8)).toEqual(['漢字', '漢字'])
})

test('a label stands once, and the text goes on below itself', () => {
  expect(labelled('cause', 'one two three four five six seven eight', page)).toEqual([
    '  cause       one two three four five',
    '              six seven eight',
  ])
})

test('an aside stands beside the line where there is room, and else below', () => {
  expect(aside('  rule', 'a.hcl:1', page, 4)).toEqual(['  rule  a.hcl:1'])
  expect(aside(`  ${'x'.repeat(35)}`, 'a.hcl:1', page, 4)).toEqual([`  ${'x'.repeat(35)}`, '    a.hcl:1'])
})

describe.each([80, 120])('at %i columns', (columns) => {
  const claims = { aud: 'https://vault.example.com', ...claimsFor('myproject-production'), ref_protected: 'false' }
  test.each([
    [['why', '--claims', '-']],
    [['why', '--claims', '-', '--role', 'myproject-production']],
    [['why', '--error', 'curl: (6) Could not resolve host: v1']],
    [['can', '--policy', 'vaultwright-plan', 'update', 'auth/jwt/role/x']],
    [['matrix']],
  ])('%j goes over the edge with nothing but a single long word', async (words) => {
    const { stdout } = await say(['access', ...words], { columns, input: JSON.stringify(claims) })
    const beyond = stdout.split('\n').filter((line) => displayWidth(line) > columns)
    for (const line of beyond)
      expect(
        line
          .trim()
          .split(/\s+/)
          .filter((word) => word.length > columns - 30),
      ).not.toEqual([])
  })
})
