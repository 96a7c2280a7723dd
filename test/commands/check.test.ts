import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { check } from '../../src/commands/check.ts'
import type { Context, Options } from '../../src/commands/session/command.ts'
import { complete, environment, role } from '../config/sets.ts'
import { type Files, withFiles } from '../support/files.ts'

/** Nothing to say about it; what a test changes is what is found. */
const careful: Files = {
  'environments/staging.yaml': environment.replace(' }', ', bound_issuer: https://gitlab.example.com }'),
  'roles/app.yaml': role
    .replace('[production]', '[staging]')
    .replace(
      '{ project_id: "42" }',
      '{ project_id: "42", job_project_id: "42", ref_path: refs/heads/main, ref_protected: "true", pipeline_source: [push] }',
    )
    .replace('token_max_ttl: 1h', 'token_type: batch'),
  'policies/reader.hcl': complete['policies/reader.hcl'],
}
const withPolicy = (text: string): Files => ({ ...careful, 'policies/reader.hcl': text })
const warned = withPolicy('path "secret/data/*/db" { capabilities = ["read"] }\n')
const broken = withPolicy('path "//secret" { capabilities = ["read"] }\n')

async function run(files: Files, options: Options = {}, cwd = withFiles(files)) {
  let [out, err] = ['', '']
  const context = {
    env: {},
    cwd,
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
  } as unknown as Context
  const code = await check.run(context, { format: 'text', directory: '.', ...options }, [])
  return { code, out, err, read: (path: string) => readFileSync(join(cwd, path), 'utf8') }
}

describe('check', () => {
  test('says how many objects there are where it finds nothing', async () => {
    expect(await run(careful)).toMatchObject({ code: 0, out: 'staging: 4 objects, no problems\n', err: '' })
  })

  test('shows a warning with its reason, and ends well', async () => {
    const { code, out } = await run(warned)
    expect(code).toBe(0)
    expect(out).toContain('warning[VWP02]: "secret/data/*/db" has a "*"')
    expect(out).toContain(' --> policies/reader.hcl:1:')
    expect(out).toContain('= why: Only a "*" at the end')
    expect(out).toMatch(/\n1 warning\n$/)
  })

  test('fails for a warning with --strict, and not for an info', async () => {
    expect((await run(warned, { strict: true })).code).toBe(1)
    const info = { ...warned, 'vaultwright.yaml': 'lint: { levels: { VWP02: info } }\n' }
    expect(await run(info, { strict: true })).toMatchObject({ code: 0, out: expect.stringContaining('info[VWP02]') })
  })

  test('fails for an error', async () => {
    expect(await run(broken)).toMatchObject({ code: 1, out: expect.stringContaining('error[VWP01]') })
  })

  test('looks no further than what cannot be understood', async () => {
    const { code, out } = await run({ ...broken, 'roles/app.yaml': `${careful['roles/app.yaml']}ttl: 5m\n` })
    expect(code).toBe(1)
    expect(out).toContain('error[unknown-key]')
    expect(out).not.toContain('VWP01')
  })

  test('counts what is allowed, and until when', async () => {
    const allowed = (until: string) => `path "//x" { } # vaultwright:allow VWP01 until ${until}: hm\n`
    const off = { 'vaultwright.yaml': 'lint: { levels: { VWP06: "off" } }\n' }
    const one = await run({ ...withPolicy(allowed('2999-01-01')), ...off })
    expect(one).toMatchObject({
      code: 0,
      out: 'staging: 4 objects, no problems\n1 finding is allowed until 2999-01-01\n',
    })
    const two = await run({
      ...withPolicy(`${allowed('2999-01-01')}${allowed('2999-02-01').replace('x', 'y')}`),
      ...off,
    })
    expect(two.out).toContain('2 findings are allowed, the first until 2999-01-01, the last until 2999-02-01\n')
  })
})

describe('check --format', () => {
  test('json counts and lists, what is allowed as well', async () => {
    const text = 'path "//x" { capabilities = ["read"] } # vaultwright:allow VWP01 until 2999-01-01: hm\n'
    const { out } = await run(withPolicy(`${text}path "a/*/b" { capabilities = ["read"] }\n`), { format: 'json' })
    expect(JSON.parse(out)).toMatchObject({
      format: 'vaultwright-diagnostics/1',
      summary: { errors: 0, warnings: 1, infos: 0, allowed: 1 },
      diagnostics: [{ code: 'VWP02', severity: 'warning', source: { line: 2 }, why: expect.any(String) }],
      allowed: [{ code: 'VWP01', reason: 'hm', until: '2999-01-01' }],
    })
  })

  test('codequality names files as the folder of the run sees them', async () => {
    const inside = Object.fromEntries(Object.entries(warned).map(([path, text]) => [`access/vault/${path}`, text]))
    const { out } = await run(inside, { format: 'codequality', directory: 'access/vault' })
    expect(JSON.parse(out)).toMatchObject([
      { location: { path: 'access/vault/policies/reader.hcl', lines: { begin: 1 } } },
    ])
  })

  test('sarif has the rules and a relative place', async () => {
    const { out } = await run(warned, { format: 'sarif' })
    const [{ tool, results }] = JSON.parse(out).runs
    expect(results).toMatchObject([
      {
        ruleId: 'VWP02',
        level: 'warning',
        locations: [
          { physicalLocation: { artifactLocation: { uri: 'policies/reader.hcl' }, region: { startLine: 1 } } },
        ],
      },
    ])
    expect(tool.driver.rules[results[0].ruleIndex].id).toBe('VWP02')
  })

  test('junit fails only for what makes the check fail', async () => {
    expect((await run(warned, { format: 'junit' })).out).toContain('failures="0"')
    expect((await run(warned, { format: 'junit', strict: true })).out).toContain('failures="1"')
  })
})

describe('check --fix', () => {
  const text =
    '# Ours.\npath "secret/data/app" {\n  capabilities = ["read", "sudo"] # hm\n}\npath "a/*/b" { capabilities = ["read"] }\n'

  test('mends what it can, shows it, and reports what is left', async () => {
    const { code, out, read } = await run(withPolicy(text), { fix: true, strict: true })
    expect(read('policies/reader.hcl')).toBe(text.replace(', "sudo"', ''))
    expect(out).toContain(
      [
        '  -   capabilities = ["read", "sudo"] # hm',
        '  +   capabilities = ["read"] # hm',
        '1 place fixed',
        '',
        'warning[VWP02]',
      ].join('\n'),
    )
    expect(out).not.toContain('VWP14]')
    expect(code).toBe(1)
  })

  test('ends well where nothing is left', async () => {
    const { code, out } = await run(withPolicy(text.replace(/path "a.*\n/, '')), { fix: true, strict: true })
    expect([code, out]).toEqual([0, expect.stringMatching(/\n\nstaging: 4 objects, no problems\n$/)])
  })

  test('says on stderr what it did where stdout carries a document', async () => {
    const { out, err } = await run(withPolicy(text), { fix: true, format: 'codequality' })
    expect(JSON.parse(out)).toHaveLength(1)
    expect(err).toContain('1 place fixed\n')
  })

  test('goes on as long as one fix makes room for another', async () => {
    const both = 'path "secret/data/app" {\n  policy = "sudo"\n}\n'
    const { read } = await run(withPolicy(both), { fix: true })
    expect(read('policies/reader.hcl')).toContain('capabilities = ["create", "read", "update", "delete", "list"]')
  })

  test('writes nothing where there is nothing to mend', async () => {
    const { out, read } = await run(warned, { fix: true })
    expect(read('policies/reader.hcl')).toBe(warned['policies/reader.hcl'])
    expect(out).not.toContain('fixed')
  })
})
