import type { EnvironmentMatrix, MatrixGrant, MatrixRow } from '../../access/why/matrix.ts'
import { code } from '../markdown-escape.ts'
import { serverText } from './answer.ts'
import { besides, fromWords, grantWords, tokenWords, whoWords } from './matrix-words.ts'

/** For comments and wikis: a table an environment. */
export function matrixMarkdown(environments: readonly EnvironmentMatrix[]): string {
  return `${environments.map((matrix) => tableOf(matrix).join('\n')).join('\n\n')}\n`
}

function tableOf(matrix: EnvironmentMatrix): string[] {
  return [
    `### ${code(matrix.environment)}`,
    '',
    serverText(matrix),
    '',
    '| Role | Who | May | From | Token |',
    '| --- | --- | --- | --- | --- |',
    ...matrix.rows.map(rowOf),
  ]
}

function rowOf(row: MatrixRow): string {
  const cells = [
    code(`${row.mount}/${row.role}`),
    code(whoWords(row)),
    grantsCell(row),
    code(fromWords(row)),
    code(tokenWords(row)),
  ]
  return `| ${cells.join(' | ')} |`
}

function grantsCell(row: MatrixRow): string {
  const lines = [...row.grants.map(grantCell), ...besides(row).map((text) => `and ${code(text)}`)]
  return lines.length === 0 ? 'nothing' : lines.join('<br>')
}

function grantCell(grant: MatrixGrant): string {
  return `${code(grant.path)}: ${code(grantWords(grant))}`
}
