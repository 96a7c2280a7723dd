import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ciRules } from '../../src/gitlab/check/index.ts'
import type { CiRule } from '../../src/gitlab/check/rule.ts'

/** The page of rules: words by hand above the mark, the rules as the table has them below it. */
const page = fileURLToPath(new URL('../../docs/gitlab-check.md', import.meta.url))
const mark = '<!-- From here on written by UPDATE_GOLDEN=1 npm test -- test/gitlab/check/docs.test.ts -->\n'

export function writtenCiRules(): string {
  const [, written = ''] = readFileSync(page, 'utf8').split(mark)
  return written
}

export function ciRulesPage(): string {
  const rows = ciRules.map(({ id, level, title }) => `| [${id}](#${id.toLowerCase()}) | ${level} | ${title} |`)
  return `\n${['| rule | level | finds |', '| --- | --- | --- |', ...rows, '', ...ciRules.map(section)].join('\n')}`
}

export function updateCiRules(): void {
  const [words = ''] = readFileSync(page, 'utf8').split(mark)
  writeFileSync(page, `${words}${mark}${ciRulesPage()}`)
}

function section({ id, title, level, why, example }: CiRule): string {
  const fence = (text: string) => ['```yaml', text.trimEnd(), '```'].join('\n')
  return [
    `### ${id}`,
    '',
    `**${title}** (${level})`,
    '',
    why,
    '',
    fence(example.bad),
    '',
    'Instead:',
    '',
    fence(example.good),
    '',
  ].join('\n')
}
