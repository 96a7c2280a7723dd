import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePolicy } from '../../../src/access/policy/parse.ts'
import { plainBlocks } from '../../../src/access/policy/plain-blocks.ts'
import { newestServers } from '../../../src/core/version.ts'

/** The same text for the parser: a block comment at its end is nothing that `plainBlocks` knows. */
function parsed(text: string) {
  return Object.values(newestServers).map((server) => {
    const result = parsePolicy('', `${text}\n/* whole */`, server)
    return 'policy' in result ? result.policy.rules : undefined
  })
}

const space = fc.constantFrom(
  '',
  ' ',
  '  ',
  '\t',
  '\n',
  ' \n ',
  '# a "quote" } path\n',
  '//\n',
  '\n#\n',
  ',',
  '\r\n',
  '/* */',
)
const line = fc.constantFrom('', ' ', ' ', ' ', '\t', '\n')
const path = fc.oneof(
  fc.constantFrom(
    'a',
    '/a/b',
    'a/*',
    '*',
    '+',
    '+/a',
    'a/+/b*',
    'a/+*',
    '',
    '{{identity.entity.id}}',
    'a/{{identity.entity.name}}/{b}/*',
    '{{a}} }}',
    '+{{a}}',
    'a\\"',
    'é',
    '${a}',
  ),
  fc.string({ maxLength: 8 }),
)
const word = fc.constantFrom('read', 'list', 'create', 'update', 'delete', 'patch', 'sudo', 'deny', 'reed', 'Read', '')
const capabilities = fc
  .tuple(
    fc.array(word, { maxLength: 3 }),
    fc.constantFrom(', ', ',', ',\n', ' , ', ' '),
    fc.constantFrom('', '', ',', ' ,\n'),
  )
  .map(([words, comma, end]) => `[${words.map((one) => `"${one}"`).join(comma)}${end}]`)
const body = fc.oneof(
  { weight: 12, arbitrary: capabilities.map((list) => `capabilities = ${list}`) },
  { weight: 1, arbitrary: fc.constantFrom('', 'policy = "read"', 'capabilities = "read"', 'comment = "x"') },
)
const block = fc
  .tuple(space, line, path, line, space, body, space)
  .map(
    ([before, gap, name, brace, inside, said, after]) =>
      `${before}path${gap}"${name}"${brace}{${inside}${said}${after}}`,
  )
const text = fc
  .tuple(fc.array(block, { maxLength: 4 }), space)
  .map(([blocks, end]) => blocks.join('\n') + end)
  .filter((whole) => /^[\0-\x7f]*$/.test(whole))

describe('blocks that list capabilities and nothing else', () => {
  test('are read as the parser reads them, positions included', () => {
    const tally = { read: 0, left: 0 }
    fc.assert(
      fc.property(text, (whole) => {
        const rules = plainBlocks(whole)
        if (rules === undefined) tally.left++
        else {
          tally.read++
          for (const expected of parsed(whole)) expect(rules).toEqual(expected)
        }
      }),
      { numRuns: 4_000 },
    )
    expect(tally.read).toBeGreaterThan(400)
    expect(tally.left).toBeGreaterThan(400)
  })

  test('are told where they begin, several on one line too', () => {
    const line = ' path "a" { capabilities = ["read"] } path "b/*" {'
    const rules = plainBlocks(`# of a\n${line}\ncapabilities = []\n}\n`)
    expect(rules?.map(({ position }) => position)).toEqual([
      { line: 2, column: 2 },
      { line: 2, column: line.lastIndexOf('path') + 1 },
    ])
  })

  test('give nothing but deny where deny is among them', () => {
    const [rule] = plainBlocks('path "a" { capabilities = ["read", "deny"] }') ?? []
    expect([...(rule?.capabilities ?? [])]).toEqual(['deny'])
  })

  test.each([
    ['a mistake in a capability', 'path "a" { capabilities = ["reed"] }'],
    ['half a template', 'path "a/{{identity.entity.id" { capabilities = ["read"] }'],
    ['an interpolation', 'path "a/${b}" { capabilities = ["read"] }'],
    ['an escape', 'path "a\\n" { capabilities = ["read"] }'],
    ['a forbidden wildcard', 'path "a/+*" { capabilities = ["read"] }'],
    ['a missing comma', 'path "a" { capabilities = ["read" "list"] }'],
    ['a second key', 'path "a" { capabilities = ["read"]\n capabilities = ["list"] }'],
    ['JSON', '{"path": {"a": {"capabilities": ["read"]}}}'],
    ['no end', 'path "a" { capabilities = ["read"]'],
    ['a very long text', `${' '.repeat(1_000_000)}path "a" { capabilities = ["read"] }`],
  ])('are not looked for in a text with %s', (_, whole) => {
    expect(plainBlocks(whole)).toBeUndefined()
  })
})
