import { describe, expect, test } from 'vitest'
import { kinds } from '../../src/kinds/index.ts'
import type { Rule } from '../../src/lint/rule.ts'
import { type LintReport, lint } from '../../src/lint/run.ts'
import { complete, environment, role } from '../config/sets.ts'
import { type Files, loadFiles, told } from '../support/files.ts'

const today = '2026-11-21'

/** Finds every role that is bound to project 42, at that claim, and says which role it is. */
const bound: Rule = {
  id: 'GLV01',
  title: 'bound to project 42',
  level: 'warning',
  why: 'Project 42 is nobody’s.',
  *check({ environment: { desired } }) {
    for (const object of desired)
      if (JSON.stringify(object.spec).includes('"project_id":"42"'))
        yield { object, field: ['bound_claims', 'project_id'], message: 'bound to 42', help: 'Bind to 43.' }
  },
}

/** Finds every block of a policy. */
const blocks: Rule = {
  id: 'VWP01',
  title: 'a block',
  level: 'error',
  why: 'Blocks are heavy.',
  *check({ environment: { desired }, policies }) {
    for (const object of desired) {
      const parsed = policies.get(object.path.replace('sys/policies/acl/', ''))
      for (const rule of parsed !== undefined && 'policy' in parsed ? parsed.policy.rules : [])
        yield { object, field: ['policy'], position: rule.position, message: `block ${rule.written}`, help: 'Hm.' }
    }
  },
}

async function linted(files: Files, day = today): Promise<LintReport> {
  const configuration = await loadFiles({ ...complete, ...files })
  expect(told(configuration)).toEqual([])
  return lint(configuration, { kinds, today: day, rules: [bound, blocks] })
}

const saying = ({ diagnostics }: LintReport) =>
  diagnostics.map(
    ({ code, severity, source, message }) =>
      `${severity} ${code} ${source?.file}:${source?.line}:${source?.column} ${message}`,
  )

const settings = (lines: string) => ({ 'vaultwright.yaml': lines })
const atRole = 'warning GLV01 roles/app.yaml:5:17 bound to 42'
const atPolicy = 'error VWP01 policies/reader.hcl:1:1 block secret/data/app'

describe('a finding', () => {
  test('is a diagnostic at its field or at its line of a policy, sorted by place, with help and the reason', async () => {
    const report = await linted({})
    expect(saying(report)).toEqual([atPolicy, atRole])
    expect(report.diagnostics[1]).toMatchObject({
      excerpt: 'bound_claims: { project_id: "42" }',
      length: 'project_id'.length,
      help: 'Bind to 43.',
      why: bound.why,
    })
    expect(report.diagnostics[0]).toMatchObject({ length: 'path "secret/data/app"'.length })
  })

  test('in several environments is one, which names them', async () => {
    const report = await linted({
      'environments/staging.yaml': `address: https://staging.example.com\n${environment}`,
      'roles/app.yaml': role.replace('[production]', '[production, staging]'),
    })
    expect(saying(report)).toEqual([`${atPolicy} (in production, staging)`, `${atRole} (in production, staging)`])
  })

  test('in one of the environments of its object names that one', async () => {
    const report = await linted({
      'environments/staging.yaml': `address: https://staging.example.com\n${environment}`,
      'roles/app.yaml': role.replace(
        '[production]',
        '{ production: {}, staging: { bound_claims: { project_id: "1" } } }',
      ),
    })
    expect(saying(report)).toContain('warning GLV01 roles/app.yaml:5:17 bound to 42 (in production)')
  })

  test('of the same lines in many roles is one, which names some of them', async () => {
    const entries = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `  - { id: ${name} }\n`).join('')
    const report = await linted({ 'roles/app.yaml': `name: app-\${id}\n${role}for_each:\n${entries}` })
    expect(saying(report)).toContain(
      'warning GLV01 roles/app.yaml:6:17 bound to 42 (also jwt-role/jwt/app-b, jwt-role/jwt/app-c, jwt-role/jwt/app-d and 2 more)',
    )
  })

  test('in a policy that was generated is where the role asks for it', async () => {
    const report = await linted({
      'roles/app.yaml': `${role.replace('token_policies: [reader]\n', '')}secrets: { A: { mount: ops, path: a, field: b } }\n`,
      'policies/reader.hcl': undefined,
    })
    expect(saying(report)).toContain('error VWP01 roles/app.yaml:8:1 block ops/data/a')
  })
})

describe('levels', () => {
  test('are those of the settings', async () => {
    expect(saying(await linted(settings('lint: { levels: { GLV01: info, VWP01: "off" } }\n')))).toEqual([
      atRole.replace('warning', 'info'),
    ])
  })
})

const exception = (more: string) =>
  settings(`lint:\n  exceptions:\n    - { rule: GLV01, object: "jwt-role/jwt/*", reason: moves soon, ${more} }\n`)

describe('an exception in the settings', () => {
  test('takes the finding away, and is counted', async () => {
    const report = await linted(exception('until: 2026-12-01'))
    expect(saying(report)).toEqual([atPolicy])
    expect(report.allowed).toMatchObject([{ allowance: { reason: 'moves soon', until: '2026-12-01' } }])
  })

  test('counts on its last day, and no longer', async () => {
    const files = exception('until: 2026-12-01')
    expect(saying(await linted(files, '2026-12-01'))).toEqual([atPolicy])
    expect(saying(await linted(files, '2026-12-02'))).toEqual([
      atPolicy,
      atRole,
      'warning expired-exception vaultwright.yaml:3:15 this exception from GLV01 expired on 2026-12-01; the finding is back',
    ])
  })

  test.each([
    ['another environment', 'environment: staging, until: 2026-12-01'],
    ['another object', 'until: 2026-12-01'],
  ])('for %s is unused', async (what, more) => {
    const files = exception(more)
    const text =
      what === 'another object' ? files['vaultwright.yaml'].replace('jwt/*', 'jwt/x*') : files['vaultwright.yaml']
    expect(saying(await linted(settings(text)))).toEqual([
      atPolicy,
      atRole,
      'warning unused-exception vaultwright.yaml:3:15 this exception from GLV01 matches no finding',
    ])
  })

  test('that has expired and matches nothing is unused rather than expired', async () => {
    const text = exception('until: 2020-12-01')['vaultwright.yaml'].replace('jwt/*', 'x')
    expect(saying(await linted(settings(text)))).toContain(
      'warning unused-exception vaultwright.yaml:3:15 this exception from GLV01 matches no finding',
    )
  })
})

const allow = (rule: string, until = '2026-12-01') => `# vaultwright:allow ${rule} until ${until}: moves soon`
const claims = 'bound_claims: { project_id: "42" }'

describe('a comment', () => {
  test.each([
    ['at the end of the line', `${claims} ${allow('GLV01')}`],
    ['on the line above', `${allow('GLV01')}\n${claims}`],
    ['above another comment', `${allow('GLV01')}\n# Why not.\n\n${claims}`],
  ])('%s takes the finding away', async (_where, lines) => {
    expect(saying(await linted({ 'roles/app.yaml': role.replace(claims, lines) }))).toEqual([atPolicy])
  })

  test.each([
    ['for another rule', `${claims} ${allow('VWP01')}`],
    ['at the end of the line above', `${allow('GLV01').padStart(100)}\ntoken_num_uses: 0\n${claims}`],
    ['below', `${claims}\n${allow('GLV01')}`],
  ])('%s does not', async (_where, lines) => {
    const found = saying(await linted({ 'roles/app.yaml': role.replace(claims, lines) }))
    expect(found).toEqual(expect.arrayContaining([expect.stringContaining(': bound to 42'.slice(2))]))
    expect(found).toEqual(expect.arrayContaining([expect.stringContaining('matches no finding')]))
  })

  test.each(['#', '//'])('in a policy may begin with %s', async (sign) => {
    const text = `path "a/b" { capabilities = ["read"] }\n${allow('VWP01').replace('#', sign)}\npath "a/c" { }\n`
    expect(saying(await linted({ 'policies/reader.hcl': text }))).toEqual([
      'error VWP01 policies/reader.hcl:1:1 block a/b',
      atRole,
    ])
  })

  test('expires like any other exception', async () => {
    const files = { 'roles/app.yaml': role.replace(claims, `${claims} ${allow('GLV01', '2026-11-20')}`) }
    expect(saying(await linted(files))).toEqual([
      atPolicy,
      atRole,
      'warning expired-exception roles/app.yaml:5:38 this exception from GLV01 expired on 2026-11-20; the finding is back',
    ])
  })

  test.each([
    ['vaultwright:allow GLV01', 'an exception needs the ID of a rule, a date and a reason'],
    ['vaultwright:allow GLV01: because', 'an exception needs the ID of a rule, a date and a reason'],
    ['vaultwright:allow GLV01 until 2027-01-01', 'an exception needs the ID of a rule, a date and a reason'],
    ['vaultwright:allow GLV01 until 2027-01-01:', 'an exception needs the ID of a rule, a date and a reason'],
    ['vaultwright: allow GLV01 until soon: because', 'an exception needs the ID of a rule, a date and a reason'],
    ['vaultwright:allow GLV1 until 2027-01-01: because', 'there is no rule "GLV1"'],
    ['vaultwright:allow GLV01 until 2027-02-30: because', 'there is no day 2027-02-30'],
  ])('%s is an error', async (comment, message) => {
    const { diagnostics } = await linted({ 'roles/app.yaml': `${role}# ${comment}\n` })
    const [found] = diagnostics.filter(({ code }) => code === 'invalid-exception')
    expect(found).toMatchObject({ severity: 'error', message, source: { file: 'roles/app.yaml', line: 9, column: 3 } })
    expect(found?.length).toBe(comment.length)
  })

  test('with a rule that is nearly one says which', async () => {
    const { diagnostics } = await linted({ 'roles/app.yaml': `${role}${allow('GVL01')}\n` })
    expect(diagnostics.find(({ code }) => code === 'invalid-exception')?.help).toBe('Did you mean GLV01?')
  })
})
