import picocolors from 'picocolors'
import type { AccessReport } from '../../core/access-effect.ts'
import { code } from '../markdown-escape.ts'
import { document } from '../plan/json.ts'
import { visible } from '../visible.ts'
import { type AccessLine, accessLines, nothingGained } from './effects.ts'
import { accessMarkdown } from './effects-markdown.ts'

/** Two sides compared, environment by environment; the sides' names are for people. */
export interface AccessComparison {
  readonly before: string
  readonly after: string
  readonly environments: readonly {
    readonly environment: string
    /** On one side only: then everything comes or goes. */
    readonly only?: 'before' | 'after'
    readonly report: AccessReport
  }[]
}

/** Raised when a reader of an older report would misunderstand a newer one; new keys do not raise it. docs/report.md */
const accessDiffFormat = 'vaultwright-access-diff/1'

type RenderComparison = (comparison: AccessComparison, options: { readonly color: boolean }) => string

/** Every format of `access diff`, by its name on the command line. */
export const comparisonRenderers: Readonly<Record<'text' | 'markdown' | 'json', RenderComparison>> = {
  text: asText,
  markdown: asMarkdown,
  json: (comparison) => document({ format: accessDiffFormat, ...comparison }),
}

function asText({ before, after, environments }: AccessComparison, { color }: { readonly color: boolean }): string {
  const ink = picocolors.createColors(color)
  const paint: Readonly<Record<AccessLine['sign'], (text: string) => string>> = {
    '+': ink.green,
    '-': ink.red,
    '~': ink.yellow,
    '?': ink.magenta,
  }
  const parts = environments.map(({ environment, only, report }) => {
    const lines = accessLines(report).map(({ sign, text }) => `  ${paint[sign](sign)} ${text}`)
    const name = ink.bold(visible(environment))
    const where = only === undefined ? '' : ink.dim(`  only in ${visible(only === 'before' ? before : after)}`)
    return lines.length === 0 ? `${name}: ${nothingGained}${where}` : [`${name}${where}`, ...lines].join('\n')
  })
  return `${[ink.dim(`from ${visible(before)} to ${visible(after)}`), ...parts].join('\n\n')}\n`
}

function asMarkdown({ before, after, environments }: AccessComparison): string {
  const parts = environments.map(({ environment, only, report }) => {
    const where = only === undefined ? '' : `only in ${code(only === 'before' ? before : after)}\n\n`
    return `### ${code(environment)}\n\n${where}${accessMarkdown(report) ?? nothingGained}`
  })
  return `${[`## Access from ${code(before)} to ${code(after)}`, ...parts].join('\n\n')}\n`
}
