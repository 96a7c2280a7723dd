import { describe, expect, test } from 'vitest'
import type { AccessPromise, PromiseFinding, PromiseResult } from '../../../src/core/promise.ts'
import { promiseDiagnostics } from '../../../src/render/promises/diagnostics.ts'
import { promisesJson } from '../../../src/render/promises/json.ts'
import { promisesJunit } from '../../../src/render/promises/junit.ts'
import { promisesText } from '../../../src/render/promises/text.ts'

function promised(name: string, more: Partial<AccessPromise> = {}): AccessPromise {
  const source = { file: 'test/access/a.yaml', line: 3, column: 11 }
  return {
    name,
    environment: 'production',
    location: { source, excerpt: `  - name: ${name}`, length: name.length },
    allowUndecided: false,
    subject: { about: 'only', roles: ['jwt/a'], can: [] },
    ...more,
  }
}

const finding = (message: string, more: Partial<PromiseFinding> = {}): PromiseFinding => ({
  outcome: 'broken',
  message,
  related: [],
  ...more,
})

function result(promise: AccessPromise, ...findings: PromiseFinding[]): PromiseResult {
  return { promise, outcome: findings[0]?.outcome ?? 'kept', findings, asked: 'files' }
}

const doubt = finding('nobody knows', { outcome: 'undecided' })
const plain = { color: false, unicode: true }

describe('promises as text', () => {
  test('stand by environment and file, each with its mark, and the count last', () => {
    const results = [
      result(promised('a')),
      result(promised('b'), finding('it is not so')),
      result(promised('c', { environment: 'staging' }), doubt),
      result(promised('d', { environment: 'staging', allowUndecided: true }), doubt),
    ]
    const text = promisesText(results, plain)
    expect(text.split('\n\n')[0]).toBe('production\n  test/access/a.yaml\n    ✓ a\n    ✗ b')
    expect(text.split('\n\n')[1]).toBe(
      'staging\n  test/access/a.yaml\n    ? c\n    ? d (not decided, which is allowed)',
    )
    expect(text).toContain('error[broken-promise]: production: "b": it is not so\n')
    expect(text).toContain('error[undecided-promise]: staging: "c": nobody knows\n')
    expect(text).not.toContain('"d"')
    expect(text.endsWith('\n\n1 promise kept, 1 broken, 2 not decided.\n')).toBe(true)
  })

  test('say how each was found out, where a server was asked', () => {
    const [read, asked] = [result(promised('a')), result(promised('b'))]
    const text = promisesText(
      [
        { ...read, asked: 'server objects' },
        { ...asked, asked: 'login', note: 'More.' },
      ],
      plain,
    )
    expect(text).toContain('✓ a (decided from what the server has)\n')
    expect(text).toContain('✓ b (asked the server)\n      More.\n')
  })

  test('cannot steer a terminal', () => {
    const text = promisesText([result(promised('\x1b[2Ja'), finding('\x1b]0;x\x07'))], plain)
    expect(text).toContain('✗ \\x1b[2Ja\n')
    expect(text).not.toContain('\x1b')
  })
})

describe('promises as problems', () => {
  test('one problem in several environments is told once', () => {
    const results = ['production', 'staging'].map((environment) =>
      result(promised('a', { environment }), finding('no')),
    )
    expect(promiseDiagnostics(results).map(({ message }) => message)).toEqual(['production, staging: "a": no'])
    const other = [...results, result(promised('a', { environment: 'test' }), finding('another'))]
    expect(promiseDiagnostics(other)).toHaveLength(2)
  })

  test('what no file says is told in words, and so is what matters of the token', () => {
    const counterexample = { mount: 'jwt', role: 'a', claims: { ref: 'x', iat: 1 }, decisive: ['ref', 'environment'] }
    const related = [
      { message: 'the role jwt/a' },
      { message: 'a rule', source: { file: 'p.hcl', line: 1, column: 1 } },
    ]
    const [diagnostic] = promiseDiagnostics(
      [result(promised('a'), finding('no', { related, counterexample }))],
      'warning',
    )
    expect(diagnostic).toMatchObject({
      severity: 'warning',
      help: 'On the server: the role jwt/a. The token: ref "x", environment absent.',
      related: [{ message: 'a rule' }],
    })
  })
})

test('promises as JSON say everything that is known', () => {
  const counterexample = { mount: 'jwt', role: 'a', claims: { ref: 'x' } }
  const report = JSON.parse(
    promisesJson([result(promised('a'), finding('no', { help: 'h', counterexample })), result(promised('b'))]),
  )
  expect(report).toEqual({
    format: 'vaultwright-promises/1',
    summary: { kept: 1, broken: 1, undecided: 0 },
    promises: [
      {
        ...{ name: 'a', environment: 'production', source: { file: 'test/access/a.yaml', line: 3, column: 11 } },
        ...{ outcome: 'broken', asked: 'files' },
        findings: [{ outcome: 'broken', message: 'no', help: 'h', related: [], counterexample }],
      },
      {
        ...{ name: 'b', environment: 'production', source: { file: 'test/access/a.yaml', line: 3, column: 11 } },
        ...{ outcome: 'kept', asked: 'files', findings: [] },
      },
    ],
  })
})

/** Elements and their attributes as an XML reader sees them; throws where a tag is not closed in its place. */
function elements(xml: string): { readonly name: string; readonly attributes: Record<string, string> }[] {
  const text = (raw: string) => raw.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
  const open: string[] = []
  const found: { name: string; attributes: Record<string, string> }[] = []
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
  for (const [, end, name = '', rest = '', self] of body.matchAll(/<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g)) {
    if (end === '/') expect(open.pop()).toBe(name)
    else {
      const attributes = [...rest.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
        key,
        text(value),
      ])
      found.push({ name, attributes: Object.fromEntries(attributes) })
      if (self !== '/') open.push(name)
    }
  }
  expect(open).toEqual([])
  expect(body.replace(/<[^>]*>/g, '')).not.toMatch(/[<>]|&(?!#\d+;)/)
  return found
}

describe('promises as JUnit', () => {
  const results = [
    result(promised('a "b" <c> & \'d\'')),
    result(promised('broken'), finding('no & <no>', { help: 'Mend it.' }), finding('and more')),
    result(promised('open'), doubt),
    result(promised('allowed', { allowUndecided: true }), doubt),
    result(promised('elsewhere', { environment: 'staging' })),
  ]

  test('are a suite for each environment and a case for each promise, with counts that are right', () => {
    const found = elements(promisesJunit(results))
    const suites = found.filter(({ name }) => name === 'testsuite').map(({ attributes }) => attributes)
    expect(suites).toMatchObject([
      { name: 'production', tests: '4', failures: '2', errors: '0' },
      { name: 'staging', tests: '1', failures: '0', errors: '0' },
    ])
    expect(found[0]).toMatchObject({ name: 'testsuites', attributes: { tests: '5', failures: '2' } })
    const cases = found.filter(({ name }) => name === 'testcase').map(({ attributes }) => attributes)
    expect(cases.map(({ name }) => name)).toEqual(['a "b" <c> & \'d\'', 'broken', 'open', 'allowed', 'elsewhere'])
    for (const one of cases) expect(one).toMatchObject({ classname: 'test/access/a.yaml', file: 'test/access/a.yaml' })
    const failures = found.filter(({ name }) => name === 'failure').map(({ attributes }) => attributes)
    expect(failures).toEqual([
      { message: '2 problems: no & <no>', type: 'broken' },
      { message: 'nobody knows', type: 'undecided' },
    ])
  })

  test('name files as the repository’s root sees them', () => {
    const [, , one] = elements(promisesJunit([result(promised('a'))], 'vault/'))
    expect(one?.attributes).toMatchObject({ classname: 'vault/test/access/a.yaml', file: 'vault/test/access/a.yaml' })
  })

  test('hold no character that XML forbids', () => {
    const xml = promisesJunit([result(promised('a\u0000\u001b\uffff'), finding('b\u0008'))])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/)
  })
})
