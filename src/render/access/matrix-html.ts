import type { EnvironmentMatrix, MatrixGrant, MatrixRow } from '../../access/why/matrix.ts'
import { code, escaped, htmlPage } from '../html.ts'
import { serverText } from './answer.ts'
import { besides, claimWords, fromWords, grantWords, tokenWords, whoWords } from './matrix-words.ts'

/** A page of its own. */
export function matrixHtml(environments: readonly EnvironmentMatrix[]): string {
  return htmlPage('Who may do what', environments.flatMap(environmentLines))
}

function environmentLines(matrix: EnvironmentMatrix): string[] {
  return [
    `<h2>${escaped(matrix.environment)} <small>${escaped(serverText(matrix))}</small></h2>`,
    '<table>',
    '<thead><tr><th>Role</th><th>Who</th><th>May</th><th>From</th><th>Token</th></tr></thead>',
    '<tbody>',
    ...matrix.rows.map(rowLine),
    '</tbody>',
    '</table>',
  ]
}

function rowLine(row: MatrixRow): string {
  const claims = claimWords(row)
  const cells = [
    code(`${row.mount}/${row.role}`),
    `${escaped(whoWords(row))}${claims === '' ? '' : `<br><small>${code(claims)}</small>`}`,
    grantsCell(row),
    escaped(fromWords(row)),
    `${escaped(tokenWords(row))}<br><small>${escaped(row.policies.join(', '))}</small>`,
  ]
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

function grantsCell(row: MatrixRow): string {
  const lines = [...row.grants.map(grantItem), ...besides(row).map((text) => `<small>and ${escaped(text)}</small>`)]
  return lines.length === 0 ? 'nothing' : `<ul>${lines.map((line) => `<li>${line}</li>`).join('')}</ul>`
}

function grantItem(grant: MatrixGrant): string {
  const denied = grant.capabilities.includes('deny') ? ' class="deny"' : ''
  return `${code(grant.path)} <span${denied}>${escaped(grantWords(grant))}</span>`
}
