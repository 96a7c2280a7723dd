import type { Binding, EnvironmentBindings } from '../../access/why/bindings.ts'
import { aside, labelled, type Page, type PageOptions, pageOf } from '../access/layout.ts'
import { fromWords, tokenWords, whoWords } from '../access/matrix-words.ts'
import { visible } from '../visible.ts'
import { formatPlace } from '../words.ts'
import { boundWords, noSecrets, secretWords, whereWords } from './words.ts'

/** For people: a block a role. */
export function bindingsText(environments: readonly EnvironmentBindings[], options: PageOptions): string {
  const page = pageOf(options)
  const blocks = environments.flatMap((environment) => [
    `${page.ink.bold(visible(environment.environment))}  ${page.ink.dim(visible(whereWords(environment)))}`,
    ...(environment.bindings.length === 0
      ? ['  There is no role.']
      : environment.bindings.map((binding) => lines(binding, page).join('\n'))),
  ])
  return `${blocks.join('\n\n')}\n`
}

function lines(binding: Binding, page: Page): string[] {
  const { row, template } = binding
  const place = row.source === undefined ? '' : formatPlace(row.source)
  const line = (label: string, text: string) => labelled(label, visible(text), page, { indent: 4, column: 10 })
  return [
    ...aside(`  ${page.ink.bold(visible(`${row.mount}/${row.role}`))}`, place, page, 4),
    ...line('who', whoWords(row)),
    ...line('claims', boundWords(binding)),
    ...line('from', fromWords(row)),
    ...line('token', `${tokenWords(row)}, policies ${row.policies.join(', ') || 'none'}`),
    ...(template === undefined ? [] : line('template', template)),
    ...reads(binding).flatMap((text, index) => line(index === 0 ? 'reads' : '', text)),
  ]
}

function reads(binding: Binding): readonly string[] {
  const secrets = secretWords(binding).map(
    ({ variable, path, field, as }) => `${variable}: ${path} field ${field}, as ${as}`,
  )
  return secrets.length > 0 ? secrets : noSecrets(binding)
}
