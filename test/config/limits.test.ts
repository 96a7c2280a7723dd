import { describe, expect, test } from 'vitest'
import { collectProblems } from '../../src/config/problems.ts'
import { suggestName } from '../../src/config/suggest.ts'
import { startOf, textFile } from '../../src/config/text.ts'
import { loadFiles, told } from '../support/files.ts'
import { complete, environment, role } from './sets.ts'

const file = textFile('a.yaml', `${'x\n'.repeat(3000)}`)
const line = (index: number) => ({ ...startOf(file), start: 2 * index, end: 2 * index + 1 })

describe('limits', () => {
  test('a thousand problems are kept, and one line counts the others', () => {
    const problems = collectProblems()
    for (let i = 0; i < 1200; i++) problems.warning('w', 'm', line(i))
    for (let i = 0; i < 2; i++) problems.warning('w', 'm', line(1100))
    const list = problems.list()
    expect(list).toHaveLength(1001)
    expect(list.at(-1)).toMatchObject({
      code: 'too-many-problems',
      severity: 'warning',
      message: expect.stringMatching(/^200 /),
    })
  })

  test('an error that is only counted is an error still', () => {
    const problems = collectProblems()
    for (let i = 0; i < 1000; i++) problems.warning('w', 'm', line(i))
    problems.error('e', 'm', line(1000))
    expect(problems.list().at(-1)).toMatchObject({ severity: 'error' })
  })

  test('near names are looked for fifty times in a run, and once for a problem met again', () => {
    const problems = collectProblems()
    let searches = 0
    const candidates = () => {
      searches++
      return ['name']
    }
    for (const _ of [1, 2])
      for (let i = 0; i < 100; i++) problems.error('e', 'm', line(i), { help: suggestName('nam', candidates, 'Rest.') })
    expect(searches).toBe(50)
    expect(problems.list()[49]?.help).toBe('Did you mean "name"? Rest.')
    expect(problems.list()[50]?.help).toBe('Rest.')
  })

  test('unknown variables look for near names that often, too', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `"\${nme${i}}"`)
    const files = {
      ...complete,
      'environments/production.yaml': `${environment}variables: { name: a }\n`,
      'roles/app.yaml': role.replace('[https://vault.example.com]', `[${names.join(', ')}]`),
    }
    const lines = told(await loadFiles(files)).filter((found) => found.startsWith('unknown-variable'))
    expect(lines).toHaveLength(60)
    expect(lines.filter((found) => found.includes('Did you mean'))).toHaveLength(50)
  })

  test('of many keys written twice each names the first one', async () => {
    const keys = Array.from({ length: 40_000 }, (_, i) => `k${i % 100}: 1`)
    const { diagnostics } = await loadFiles({ ...complete, 'vaultwright.yaml': keys.join('\n') })
    const twice = diagnostics.filter(({ code }) => code === 'duplicate-key')
    expect(twice.length).toBeGreaterThan(800)
    expect(twice.at(-1)?.related?.[0]?.source.line).toBe((((twice.at(-1)?.source?.line ?? 0) - 1) % 100) + 1)
  })

  test('a long text counts as much in aliases as many short ones', async () => {
    const text = `variables:\n  a: &a ${'x'.repeat(100_000)}\n  b: [${Array(200).fill('*a').join(', ')}]\n`
    const lines = told(await loadFiles({ ...complete, 'environments/production.yaml': text + environment }))
    expect(lines).toEqual([expect.stringMatching(/^too-many-aliases /)])
  })

  test('a short text may be repeated ten thousand times', async () => {
    const text = `variables:\n  a: &a ${'x'.repeat(60)}\n  b: [${Array(10_000).fill('*a').join(', ')}]\n`
    expect(told(await loadFiles({ ...complete, 'environments/production.yaml': text + environment }))).toEqual([])
  })
})
