import { describe, expect, test } from 'vitest'
import { locationOf, quoted, sourceOf, textFile, visible } from '../../src/config/text.ts'
import { loadFiles } from '../support/files.ts'
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

  test('what steers a terminal or the reading order is replaced, one character for one', () => {
    const { excerpt } = excerptAt('a\u001b[31m\u202eb\u0085c\td', 0)
    expect(excerpt).toBe('a\u241b[31m\ufffdb\ufffdc\td')
  })

  test('in messages it is a visible escape', () => {
    expect(visible('a\u001b[31m\u202e\n')).toBe('a\\x1b[31m\\u202e\\x0a')
    expect(quoted('x'.repeat(1000))).toHaveLength(103)
  })

  test('no diagnostic holds a control character, whatever the files hold', async () => {
    const esc = String.fromCharCode(27)
    const files = { ...complete, 'roles/app.yaml': `${role}"\\e[31mred": 1 # ${esc}[0m\n"${esc}": 2\n` }
    const { diagnostics } = await loadFiles(files)
    expect(diagnostics.map(({ code }) => code)).toContain('unknown-key')
    expect(diagnostics[0]?.message).toContain('\\x1b[31mred')
    for (const { message, excerpt, help } of diagnostics) expect(`${message}${excerpt}${help}`).not.toContain(esc)
  })
})
