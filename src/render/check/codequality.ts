import type { Diagnostic, Severity } from '../../core/diagnostic.ts'
import { digest } from '../../core/digest.ts'
import { document } from '../plan/json.ts'
import { visible } from '../visible.ts'
import { type CheckFormat, nowhere } from './report.ts'

const severities: Readonly<Record<Severity, 'critical' | 'minor' | 'info'>> = {
  error: 'critical',
  warning: 'minor',
  info: 'info',
}

/**
 * GitLab's Code Quality report. GitLab stops reading at the first entry that lacks something, and of two entries with
 * one fingerprint it keeps one (gitlab codequality_reports.rb); so every entry has a place and a fingerprint of its own.
 */
export const codequality: CheckFormat = ({ diagnostics, prefix }) => {
  const fingerprint = distinct()
  return document(diagnostics.map((diagnostic) => entry(diagnostic, prefix, fingerprint)))
}

function entry(diagnostic: Diagnostic, prefix: string, fingerprint: Fingerprint): object {
  const { code, severity, message, help, source = nowhere } = diagnostic
  const path = `${prefix}${source.file}`
  return {
    description: visible(help === undefined ? message : `${message}. ${help}`),
    check_name: code,
    fingerprint: fingerprint([code, path, source.line, source.column, message]),
    severity: severities[severity],
    location: { path, lines: { begin: source.line } },
  }
}

type Fingerprint = (parts: readonly (string | number)[]) => string

function distinct(): Fingerprint {
  const seen = new Map<string, number>()
  return (parts) => {
    const first = hex([...parts])
    const count = seen.get(first) ?? 0
    seen.set(first, count + 1)
    return count === 0 ? first : hex([...parts, count])
  }
}

function hex(parts: readonly (string | number)[]): string {
  return digest(parts).replace(/^sha256:/, '')
}
