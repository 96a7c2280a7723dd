import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rules } from '../../src/lint/index.ts'
import type { Rule } from '../../src/lint/rule.ts'

/** The page of rules: words by hand above the mark, the rules as the table has them below it. */
const page = fileURLToPath(new URL('../../docs/lint.md', import.meta.url))
const mark = '<!-- From here on written by UPDATE_GOLDEN=1 npm test -- test/lint/docs.test.ts -->\n'

export function writtenRules(): string {
  const [, written = ''] = readFileSync(page, 'utf8').split(mark)
  return written
}

export function rulesPage(): string {
  const table = [
    '| rule | level | finds |',
    '| --- | --- | --- |',
    ...rules.map(({ id, level, title }) => `| [${id}](#${id.toLowerCase()}) | ${level} | ${cell(title)} |`),
  ]
  return `\n${[...table, '', ...rules.map(section)].join('\n')}`
}

export function updateRules(): void {
  const [words = ''] = readFileSync(page, 'utf8').split(mark)
  writeFileSync(page, `${words}${mark}${rulesPage()}`)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function section({ id, title, level, why, example }: Rule): string {
  const language = id.startsWith('VWP') ? 'hcl' : 'yaml'
  const fence = (text: string) => [`\`\`\`${language}`, text.trimEnd(), '```'].join('\n')
  const lines = example === undefined ? [] : ['', fence(example.bad), '', 'Instead:', '', fence(example.good)]
  return [`### ${id}`, '', `**${title}** (${level})`, '', why, ...lines, ''].join('\n')
}
