import type { EnvironmentMatrix, MatrixGrant, MatrixRow } from '../access/why/matrix.ts'
import { serverText } from './access-answer.ts'
import { besides, claimWords, fromWords, grantWords, tokenWords, whoWords } from './access-matrix-words.ts'
import { visible } from './visible.ts'

/** A page of its own: no script, nothing loaded from anywhere, and readable where a report is only shown. */
export function matrixHtml(environments: readonly EnvironmentMatrix[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<title>Who may do what</title>',
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<h1>Who may do what</h1>',
    ...environments.flatMap(environmentLines),
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 90rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-bottom: 1px solid #8884 }
th { font-weight: 600; white-space: nowrap }
code { font: .875em ui-monospace, monospace; overflow-wrap: anywhere }
ul { margin: 0; padding: 0; list-style: none }
small { color: #888; font-weight: normal }
.deny { color: #c22 }
`

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

function code(text: string): string {
  return `<code>${escaped(text)}</code>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => entities[character] as string)
}
