import type { EnvironmentMatrix } from '../../access/why/matrix.ts'
import type { PageOptions } from './layout.ts'

type MatrixRenderer = (environments: readonly EnvironmentMatrix[], options: PageOptions) => string

/** Every format of the access matrix, by its name on the command line; loaded when it is asked for. */
export const matrixRenderers: Readonly<Record<string, () => Promise<MatrixRenderer>>> = {
  csv: async () => (await import('./matrix-csv.ts')).matrixCsv,
  html: async () => (await import('./matrix-html.ts')).matrixHtml,
  json: async () => (await import('./matrix-json.ts')).matrixJson,
  markdown: async () => (await import('./matrix-markdown.ts')).matrixMarkdown,
  text: async () => (await import('./matrix-text.ts')).matrixText,
}
