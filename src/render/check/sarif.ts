import type { Diagnostic, Severity, Source } from '../../core/diagnostic.ts'
import { digest } from '../../core/digest.ts'
import { byText } from '../../core/json.ts'
import type { AllowedProblem } from '../diagnostics.ts'
import { document } from '../plan/json.ts'
import { type CheckedRule, type CheckFormat, type CheckReport, nowhere } from './report.ts'

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
}

/**
 * SARIF 2.1.0 (OASIS, sarif-v2.1.0-os). What an exception allows is in it as a suppressed result; paths are relative to
 * the repository's root.
 */
export const sarif: CheckFormat = (report) => {
  const rules = rulesOf(report)
  const index = new Map(rules.map(({ id }, at) => [id, at]))
  const results = [
    ...report.diagnostics.map((diagnostic) => result(diagnostic, report.prefix, index)),
    ...report.allowed.map((problem) => ({
      ...result(problem, report.prefix, index),
      suppressions: [{ kind: 'external', status: 'accepted', justification: justification(problem) }],
    })),
  ]
  return document({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'vaultwright', version: report.version, rules } },
        columnKind: 'utf16CodeUnits',
        results,
      },
    ],
  })
}

function justification({ reason, until }: AllowedProblem): string {
  return `${reason} (until ${until})`
}

/** Rules first, then whatever else was found; each says what it is about. */
function rulesOf({ rules, diagnostics, allowed }: CheckReport): ReturnType<typeof ruleOf>[] {
  const known = new Set(rules.map(({ id }) => id))
  const others = [...diagnostics, ...allowed].filter(({ code }) => !known.has(code))
  const firsts = new Map(others.toReversed().map((diagnostic) => [diagnostic.code, diagnostic]))
  const rest = [...firsts.values()].sort((a, b) => byText(a.code, b.code)).map(asRule)
  return [...rules, ...rest].map(ruleOf)
}

function asRule({ code, severity, help = '' }: Diagnostic): CheckedRule {
  return { id: code, title: code.replaceAll('-', ' '), level: severity, why: help }
}

function ruleOf({ id, title, level, why }: CheckedRule) {
  return {
    id,
    shortDescription: { text: title },
    ...(why === '' ? {} : { fullDescription: { text: why }, help: { text: why } }),
    defaultConfiguration: { level: levels[level] },
  }
}

function result(diagnostic: Diagnostic, prefix: string, index: ReadonlyMap<string, number>) {
  const { code, severity, message, help, source = nowhere, length, related = [] } = diagnostic
  return {
    ruleId: code,
    ruleIndex: index.get(code),
    level: levels[severity],
    message: { text: help === undefined ? message : `${message}\n${help}` },
    locations: [{ physicalLocation: place(source, prefix, length) }],
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map(({ message: text, source: other }) => ({
            physicalLocation: place(other, prefix),
            message: { text },
          })),
        }),
    partialFingerprints: { 'vaultwright/v1': digest([code, prefix + source.file, source.line, message]) },
  }
}

function place({ file, line, column }: Source, prefix: string, length?: number) {
  const uri = `${prefix}${file}`.split('/').map(encodeURIComponent).join('/')
  return {
    artifactLocation: { uri },
    region: { startLine: line, startColumn: column, ...(length === undefined ? {} : { endColumn: column + length }) },
  }
}
