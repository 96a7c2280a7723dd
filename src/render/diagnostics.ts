import picocolors from 'picocolors'
import type { Diagnostic, Source } from '../core/diagnostic.ts'
import { document, sourceReport } from './json.ts'
import { displayWidth, visible } from './visible.ts'
import { countOf, formatPlace } from './words.ts'

interface DiagnosticOptions {
  readonly color: boolean
}

type Ink = ReturnType<typeof picocolors.createColors>

/**
 * Problems in the user's files, laid out as rustc does: what, where, the line itself with the place underlined, what to
 * do. One blank line between two; the count comes last. Empty for no diagnostics, or else ends with a line break.
 */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], { color }: DiagnosticOptions): string {
  if (diagnostics.length === 0) return ''
  const ink = picocolors.createColors(color)
  const blocks = diagnostics.map((diagnostic) => diagnosticLines(diagnostic, ink).join('\n'))
  return `${[...blocks, ink.bold(formatCount(diagnostics))].join('\n\n')}\n`
}

function diagnosticLines(diagnostic: Diagnostic, ink: Ink): string[] {
  const { source, help, related = [] } = diagnostic
  const gutter = source === undefined ? '' : ' '.repeat(String(source.line).length)
  const bar = ink.blue('|')
  return [
    `${severityOf(diagnostic, ink)}${ink.bold(`: ${visible(diagnostic.message)}`)}`,
    ...(source === undefined ? [] : placeLines(source, diagnostic, gutter, ink)),
    ...(help === undefined ? [] : [...(source === undefined ? [] : [`${gutter} ${bar}`]), helpLine(help, gutter, ink)]),
    ...related.flatMap(({ message, source: place }) => [
      `${ink.cyan('note')}: ${visible(message)}`,
      arrow(place, gutter, ink),
    ]),
  ]
}

function severityOf({ severity, code }: Diagnostic, ink: Ink): string {
  const label = `${severity}[${visible(code)}]`
  return ink.bold(severity === 'error' ? ink.red(label) : ink.yellow(label))
}

function arrow(source: Source, gutter: string, ink: Ink): string {
  return `${gutter}${ink.blue('-->')} ${formatPlace(source, true)}`
}

function helpLine(help: string, gutter: string, ink: Ink): string {
  return `${gutter}${gutter === '' ? '' : ' '}${ink.blue('=')} ${ink.bold('help')}: ${visible(help)}`
}

function placeLines(source: Source, { excerpt, length = 1, severity }: Diagnostic, gutter: string, ink: Ink): string[] {
  if (excerpt === undefined) return [arrow(source, gutter, ink)]
  const { line, start, width } = underlined(excerpt, source.column, length)
  const carets = '^'.repeat(width)
  const bar = ink.blue('|')
  return [
    arrow(source, gutter, ink),
    `${gutter} ${bar}`,
    `${ink.blue(String(source.line))} ${bar} ${line}`,
    `${gutter} ${bar} ${' '.repeat(start)}${severity === 'error' ? ink.red(carets) : ink.yellow(carets)}`,
  ]
}

/** So much of a long line is shown on each side of the place that is meant. */
const reach = 60

/** The excerpt as shown, and the carets' position in it: spelling out hidden characters moves what follows them. */
function underlined(excerpt: string, column: number, length: number): { line: string; start: number; width: number } {
  const from = Math.min(Math.max(column - 1, 0), excerpt.length)
  const to = Math.min(Math.max(from + length, from + 1), excerpt.length)
  const left = excerpt.slice(Math.max(0, from - reach), from)
  const marked = shown(excerpt.slice(from, Math.min(to, from + 2 * reach)))
  const right = excerpt.slice(to, to + reach)
  const before = `${left.length < from ? '…' : ''}${shown(left)}`
  const after = `${to > from + 2 * reach ? '…' : shown(right)}${to + right.length < excerpt.length ? '…' : ''}`
  return { line: `${before}${marked}${after}`, start: displayWidth(before), width: Math.max(1, displayWidth(marked)) }
}

function shown(text: string): string {
  return visible(text.replace(/\t/g, '    '))
}

function formatCount(diagnostics: readonly Diagnostic[]): string {
  const [errors, warnings] = countBySeverity(diagnostics)
  const parts = [errors > 0 ? countOf(errors, 'error') : '', warnings > 0 ? countOf(warnings, 'warning') : '']
  return parts.filter((part) => part !== '').join(', ')
}

function countBySeverity(diagnostics: readonly Diagnostic[]): [errors: number, warnings: number] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  return [errors, diagnostics.length - errors]
}

/** For programs: docs/report.md says what stands in it. Ends with a line break. */
export function diagnosticsJson(diagnostics: readonly Diagnostic[]): string {
  const [errors, warnings] = countBySeverity(diagnostics)
  return document({
    format: 'vaultwright-diagnostics/1',
    summary: { errors, warnings },
    diagnostics: diagnostics.map(diagnosticReport),
  })
}

function diagnosticReport(diagnostic: Diagnostic): object {
  const { code, severity, message, source, length, help, related = [] } = diagnostic
  return {
    code,
    severity,
    message,
    ...(source === undefined ? {} : { source: sourceReport(source) }),
    ...(length === undefined ? {} : { length }),
    ...(help === undefined ? {} : { help }),
    ...(related.length === 0
      ? {}
      : { related: related.map(({ message, source }) => ({ message, source: sourceReport(source) })) }),
  }
}
