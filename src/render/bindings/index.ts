import type { EnvironmentBindings } from '../../access/why/bindings.ts'
import type { PageOptions } from '../access/layout.ts'

type BindingsRenderer = (environments: readonly EnvironmentBindings[], options: PageOptions) => string

/** Every format of the binding table, by its name on the command line; loaded when it is asked for. */
export const bindingsRenderers: Readonly<Record<string, () => Promise<BindingsRenderer>>> = {
  csv: async () => (await import('./csv.ts')).bindingsCsv,
  html: async () => (await import('./html.ts')).bindingsHtml,
  json: async () => (await import('./json.ts')).bindingsJson,
  markdown: async () => (await import('./markdown.ts')).bindingsMarkdown,
  text: async () => (await import('./text.ts')).bindingsText,
}
