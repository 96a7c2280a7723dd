import type { Renderer } from './renderer.ts'

/** Every format of a plan, by its name on the command line; loaded when it is asked for. */
export const renderers: Readonly<Record<string, () => Promise<Renderer>>> = {
  html: async () => (await import('./html.ts')).planHtml,
  json: async () => (await import('./json.ts')).json,
  junit: async () => (await import('./junit.ts')).planJunit,
  markdown: async () => (await import('./markdown.ts')).markdown,
  'terraform-report': async () => (await import('./terraform-report.ts')).terraformReport,
  text: async () => (await import('./text.ts')).text,
}
