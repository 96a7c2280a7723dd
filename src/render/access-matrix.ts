import type { EnvironmentMatrix } from '../access/why/matrix.ts'
import type { PageOptions } from './access-layout.ts'

type MatrixRenderer = (environments: readonly EnvironmentMatrix[], options: PageOptions) => string

/** Every format of the access matrix, by its name on the command line; loaded when it is asked for. */
export const matrixRenderers: Readonly<Record<string, () => Promise<MatrixRenderer>>> = {
  csv: async () => (await import('./access-matrix-csv.ts')).matrixCsv,
  html: async () => (await import('./access-matrix-html.ts')).matrixHtml,
  json: async () => (await import('./access-matrix-json.ts')).matrixJson,
  markdown: async () => (await import('./access-matrix-markdown.ts')).matrixMarkdown,
  text: async () => (await import('./access-matrix-text.ts')).matrixText,
}
