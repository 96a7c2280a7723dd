import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { failures } from '../../../src/access/why/failure-table.ts'
import { saidFailures } from '../../../src/access/why/said-failures.ts'
import { failureTable } from '../../../src/render/report/failures.ts'

const file = fileURLToPath(new URL('../../../docs/gitlab-failures.md', import.meta.url))

const head = [
  '# What goes wrong between GitLab and Vault',
  '',
  'Written from the tables that `access why` uses (`UPDATE_GOLDEN=1 npm test -- test/render/report/failures.test.ts`). What a server,',
  'curl, git or a shell says is made to appear in a test, on the real thing; what only GitLab or its runner say is from their',
  'sources, which the last column names. `vaultwright report` writes the same with the names of a configuration.',
  '',
]

function page(): string {
  return `${[...head, ...failureTable()].join('\n')}\n`
}

if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, page())

test('docs/gitlab-failures.md has every failure as the tables have it', () => {
  expect(readFileSync(file, 'utf8')).toBe(page())
})

test('every row has as many cells as the head, and shows its text as it is', () => {
  const rows = failureTable().filter((line) => line.startsWith('|'))
  expect(rows).toHaveLength(saidFailures.length + 2)
  for (const row of rows) expect(row.split('|'), row).toHaveLength(9)
  for (const { id } of failures)
    expect(
      rows.some((row) => row.includes(`| \`${id}\` |`)),
      id,
    ).toBe(true)
})
