import type { CheckFormat } from './report.ts'

/** By the name on the command line; text and json are `diagnostics.ts`. */
export const checkFormats: Readonly<Record<string, () => Promise<CheckFormat>>> = {
  codequality: async () => (await import('./codequality.ts')).codequality,
  junit: async () => (await import('./junit.ts')).checkJunit,
  sarif: async () => (await import('./sarif.ts')).sarif,
}
