import { describe, expect, test } from 'vitest'
import { parsePolicy } from '../../../src/access/policy/parse.ts'
import type { PathRule, PolicyRefusal } from '../../../src/access/policy/policy.ts'
import { storedPolicyText } from '../../../src/access/policy/stored-text.ts'
import type { ServerVersion } from '../../../src/core/version.ts'

const vault: ServerVersion = { product: 'vault', version: '1.21.0' }
const openbao: ServerVersion = { product: 'openbao', version: '2.6.1' }

function rulesOf(text: string, server = vault, now?: number): readonly PathRule[] {
  const parsed = parsePolicy('p', text, server, now === undefined ? {} : { now })
  if ('refused' in parsed) throw new Error(parsed.refused.errors.join())
  return parsed.policy.rules
}

function ruleOf(text: string, server = vault): PathRule {
  const [rule, ...more] = rulesOf(text, server)
  expect(more).toEqual([])
  return rule as PathRule
}

function refusalOf(text: string, server = vault): PolicyRefusal {
  const parsed = parsePolicy('p', text, server)
  if ('policy' in parsed) throw new Error('the policy was taken')
  return parsed.refused
}

describe('a path', () => {
  test.each([
    ['a/b', 'a/b', 'exact'],
    ['/a/b', 'a/b', 'exact'],
    ['//a', '/a', 'exact'],
    ['a/*', 'a/', 'prefix'],
    ['*', '', 'prefix'],
    ['a*b', 'a*b', 'exact'],
    ['+', '+', 'segments'],
    ['/+', '+', 'segments'],
    ['+/a', '+/a', 'segments'],
    ['a/+/b*', 'a/+/b*', 'segments'],
    ['a/+b', 'a/+b', 'segments'],
    ['+a', '+a', 'exact'],
    ['', '', 'exact'],
  ])('%s is matched as %s, %s', (written, pattern, match) => {
    expect(ruleOf(`path "${written}" {}`)).toMatchObject({ written, pattern, match, templated: false })
  })

  test('without a label is called path, with two by the first', () => {
    expect(rulesOf('path { policy = "read" }\npath = {}\npath "a" "b" {}').map(({ written }) => written)).toEqual([
      'path',
      'path',
      'a',
    ])
  })

  test('may be a template, of which only the braces are looked at', () => {
    expect(ruleOf('path "a/{{ anything }}/*" {}')).toMatchObject({ templated: true, pattern: 'a/{{ anything }}/' })
  })

  test('is spelled with escapes, which may make bytes into characters', () => {
    expect(ruleOf('path "\\x61\\u00e9\\xc3\\xa9\\101${ \\" }" {}').written).toBe('aééA${ \\" }')
  })
})

describe('capabilities', () => {
  const capabilitiesOf = (block: string, server = vault) =>
    [...ruleOf(`path "a" { ${block} }`, server).capabilities].sort()

  test('are those listed and those of the shorthand', () => {
    expect(capabilitiesOf('policy = "read" capabilities = ["sudo"]')).toEqual(['list', 'read', 'sudo'])
    expect(capabilitiesOf('policy = "write"')).toEqual(['create', 'delete', 'list', 'read', 'update'])
    expect(capabilitiesOf('policy = "sudo"')).toEqual(['create', 'delete', 'list', 'read', 'sudo', 'update'])
  })

  test('are none in an empty block', () => {
    expect(capabilitiesOf('')).toEqual([])
  })

  test('are deny alone wherever it stands, and nothing else of the block counts then', () => {
    expect(capabilitiesOf('capabilities = ["read", "deny", "nonsense"]')).toEqual(['deny'])
    expect(capabilitiesOf('policy = "deny" capabilities = ["nonsense"]')).toEqual(['deny'])
    const denied = ruleOf('path "a" { capabilities = ["deny"] max_wrapping_ttl = "x" allowed_parameters = { a = [] } }')
    expect(denied).not.toHaveProperty('allowedParameters')
  })

  test.each([
    ['scan', openbao, vault],
    ['scan', openbao, { product: 'openbao', version: '2.1.1' }],
    ['subscribe', vault, openbao],
    ['recover', { product: 'vault', version: '1.20.0' }, { product: 'vault', version: '1.19.5' }],
  ] as const)('%s is known to %o and not to %o', (capability, knows, lacks) => {
    const text = `path "a" { capabilities = ["${capability}"] }`
    expect(ruleOf(text, knows).capabilities).toEqual(new Set([capability]))
    expect(refusalOf(text, lacks).errors).toEqual([
      `failed to parse policy: path "a": invalid capability "${capability}"`,
    ])
  })

  test('of repeated keys add up on OpenBao', () => {
    expect(capabilitiesOf('capabilities = ["read"] capabilities = ["list"]', openbao)).toEqual(['list', 'read'])
    expect(refusalOf('path "a" { capabilities = ["read"] capabilities = ["list"] }').errors[0]).toContain('already set')
  })
})

describe('limits', () => {
  test('parameters have lower-case names, and lists of what HCL holds', () => {
    const { allowedParameters } = ruleOf(
      'path "a" { allowed_parameters = { "Key" = ["x*", 1, 1.5, true, ["y"], { z = "w" }] "*" = [] } }',
    )
    expect(allowedParameters).toEqual(
      new Map<string, unknown>([
        ['key', ['x*', 1, 1.5, true, ['y'], { z: 'w' }]],
        ['*', []],
      ]),
    )
  })

  test('a block within a value equals nothing', () => {
    const { deniedParameters } = ruleOf('path "a" { denied_parameters { a = [{ b { c = "d" } }] } }')
    expect(deniedParameters).toEqual(new Map([['a', [{ b: Number.NaN }]]]))
  })

  test.each([
    ['"90s"', 90],
    ['90', 90],
    ['"90"', 90],
    ['1.9', 1],
    ['"1500ms"', 1.5],
    ['"2d"', 172_800],
    ['"1h1m"', 3660],
    ['0x10', 16],
    ['"-1s"', -1],
  ])('a wrapping TTL of %s is %d seconds', (written, seconds) => {
    expect(ruleOf(`path "a" { max_wrapping_ttl = ${written} }`).maxWrappingTtl).toBe(seconds)
  })

  test('no wrapping TTL is left out, and so are empty lists', () => {
    const rule = ruleOf('path "a" { min_wrapping_ttl = "0s" required_parameters = [] }')
    expect(rule).not.toHaveProperty('minWrappingTtl')
    expect(rule).not.toHaveProperty('requiredParameters')
  })

  test("OpenBao's own", () => {
    expect(
      ruleOf(
        'path "a" { capabilities = ["list"] pagination_limit = "0b11" list_scan_response_keys_filter_path = "{{.path}}{{.key}}" }',
        openbao,
      ),
    ).toMatchObject({ paginationLimit: 3, listScanResponseKeysFilterPath: '{{.path}}{{.key}}' })
  })
})

describe('an expiration, which OpenBao has', () => {
  const text = 'path "a" { expiration = "2030-01-01T01:00:00+01:00" capabilities = ["read"] }\npath "b" {}'
  const end = Date.UTC(2030, 0, 1)

  test('is kept while it is to come', () => {
    expect(rulesOf(text, openbao, end).map(({ pattern, expiration }) => [pattern, expiration])).toEqual([
      ['a', end],
      ['b', undefined],
    ])
  })

  test('takes the block away when it is over, mistakes included', () => {
    expect(rulesOf(text.replace('read', 'reed'), openbao, end + 1).map(({ pattern }) => pattern)).toEqual(['b'])
  })

  test.each([
    ['1893456000', end],
    ['"1893456000"', end],
    ['"2030-01-01T00:00:00.250Z"', end + 250],
  ])('may be %s', (written, at) => {
    expect(ruleOf(`path "a" { expiration = ${written} }`, openbao).expiration).toBe(at)
  })
})

describe('the two syntaxes', () => {
  test('JSON says the same as HCL', () => {
    const plain = ({ position: _, ...rule }: PathRule) => rule
    const hcl =
      'path "a/*" { capabilities = ["read"] allowed_parameters = { x = ["1"] } }\npath "b" { policy = "deny" }'
    const json =
      '{"path": {"a/*": {"capabilities": ["read"], "allowed_parameters": {"x": ["1"]}}, "b": {"policy": "deny"}}}'
    expect(rulesOf(json).map(plain)).toEqual(rulesOf(hcl).map(plain))
  })

  test.each([
    ['<<EOF\nread\nEOF\n', 'read\n'],
    ['<<EOF\nread\n  EOF\n', 'read\n  '],
    ['<<-EOF\n    a\n      b\n    EOF\n', 'a\n  b\n'],
    ['<<-EOF\n a\n    b\n   EOF\n', ' a\n    b\n'],
  ])('the here-document %j is %j', (written, value) => {
    expect(refusalOf(`path "a" { capabilities = [${written}] }`).errors).toEqual([
      `failed to parse policy: path "a": invalid capability ${JSON.stringify(value)}`,
    ])
  })
})

describe('positions', () => {
  test('of rules are where their blocks begin, in JSON their keys', () => {
    expect(rulesOf('# é\n  path "a" {}\r\n path "b" {}').map(({ position }) => position)).toEqual([
      { line: 2, column: 3 },
      { line: 3, column: 2 },
    ])
    expect(rulesOf('{"path": {"a": {},\n "b": {}}}').map(({ position }) => position)).toEqual([
      { line: 1, column: 11 },
      { line: 2, column: 2 },
    ])
  })

  test.each([
    ['path "a" {\n  mfa = 1\n}', 2, 3],
    ['path "a" {\n  capabilities = ["read",\n "reed"]\n}', 3, 2],
    ['path "a" {\n  capabilities = "read"\n}', 2, 18],
    ['path "a" {\n  min_wrapping_ttl = "x"\n}', 2, 22],
    ['name = "p"\n path "a/+*" {}', 2, 2],
  ])('of refusals are where the mistake is: %j', (text, line, column) => {
    expect(refusalOf(text).position).toEqual({ line, column })
  })
})

describe('names, files and crashes', () => {
  test('a name is in lower case, a file is kept', () => {
    expect(parsePolicy('Reader', '', vault, { file: 'policies/Reader.hcl' })).toEqual({
      policy: { name: 'reader', rules: [], file: 'policies/Reader.hcl' },
    })
  })

  test('a text at which the server panics says so', () => {
    expect(refusalOf('path "\\400" {}')).toEqual({ errors: [], position: { line: 1, column: 6 }, crash: true })
  })

  test('what is nested absurdly deep is refused instead of filling the stack', () => {
    expect(refusalOf(`path "a" { comment = ${'['.repeat(100_000)}`).errors[0]).toContain('nested')
    expect(refusalOf(`{"path": ${'{"a":'.repeat(100_000)}`).errors[0]).toContain('nested')
  })
})

describe('what the server keeps', () => {
  test.each([
    ['path "a" {}', { text: 'path "a" {}' }],
    ['', { refused: "'policy' parameter not supplied or empty" }],
    ['cGF0aCAiYSIge30=', { text: 'path "a" {}' }],
    ['cGF0aCAi\r\nYSIge30=\n', { text: 'path "a" {}' }],
    ['cGF0aCAiYSIge30', { text: 'cGF0aCAiYSIge30' }],
    ['\n', { text: '' }],
    ['abcd', { text: 'i\udcb7\x1d' }],
  ])('of %j is %j', (sent, stored) => {
    expect(storedPolicyText(sent)).toEqual(stored)
  })
})
