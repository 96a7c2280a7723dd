import { describe, expect, test } from 'vitest'
import { policyProblem } from '../../src/sandbox/policy-check.ts'

describe('a policy that a server takes', () => {
  test.each([
    ['is plain', 'path "a" {\n  capabilities = ["read", "list",] # why\n}\n'],
    ['is empty', '  \n'],
    ['is a comment', '/* nothing\nyet */ // at all\n# ever'],
    ['names a path twice', 'path "a" { policy = "read" }\npath "a" { policy = "write" }'],
    ['has no rule in a block', 'path "a" {}'],
    ['denies, and then whatever follows', 'path "a" { capabilities = ["deny", "nonsense"] }'],
    ['limits parameters', 'path "a" { allowed_parameters = { "*" = [] "ttl" = ["1h"] } required_parameters = ["x"] }'],
    ['is templated', 'path "a/{{identity.entity.id}}/*" { policy = "read" }'],
    ['is in JSON', '{"path": {"a": {"capabilities": ["read"]}}}'],
    ['uses more of HCL than is read here', 'path "a" { comment = <<EOT\n}\nEOT\n }'],
  ])('%s', (_name, text) => {
    expect(policyProblem(text, 'vault')).toBeUndefined()
    expect(policyProblem(text, 'openbao')).toBeUndefined()
  })
})

describe('a policy that a server refuses', () => {
  test.each([
    ['an unknown capability', 'path "a" { capabilities = ["reed"] }', 'path "a": invalid capability "reed"'],
    ['an unknown shorthand', 'path "a" { policy = "all" }', 'path "a": invalid policy "all"'],
    ['an unclosed block', 'path "a" { policy = "read"', 'At 1:28: object expected closing RBRACE got: EOF'],
    ['a brace too many', 'path "a" {}}', 'At 1:12: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE'],
    ['+*', 'path "a/+*" {}', `path "a/+*": invalid use of wildcards ('+*' is forbidden)`],
    ['half a template', 'path "{{a" {}', 'failed to validate policy templating: unbalanced templating characters'],
    [
      'limits that exclude each other',
      'path "a" { min_wrapping_ttl = "2h" max_wrapping_ttl = "1h" }',
      'max_wrapping_ttl cannot be less than min_wrapping_ttl',
    ],
    [
      'unknown keys of one path, all at once',
      'path "a" {\n mfa = []\n\n ttl = 1\n}\npath "b" { x = 1 }',
      '2 errors occurred:\n\t* path "a": invalid key "mfa" on line 2\n\t* path "a": invalid key "ttl" on line 4\n\n',
    ],
  ])('because of %s', (_name, text, problem) => {
    expect(policyProblem(text, 'vault')).toBe(problem)
    expect(policyProblem(text, 'openbao')).toBe(problem)
  })

  test('because of a key that stands twice, on Vault only', () => {
    const text = 'path "a" { policy = "read" policy = "write" }'
    expect(policyProblem(text, 'vault')).toContain('The argument "policy" at 1:28 was already set')
    expect(policyProblem(text, 'openbao')).toBeUndefined()
  })

  test.each([
    ['vault', 'path "a" { capabilities = ["scan"] }'],
    ['vault', 'path "a" { pagination_limit = 5 }'],
    ['openbao', 'path "a" { capabilities = ["subscribe"] }'],
    ['openbao', 'path "a" { control_group = {} }'],
  ] as const)('because %s does not have it: %s', (product, text) => {
    expect(policyProblem(text, product)).toBeDefined()
    expect(policyProblem(text, product === 'vault' ? 'openbao' : 'vault')).toBeUndefined()
  })
})
