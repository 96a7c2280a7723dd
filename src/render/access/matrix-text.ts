import type { EnvironmentMatrix, MatrixRow } from '../../access/why/matrix.ts'
import { displayWidth, padEnd, visible } from '../visible.ts'
import { formatPlace } from '../words.ts'
import { serverText } from './answer.ts'
import { aside, labelled, type Page, type PageOptions, pageOf } from './layout.ts'
import { besides, claimWords, fromWords, grantWords, tokenWords, whoWords } from './matrix-words.ts'

/** For people: a block a role. */
export function matrixText(environments: readonly EnvironmentMatrix[], options: PageOptions): string {
  const page = pageOf(options)
  const blocks = environments.flatMap((matrix) => [
    `${page.ink.bold(visible(matrix.environment))}  ${page.ink.dim(serverText(matrix))}`,
    ...(matrix.rows.length === 0 ? ['  There is no role.'] : matrix.rows.map((row) => rowLines(row, page).join('\n'))),
  ])
  return `${blocks.join('\n\n')}\n`
}

const column = 10

function rowLines(row: MatrixRow, page: Page): string[] {
  const place = row.source === undefined ? '' : formatPlace(row.source)
  const line = (label: string, text: string) => labelled(label, visible(text), page, { indent: 4, column })
  return [
    ...aside(`  ${page.ink.bold(visible(`${row.mount}/${row.role}`))}`, place, page, 4),
    ...line('who', whoWords(row)),
    ...(Object.keys(row.claims).length === 0 ? [] : line('claims', claimWords(row))),
    ...line('from', fromWords(row)),
    ...line('token', `${tokenWords(row)}, policies ${row.policies.join(', ') || 'none'}`),
    ...grantLines(row, page),
  ]
}

/** Paths in a column, and beside them what may be done there; below, where a path is too long for that. */
function grantLines(row: MatrixRow, page: Page): string[] {
  const { ink } = page
  const room = page.width - column - 4
  const longest = Math.floor(room / 2)
  const widths = row.grants.map(({ path }) => displayWidth(visible(path))).filter((width) => width <= longest)
  const width = widths.reduce((widest, one) => Math.max(widest, one), 0)
  const rules = row.grants.flatMap((grant) => {
    const path = visible(grant.path)
    const words = grantWords(grant)
    const shown = grant.capabilities.includes('deny') ? ink.red(words) : ink.green(words)
    const fits = displayWidth(path) <= width || displayWidth(path) + 2 + words.length <= room
    return fits ? [`${padEnd(path, width)}  ${shown}`] : [path, `  ${shown}`]
  })
  const lines = [...rules, ...besides(row).map((text) => ink.dim(visible(`and ${text}`)))]
  const all = lines.length === 0 ? ['nothing'] : lines
  return all.map((line, index) => `    ${padEnd(index === 0 ? 'may' : '', column)}${line}`)
}
