import { describe, expect, test } from 'vitest'
import { samePolicyMeaning } from '../../../src/access/policy/same-meaning.ts'

const policy = 'path "secret/data/a/*" {\n  capabilities = ["read", "list"]\n}\n'
const other = 'path "secret/data/b" { policy = "deny" }\n'

describe('means the same', () => {
  test.each([
    ['other indentation', policy, 'path   "secret/data/a/*"\n{\n\tcapabilities=["read","list"] }'],
    ['comments of all three kinds', policy, `# one\n// two\n/* three\n lines */ ${policy}`],
    ['a comma at the end of a list', policy, policy.replace('"list"]', '"list",]')],
    ['carriage returns', policy, policy.replaceAll('\n', '\r\n')],
    ['capabilities in another order', policy, policy.replace('"read", "list"', '"list", "read", "read"')],
    ['a shorthand instead of its capabilities', policy, 'path "secret/data/a/*" { policy = "read" }'],
    ['a leading slash', policy, policy.replace('"secret', '"/secret')],
    ['JSON', policy, '{"path": {"secret/data/a/*": {"capabilities": ["read", "list"]}}}'],
    ['paths in another order', policy + other, other + policy],
    ['an escape', policy, policy.replace('/a/', '/\\u0061/')],
    ['a comment for people', policy, policy.replace('{', '{ comment = "why"')],
    ['what is behind a deny', other, other.replace('"deny"', '"deny" capabilities = ["deny", "read"]')],
    [
      'parameters in another order',
      'path "a" { allowed_parameters = { A = ["1"] b = [] } }',
      'path "a" { allowed_parameters = { b = [] a = ["1"] } }',
    ],
    [
      'what only Vault takes',
      'path "a" { subscribe_event_types = ["*"] capabilities = ["read"] }',
      'path "a" { capabilities = ["read"] subscribe_event_types = ["*"] }',
    ],
  ])('%s', (_name, before, after) => {
    expect(samePolicyMeaning(before, after)).toBe(true)
    expect(samePolicyMeaning(after, before)).toBe(true)
  })

  test('the same text, whatever it is', () => {
    expect(samePolicyMeaning('path {', 'path {')).toBe(true)
  })
})

describe('counts as another meaning', () => {
  test.each([
    ['another path', policy, policy.replace('/a/', '/b/')],
    ['white space inside a string', policy, policy.replace('secret/data/a/', 'secret/data/a /')],
    ['a # inside a string is no comment', policy, policy.replace('a/*"', 'a/*#"')],
    ['one capability less', policy, policy.replace(', "list"', '')],
    ['an empty block, which hides broader ones', policy, `${policy}path "secret/data/a/b" {}`],
    ['a rule that a comment takes out', policy, policy.replace('path "secret', '# path "secret')],
    ['a text that no server takes', policy, policy.replace('["read", "list"]', '<<EOF\nread\nEOF')],
    ['two texts that no server takes', `${policy}path "x {}`, `${policy}path "y {}`],
    ['a wildcard', policy, policy.replace('a/*', 'a/')],
    ['a parameter', 'path "a" { allowed_parameters = { a = [] } }', 'path "a" { denied_parameters = { a = [] } }'],
    ['a value', 'path "a" { allowed_parameters = { a = ["1"] } }', 'path "a" { allowed_parameters = { a = [1] } }'],
    ['a limit', 'path "a" { max_wrapping_ttl = "1h" }', 'path "a" { max_wrapping_ttl = "60s" }'],
    ['when it ends', 'path "a" { expiration = 1 policy = "read" }', 'path "a" { expiration = 2 policy = "read" }'],
    ['what one product refuses', policy, `${policy}path "x" { capabilities = ["scan"] }`],
    ['whom it asks', 'path "a" { policy = "read" }', controlled(1)],
    ['how many it asks', controlled(2), controlled(1)],
    ['the template', 'path "/{{identity.entity.name}}" {}', 'path "{{identity.entity.name}}" {}'],
    [
      'which filter comes first',
      `${filtered('{{.path}}{{.key}}')}${filtered('x/{{.key}}')}`,
      `${filtered('x/{{.key}}')}${filtered('{{.path}}{{.key}}')}`,
    ],
    [
      'which filter comes first, where templates could meet',
      `${filtered('{{.key}}', 'a/{{identity.entity.id}}')}${filtered('x/{{.key}}', 'a/b')}`,
      `${filtered('x/{{.key}}', 'a/b')}${filtered('{{.key}}', 'a/{{identity.entity.id}}')}`,
    ],
  ])('%s', (_name, before, after) => {
    expect(samePolicyMeaning(before, after)).toBe(false)
    expect(samePolicyMeaning(after, before)).toBe(false)
  })

  test.each(['\u2028', '\u2029', '\r', '\u0085'])('a rule that a comment hides behind %j', (separator) => {
    const hidden = `# comment${separator}path "x" { capabilities = ["read"] }\n`
    expect(samePolicyMeaning(hidden, hidden.replace(separator, '\n'))).toBe(false)
  })
})

function controlled(approvals: number): string {
  return `path "a" { policy = "read" control_group { factor "f" { identity { group_names = ["g"] approvals = ${approvals} } } } }`
}

function filtered(template: string, path = 'a'): string {
  return `path "${path}" { capabilities = ["list"] list_scan_response_keys_filter_path = "${template}" }\n`
}
