import { describe, expect, test } from 'vitest'
import { samePolicyTokens } from '../../src/access/policy-tokens.ts'

const policy = 'path "secret/data/a/*" {\n  capabilities = ["read", "list"]\n}\n'

describe('means the same', () => {
  test.each([
    ['other indentation', 'path   "secret/data/a/*"\n{\n\tcapabilities=["read","list"] }'],
    ['comments of all three kinds', `# one\n// two\n/* three\n lines */ ${policy}`],
    ['a comma at the end of a list', policy.replace('"list"]', '"list",]')],
    ['carriage returns', policy.replaceAll('\n', '\r\n')],
  ])('%s', (_name, text) => {
    expect(samePolicyTokens(policy, text)).toBe(true)
  })
})

describe('counts as another meaning', () => {
  test.each([
    ['another path', policy.replace('/a/', '/b/')],
    ['white space inside a string', policy.replace('secret/data/a/', 'secret/data/a /')],
    ['a # inside a string is no comment', policy.replace('a/*"', 'a/*#"')],
    ['one capability less', policy.replace(', "list"', '')],
    ['a rule that a comment takes out', `# path "x" {}\n${policy}`.replace('path "secret', '# path "secret')],
    ['a here-document, whose layout counts', policy.replace('["read", "list"]', '<<EOF\nread\nEOF')],
    ['a string that never ends', `${policy}path "x {}`],
  ])('%s', (_name, text) => {
    expect(samePolicyTokens(policy, text)).toBe(false)
  })
})

test.each(['\u2028', '\u2029', '\r', '\u0085'])(
  'a rule that a comment hides behind %j is not the same as the rule',
  (separator) => {
    const hidden = `# comment${separator}path "x" { capabilities = ["read"] }\n`
    expect(samePolicyTokens(hidden, hidden.replace(separator, '\n'))).toBe(false)
  },
)
