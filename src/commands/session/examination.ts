import type { Configuration } from '../../core/configuration.ts'
import { compareDiagnostics, type Diagnostic, hasErrors } from '../../core/diagnostic.ts'
import type { Kinds } from '../../core/kind.ts'
import type { PlacedFinding } from '../../lint/findings.ts'
import { allowedDiagnostics } from '../../lint/report.ts'
import { lint } from '../../lint/run.ts'
import { type AllowedProblem, renderDiagnostics } from '../../render/diagnostics.ts'
import type { Context, Options } from './command.ts'
import { useColor } from './options.ts'
import { checkPromises } from './promises.ts'
import type { Workspace } from './workspace.ts'

/** All that can be said about a configuration without a server. */
export interface Examination {
  /** Sorted by file, line and column. */
  readonly diagnostics: readonly Diagnostic[]
  /** What the rules find, for those who want to mend it. */
  readonly findings: readonly PlacedFinding[]
  readonly allowed: readonly AllowedProblem[]
}

/** Files that cannot be understood are all there is to say about them. */
export function examine(configuration: Configuration, kinds: Kinds): Examination {
  const { diagnostics } = configuration
  if (hasErrors(diagnostics)) return { diagnostics, findings: [], allowed: [] }
  const linted = lint(configuration, { kinds, today: today() })
  const all = [...diagnostics, ...linted.diagnostics, ...checkPromises(configuration, kinds)]
  return {
    diagnostics: all.sort(compareDiagnostics),
    findings: linted.findings,
    allowed: allowedDiagnostics(linted.allowed, configuration),
  }
}

/** The same day for everybody, whatever the time zone of a runner. */
function today(): string {
  return new Date().toISOString().slice(0, 10)
}

/** No rule stops an apply; what `check` would fail for is said on stderr, as warnings. */
export function warnOfFindings(context: Context, options: Options, workspace: Workspace): void {
  const { configuration, environments, kinds } = workspace
  const { diagnostics } = lint({ ...configuration, environments }, { kinds, today: today() })
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return
  const warnings = errors.map((diagnostic) => ({ ...diagnostic, severity: 'warning' as const }))
  context.stderr.write(renderDiagnostics(warnings, { color: useColor(context, options, context.stderr) }))
}
