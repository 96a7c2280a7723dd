import type { Binding, EnvironmentBindings } from '../../access/why/bindings.ts'
import { fromWords, tokenWords, whoWords } from '../access/matrix-words.ts'
import { code, escaped, htmlPage } from '../html.ts'
import { boundWords, noSecrets, secretWords, whereWords } from './words.ts'

/** A page of its own. */
export function bindingsHtml(environments: readonly EnvironmentBindings[]): string {
  return htmlPage('Which jobs are bound to which roles', environments.flatMap(environmentLines))
}

const columns = ['Role', 'Who', 'From', 'Token', 'Reads', 'Template']

function environmentLines(environment: EnvironmentBindings): string[] {
  return [
    `<h2>${escaped(environment.environment)} <small>${escaped(whereWords(environment))}</small></h2>`,
    '<table>',
    `<thead><tr>${columns.map((name) => `<th>${name}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...environment.bindings.map(rowLine),
    '</tbody>',
    '</table>',
  ]
}

function rowLine(binding: Binding): string {
  const { row, template } = binding
  const cells = [
    code(`${row.mount}/${row.role}`),
    `${escaped(whoWords(row))}<br><small>${code(boundWords(binding))}</small>`,
    escaped(fromWords(row)),
    `${escaped(tokenWords(row))}<br><small>${escaped(row.policies.join(', '))}</small>`,
    readsCell(binding),
    template === undefined ? '' : code(template),
  ]
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

function readsCell(binding: Binding): string {
  const secrets = secretWords(binding).map(
    ({ variable, path, field, as }) => `${code(variable)} ${escaped(`${path} field ${field}, as ${as}`)}`,
  )
  const lines = secrets.length > 0 ? secrets : noSecrets(binding).map(escaped)
  return `<ul>${lines.map((line) => `<li>${line}</li>`).join('')}</ul>`
}
