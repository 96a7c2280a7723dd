import type { Diagnostic, Severity } from '../../core/diagnostic.ts'
import type { AllowedProblem } from '../diagnostics.ts'

/** What a check found, as all its formats print it. */
export interface CheckReport {
  readonly diagnostics: readonly Diagnostic[]
  readonly allowed: readonly AllowedProblem[]
  /** What was looked for, besides what makes a file unreadable. */
  readonly rules: readonly CheckedRule[]
  /** All files that were read, relative to the configuration's folder. */
  readonly files: readonly string[]
  /** What the paths of files begin with as seen from the repository's root: empty, or ends with `/`. */
  readonly prefix: string
  /** The program's own. */
  readonly version: string
  /** Whether a diagnostic of this severity makes the check fail. */
  fails(severity: Severity): boolean
}

export interface CheckedRule {
  readonly id: string
  readonly title: string
  readonly level: Severity
  readonly why: string
}

/** A format of a check for other programs. Pure. */
export type CheckFormat = (report: CheckReport) => string

/** Where something is that no file says, so that no format lacks a place. */
export const nowhere = { file: 'vaultwright.yaml', line: 1, column: 1 } as const
