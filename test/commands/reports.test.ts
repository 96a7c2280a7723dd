import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { liveVault } from '../support/live-vault.ts'
import { configuration, ownName, workplace } from './fixture.ts'

let server: { readonly address: string; readonly token: string }

beforeAll(async () => {
  server = await liveVault()
})

describe('--report', () => {
  test('writes each format into its file, of one plan, and text to stdout', async () => {
    const { directory, run } = workplace(configuration(ownName()), server)
    const reports = ['markdown=out/plan.md', 'terraform-report=out/plan.terraform.json', 'junit=out/plan.xml']
    const planned = await run(['plan', ...reports.flatMap((report) => ['--report', report])])
    expect(planned.code, planned.output).toBe(2)
    expect(planned.stdout).toContain('4 to create')
    const file = (name: string) => readFileSync(join(directory, 'out', name), 'utf8')
    expect(file('plan.md')).toMatch(/^#/)
    expect(JSON.parse(file('plan.terraform.json'))).toEqual({ create: 4, update: 0, delete: 0 })
    expect(file('plan.xml')).toContain('tests="4" failures="0"')
    const drifted = await run(['drift', '--report', 'junit=out/drift.xml'])
    expect(drifted.code).toBe(2)
    expect(file('drift.xml')).toContain('tests="4" failures="4"')
  })

  test('is refused before anything is done, when it is none', async () => {
    const { directory, run } = workplace(configuration(ownName()), { address: 'http://127.0.0.1:1', token: 'x' })
    for (const report of ['markdown', 'pdf=plan.pdf', '=x', 'markdown=']) {
      const { code, stderr } = await run(['plan', '--report', report])
      expect(code).toBe(1)
      expect(stderr).toContain('this is no format=file')
      expect(stderr).toContain('terraform-report')
    }
    expect(existsSync(join(directory, 'markdown'))).toBe(false)
  })
})

test('check writes its report into a file, and text for people to stdout', async () => {
  const { directory, run } = workplace(configuration(ownName()), server)
  const checked = await run(['check', '--format', 'codequality', '--out', 'check.json'])
  expect(checked.stdout).toContain('GLV')
  expect(JSON.parse(readFileSync(join(directory, 'check.json'), 'utf8'))).toContainEqual(
    expect.objectContaining({ check_name: expect.stringMatching(/^GLV/) }),
  )
})
