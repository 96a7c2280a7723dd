import { describe, expect, test } from 'vitest'
import { parseEnvFile } from '../../../src/gitlab/migrate/env-file.ts'
import { parseExport } from '../../../src/gitlab/migrate/exports.ts'

describe('an export', () => {
  const list = JSON.stringify([{ key: 'A', value: 'x', environment_scope: 'production', description: 'of [A]' }])

  test.each([
    ['as the API gives it', list],
    ['behind the line that glab writes', `Exporting variables from the company/app project:\n${list}`],
    ['behind a line with brackets', `Exporting [1] from "company/app"\n${list}\n`],
  ])('is read %s', (_, text) => {
    expect(parseExport(text)).toEqual([{ key: 'A', value: 'x', environment_scope: 'production' }])
  })

  test('has no value where GitLab gives none', () => {
    expect(parseExport('[{"key":"A","hidden":true}]')).toEqual([{ key: 'A', value: null, hidden: true }])
  })

  test.each(['', 'A=1', '{"key":"A"}', '[{"value":"x"}]', '[1'])('is nothing else: %s', (text) => {
    expect(parseExport(text)).toBeUndefined()
  })
})

describe('a .env file', () => {
  test('is read with quotes, comments, several lines and Windows line ends', () => {
    const text = '# about\r\nA=1\r\nexport B="two words"\r\nC=\'x\ny\'\nD=\n'
    expect(parseEnvFile(text)).toEqual({
      variables: [
        { key: 'A', value: '1' },
        { key: 'B', value: 'two words' },
        { key: 'C', value: 'x\ny' },
        { key: 'D', value: '' },
      ],
      unread: [],
    })
  })

  test('gives no line away that is no variable, neither as a name nor as a value', () => {
    const found = parseEnvFile('A=1\nsome canary here\nB=2\ncanary: 3\nC="4\n')
    expect(found.unread).toEqual([2, 4])
    expect(JSON.stringify(found)).not.toContain('canary')
    expect(found.variables.map(({ key }) => key)).toEqual(['A', 'B', 'C'])
  })
})
