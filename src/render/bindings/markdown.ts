import type { Binding, EnvironmentBindings } from '../../access/why/bindings.ts'
import { fromWords, tokenWords, whoWords } from '../access/matrix-words.ts'
import { span } from '../markdown-span.ts'
import { boundWords, noSecrets, secretWords, whereWords } from './words.ts'

/** For comments and wikis: a table an environment. */
export function bindingsMarkdown(environments: readonly EnvironmentBindings[]): string {
  return `${environments.map((environment) => tableOf(environment).join('\n')).join('\n\n')}\n`
}

function tableOf(environment: EnvironmentBindings): string[] {
  return [
    `### ${span(environment.environment)}`,
    '',
    span(whereWords(environment)),
    '',
    '| Role | Who | Bound claims | From | Token | Reads | Template |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...environment.bindings.map(rowOf),
  ]
}

function rowOf(binding: Binding): string {
  const { row, template } = binding
  const cells = [
    span(`${row.mount}/${row.role}`),
    span(whoWords(row)),
    span(boundWords(binding)),
    span(fromWords(row)),
    span(tokenWords(row)),
    readsCell(binding),
    template === undefined ? '' : span(template),
  ]
  return `| ${cells.join(' | ')} |`
}

function readsCell(binding: Binding): string {
  const secrets = secretWords(binding).map(
    ({ variable, path, field, as }) => `${span(variable)}: ${span(path)} field ${span(field)}, as ${as}`,
  )
  return secrets.length > 0 ? secrets.join('<br>') : noSecrets(binding).map(span).join('<br>')
}
