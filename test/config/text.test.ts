import { describe, expect, test } from 'vitest'
import { locationOf, quoted, sourceOf, textFile } from '../../src/config/text.ts'
import { withFiles } from '../support/files.ts'
import { vaultwright } from '../support/program.ts'
import { complete, role } from './sets.ts'

const excerptAt = (text: string, start: number, end = start + 1) =>
  locationOf({ file: textFile('a', text), start, end })

describe('places', () => {
  test('lines and columns count from 1', () => {
    const file = textFile('a', 'one\ntwo\r\n\nfour')
    const at = (start: number) => {
      const { line, column } = sourceOf({ file, start, end: start })
      return [line, column]
    }
    expect([0, 3, 4, 9, 10, 13].map(at)).toEqual([
      [1, 1],
      [1, 4],
      [2, 1],
      [3, 1],
      [4, 1],
      [4, 4],
    ])
  })

  test('an excerpt is the line without its end; tabs are kept', () => {
    expect(excerptAt('a\n\tb: c\r\nd', 3)).toMatchObject({ excerpt: '\tb: c' })
  })

  test('a range over several lines ends with its first line', () => {
    expect(excerptAt('ab: |\n  x\n', 4, 9)).toMatchObject({ length: 1 })
  })

  test('a long line loses its tail only, so that the column still says where in it', () => {
    const { excerpt, source } = excerptAt(`${'x'.repeat(600)}HERE${'y'.repeat(600)}`, 600, 604)
    expect(source.column).toBe(601)
    expect(excerpt.slice(600, 604)).toBe('HERE')
    expect(excerpt.length).toBeLessThan(900)
    expect(excerpt.endsWith('…')).toBe(true)
  })

  test('what stands far out in a line of data is not shown', () => {
    expect(excerptAt('x'.repeat(100_000), 90_000)).toMatchObject({
      excerpt: '(not shown: the line is too long)',
      length: 1,
    })
  })

  test('what would fill a line is cut', () => {
    expect(quoted('x'.repeat(1000))).toHaveLength(103)
  })

  test.each(['text', 'json', 'codequality', 'sarif', 'junit'])(
    'whatever steers a terminal in the files, nothing of it comes through in %s',
    async (format) => {
      const files = { ...complete, 'roles/app.yaml': `${role}"\\e[31m\\u202ered": 1 # \u009b0m\n"\u202e": 2\n` }
      const { code, output } = await vaultwright(['check', '--format', format], { cwd: withFiles(files) })
      expect(code).toBe(1)
      expect(output).toMatch(/\\\\?(x1b|u001b)\[31m\\\\?u202ered/)
      expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    },
  )
})
