import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../../src/core/diagnostic.ts'
import { checkFormats } from '../../../src/render/check/index.ts'
import type { CheckReport } from '../../../src/render/check/report.ts'

const at = (file: string, line: number, column = 1) => ({ source: { file, line, column } })
const unprotected: Diagnostic = {
  code: 'GLV09',
  severity: 'error',
  message: 'role jwt/ci takes any branch',
  help: 'Bind ref_protected.',
  why: 'Branches are free.',
  ...at('roles/ci.yaml', 3, 5),
  length: 12,
}
const literal: Diagnostic = {
  code: 'VWP02',
  severity: 'warning',
  message: 'a "*" is literal',
  ...at('policies/a b.hcl', 7),
}
const note: Diagnostic = { code: 'GLV29', severity: 'info', message: 'any file', ...at('roles/ci.yaml', 1) }
const homeless: Diagnostic = {
  code: 'no-directory',
  severity: 'error',
  message: 'there is no folder "x"',
  help: 'Name one.',
}

const report: CheckReport = {
  diagnostics: [unprotected, literal, note, homeless],
  allowed: [],
  rules: [
    { id: 'GLV09', title: 'unprotected', level: 'error', why: 'Branches are free.' },
    { id: 'GLV29', title: 'any file', level: 'info', why: 'Files vary.' },
    { id: 'VWP02', title: 'literal star', level: 'warning', why: 'Stars.' },
  ],
  files: ['roles/ci.yaml', 'roles/quiet.yaml', 'policies/a b.hcl'],
  prefix: '',
  version: '1.2.3',
  fails: (severity) => severity === 'error',
}

async function rendered(format: string, changes: Partial<CheckReport> = {}): Promise<string> {
  const load = checkFormats[format]
  if (load === undefined) throw new Error(`no format ${format}`)
  return (await load())({ ...report, ...changes })
}

describe('Code Quality', () => {
  const entries = async (changes: Partial<CheckReport> = {}) => JSON.parse(await rendered('codequality', changes))

  /** gitlab lib/gitlab/ci/parsers/codequality/schemas/codeclimate.json: what an entry must have. */
  test('every entry has what GitLab asks for, also one that no file says', async () => {
    for (const entry of await entries()) {
      expect(Object.keys(entry).sort()).toEqual(['check_name', 'description', 'fingerprint', 'location', 'severity'])
      expect(entry.description).toMatch(/\S/)
      expect(entry.fingerprint).toMatch(/^[0-9a-f]{64}$/)
      expect(['info', 'minor', 'major', 'critical', 'blocker']).toContain(entry.severity)
      expect(entry.location.path).toMatch(/^[^/]/)
      expect(entry.location.lines.begin).toBeGreaterThan(0)
    }
  })

  test('severities, places and words are those of the diagnostics', async () => {
    expect(await entries()).toMatchObject([
      {
        check_name: 'GLV09',
        severity: 'critical',
        description: 'role jwt/ci takes any branch. Bind ref_protected.',
        location: { path: 'roles/ci.yaml', lines: { begin: 3 } },
      },
      { severity: 'minor' },
      { severity: 'info' },
      { severity: 'critical', location: { path: 'vaultwright.yaml', lines: { begin: 1 } } },
    ])
  })

  test('no two fingerprints are equal, and each stays the same', async () => {
    const diagnostics = [
      unprotected,
      unprotected,
      { ...unprotected, ...at('roles/ci.yaml', 3, 6) },
      { ...unprotected, ...at('x', 3, 5) },
    ]
    const found = (await entries({ diagnostics })).map(({ fingerprint }: { fingerprint: string }) => fingerprint)
    expect(new Set(found).size).toBe(4)
    expect((await entries({ diagnostics: diagnostics.slice(0, 1) }))[0].fingerprint).toBe(found[0])
  })

  test('nothing found is an empty list', async () => {
    expect(await rendered('codequality', { diagnostics: [] })).toBe('[]\n')
  })
})

describe('SARIF', () => {
  const run = async (changes: Partial<CheckReport> = {}) => JSON.parse(await rendered('sarif', changes)).runs[0]

  test('is a log of version 2.1.0 with the program and its version', async () => {
    expect(JSON.parse(await rendered('sarif'))).toMatchObject({
      version: '2.1.0',
      runs: [{ tool: { driver: { name: 'vaultwright', version: '1.2.3' } }, columnKind: 'utf16CodeUnits' }],
    })
  })

  test('has a rule for every result, at the index that the result names', async () => {
    const { tool, results } = await run()
    expect(results).toHaveLength(4)
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId)
    expect(tool.driver.rules[0]).toEqual({
      id: 'GLV09',
      shortDescription: { text: 'unprotected' },
      fullDescription: { text: 'Branches are free.' },
      help: { text: 'Branches are free.' },
      defaultConfiguration: { level: 'error' },
    })
  })

  test('places are relative URIs with a region', async () => {
    const { results } = await run({ prefix: 'access/' })
    expect(results[0]).toMatchObject({
      level: 'error',
      message: { text: 'role jwt/ci takes any branch\nBind ref_protected.' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'access/roles/ci.yaml' },
            region: { startLine: 3, startColumn: 5, endColumn: 17 },
          },
        },
      ],
    })
    expect(results[1].locations[0].physicalLocation.artifactLocation.uri).toBe('access/policies/a%20b.hcl')
    expect(results[2].level).toBe('note')
  })

  test('what is allowed is a suppressed result with its reason', async () => {
    const { results } = await run({
      diagnostics: [],
      allowed: [{ ...unprotected, reason: 'moves soon', until: '2027-03-01' }],
    })
    expect(results).toMatchObject([
      {
        ruleId: 'GLV09',
        suppressions: [{ kind: 'external', status: 'accepted', justification: 'moves soon (until 2027-03-01)' }],
      },
    ])
  })

  test('other places are related locations', async () => {
    const related = [{ message: 'here as well', source: { file: 'a.yaml', line: 2, column: 1 } }]
    const { results } = await run({ diagnostics: [{ ...unprotected, related }] })
    expect(results[0].relatedLocations).toMatchObject([
      { message: { text: 'here as well' }, physicalLocation: { artifactLocation: { uri: 'a.yaml' } } },
    ])
  })
})

describe('JUnit', () => {
  test('has a suite for each file and a case for each rule that found something in it', async () => {
    expect(await rendered('junit')).toBe(
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<testsuites tests="5" failures="2" errors="0" skipped="0">',
        '  <testsuite name="policies/a b.hcl" tests="1" failures="0" errors="0" skipped="0">',
        '    <testcase classname="policies/a b.hcl" name="VWP02: literal star" file="policies/a b.hcl">',
        '      <system-out>policies/a b.hcl:7:1: warning: a &#34;*&#34; is literal</system-out>',
        '    </testcase>',
        '  </testsuite>',
        '  <testsuite name="roles/ci.yaml" tests="2" failures="1" errors="0" skipped="0">',
        '    <testcase classname="roles/ci.yaml" name="GLV09: unprotected" file="roles/ci.yaml">',
        '      <failure message="role jwt/ci takes any branch" type="error">roles/ci.yaml:3:5: error: role jwt/ci takes any branch',
        'Bind ref_protected.',
        'Branches are free.</failure>',
        '    </testcase>',
        '    <testcase classname="roles/ci.yaml" name="GLV29: any file" file="roles/ci.yaml">',
        '      <system-out>roles/ci.yaml:1:1: info: any file</system-out>',
        '    </testcase>',
        '  </testsuite>',
        '  <testsuite name="roles/quiet.yaml" tests="1" failures="0" errors="0" skipped="0">',
        '    <testcase classname="roles/quiet.yaml" name="no problems" file="roles/quiet.yaml"/>',
        '  </testsuite>',
        '  <testsuite name="vaultwright.yaml" tests="1" failures="1" errors="0" skipped="0">',
        '    <testcase classname="vaultwright.yaml" name="no-directory" file="vaultwright.yaml">',
        '      <failure message="there is no folder &#34;x&#34;" type="error">error: there is no folder &#34;x&#34;',
        'Name one.</failure>',
        '    </testcase>',
        '  </testsuite>',
        '</testsuites>',
        '',
      ].join('\n'),
    )
  })

  test('several failures of one rule are one case that counts them', async () => {
    const diagnostics = [unprotected, { ...unprotected, ...at('roles/ci.yaml', 9) }]
    expect(await rendered('junit', { diagnostics })).toContain('message="2 problems: role jwt/ci takes any branch"')
  })

  test('what XML cannot hold is spelled out', async () => {
    const diagnostics = [{ ...unprotected, message: '<\u0000\u001b[31m]]>&' }]
    expect(await rendered('junit', { diagnostics })).toContain('message="&#60;\\x00\\x1b[31m]]&#62;&#38;"')
  })
})
