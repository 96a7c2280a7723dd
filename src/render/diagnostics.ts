import picocolors from 'picocolors'
import type { Diagnostic, Severity, Source } from '../core/diagnostic.ts'
import { document, sourceReport } from './plan/json.ts'
import { displayWidth, visible, visibleLine } from './visible.ts'
import { countOf, formatPlace } from './words.ts'

/** What would be a diagnostic, if somebody had not allowed it. */
export interface AllowedProblem extends Diagnostic {
  readonly reason: string
  /** The last day of it, such as `2027-03-01`. */
  readonly until: string
}

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
  const explained = new Set<string>()
  const blocks = diagnostics.map((diagnostic) => {
    const lines = diagnosticLines(diagnostic, !explained.has(diagnostic.code), ink)
    explained.add(diagnostic.code)
    return lines.join('\n')
  })
  return `${[...blocks, ink.bold(formatCount(diagnostics))].join('\n\n')}\n`
}

/** @param withWhy the reason of a rule is told with its first finding only */
function diagnosticLines(diagnostic: Diagnostic, withWhy: boolean, ink: Ink): string[] {
  const { source, help, why, related = [] } = diagnostic
  const words = [
    ...(help === undefined ? [] : [wordLine('help', help, ink)]),
    ...(why === undefined || !withWhy ? [] : [wordLine('why', why, ink)]),
  ]
  const gutter = source === undefined ? '' : ' '.repeat(String(source.line).length)
  const bar = ink.blue('|')
  return [
    `${severityOf(diagnostic, ink)}${ink.bold(`: ${visible(diagnostic.message)}`)}`,
    ...(source === undefined ? [] : placeLines(source, diagnostic, gutter, ink)),
    ...(words.length === 0 || source === undefined ? [] : [`${gutter} ${bar}`]),
    ...words.map((line) => `${gutter}${gutter === '' ? '' : ' '}${line}`),
    ...(diagnostic.paste ?? []).map((line) => `    ${visibleLine(line)}`),
    ...related.flatMap(({ message, source: place }) => [
      `${ink.cyan('note')}: ${visible(message)}`,
      arrow(place, gutter, ink),
    ]),
  ]
}

function inSeverity(severity: Severity, text: string, ink: Ink): string {
  return { error: ink.red, warning: ink.yellow, info: ink.cyan }[severity](text)
}

function severityOf({ severity, code }: Diagnostic, ink: Ink): string {
  const label = `${severity}[${visible(code)}]`
  return ink.bold(inSeverity(severity, label, ink))
}

function arrow(source: Source, gutter: string, ink: Ink): string {
  return `${gutter}${ink.blue('-->')} ${formatPlace(source, true)}`
}

function wordLine(label: string, words: string, ink: Ink): string {
  return `${ink.blue('=')} ${ink.bold(label)}: ${visible(words)}`
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
    `${gutter} ${bar} ${' '.repeat(start)}${inSeverity(severity, carets, ink)}`,
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
  const { errors, warnings, infos } = countBySeverity(diagnostics)
  const parts = [countedOf(errors, 'error'), countedOf(warnings, 'warning'), infos > 0 ? `${infos} info` : '']
  return parts.filter((part) => part !== '').join(', ')
}

function countedOf(count: number, what: string): string {
  return count > 0 ? countOf(count, what) : ''
}

function countBySeverity(diagnostics: readonly Diagnostic[]) {
  const count = (wanted: Severity) => diagnostics.filter(({ severity }) => severity === wanted).length
  return { errors: count('error'), warnings: count('warning'), infos: count('info') }
}

/** For programs: docs/report.md says what stands in it. Ends with a line break. */
export function diagnosticsJson(diagnostics: readonly Diagnostic[], allowed: readonly AllowedProblem[] = []): string {
  const { errors, warnings, infos } = countBySeverity(diagnostics)
  return document({
    format: 'vaultwright-diagnostics/1',
    summary: { errors, warnings, infos, allowed: allowed.length },
    diagnostics: diagnostics.map(diagnosticReport),
    ...(allowed.length === 0
      ? {}
      : { allowed: allowed.map(({ reason, until, ...problem }) => ({ ...diagnosticReport(problem), reason, until })) }),
  })
}

function diagnosticReport(diagnostic: Diagnostic): object {
  const { code, severity, message, source, length, help, why, related = [] } = diagnostic
  return {
    code,
    severity,
    message,
    ...(source === undefined ? {} : { source: sourceReport(source) }),
    ...(length === undefined ? {} : { length }),
    ...(help === undefined ? {} : { help }),
    ...(why === undefined ? {} : { why }),
    ...(related.length === 0
      ? {}
      : { related: related.map(({ message, source }) => ({ message, source: sourceReport(source) })) }),
  }
}
