import { byText } from './json.ts'

/**
 * A problem in what the user wrote: a value, not an exception, so that all of them are found before any is shown.
 * Lines and columns count from 1.
 */

export interface Source {
  /** Relative to the configuration's folder, with `/`. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** An error stops everything that needs the files, a warning nothing, and an info is worth knowing. */
export type Severity = 'error' | 'warning' | 'info'

export interface Diagnostic {
  /** Stable: kebab-case, or the ID of a rule such as `GLV09`. What scripts and documentation refer to. */
  readonly code: string
  readonly severity: Severity
  /** What is wrong, in one sentence. */
  readonly message: string
  /** Where; absent only for what no file says, such as an environment variable. */
  readonly source?: Source
  /** The source line as written, for the caret. */
  readonly excerpt?: string
  /** How many characters of the excerpt are meant, from the column on. */
  readonly length?: number
  /** What to do about it. */
  readonly help?: string
  /** Lines to copy, shown below the help as they are. */
  readonly paste?: readonly string[]
  /** What can happen otherwise: the same for all diagnostics of a code. */
  readonly why?: string
  /** Other places that take part, each with its own words. */
  readonly related?: readonly { readonly message: string; readonly source: Source }[]
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}

/** By file, line and column; what no file says comes first. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  const [left, right] = [a.source, b.source]
  return (
    byText(left?.file ?? '', right?.file ?? '') ||
    (left?.line ?? 0) - (right?.line ?? 0) ||
    (left?.column ?? 0) - (right?.column ?? 0) ||
    byText(a.code, b.code) ||
    byText(a.message, b.message)
  )
}

export function formatSource(source: Source): string {
  return `${source.file}:${source.line}:${source.column}`
}

/** One report of everything that is wrong with the input. Ends a command with exit code 1. */
export class UserError extends Error {
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('\n'))
    this.name = 'UserError'
    this.diagnostics = diagnostics
  }
}

/** Shorthand for a problem that no file's position belongs to. */
export function problem(code: string, message: string, help?: string): Diagnostic {
  return { code, severity: 'error', message, ...(help === undefined ? {} : { help }) }
}
