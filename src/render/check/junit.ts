import { type Diagnostic, formatSource } from '../../core/diagnostic.ts'
import { groupBy } from '../../core/group-by.ts'
import { type JunitCase, type JunitSuite, junitDocument, summed } from '../junit.ts'
import { type CheckFormat, type CheckReport, nowhere } from './report.ts'

/** A suite for each file, with a case for each rule that found something in it; what does not fail the check passes. */
export const checkJunit: CheckFormat = (report) => {
  const byFile = groupBy(report.diagnostics, ({ source = nowhere }) => source.file)
  const files = [...new Set([...report.files, ...byFile.keys()])].sort()
  return junitDocument(files.map((file) => suiteOf(file, byFile.get(file) ?? [], report)))
}

function suiteOf(file: string, diagnostics: readonly Diagnostic[], report: CheckReport): JunitSuite {
  const path = `${report.prefix}${file}`
  const byCode = groupBy(diagnostics, ({ code }) => code)
  const cases = [...byCode].map(([code, found]) => caseOf(code, path, found, report))
  return { name: path, cases: cases.length > 0 ? cases : [{ classname: path, name: 'no problems', file: path }] }
}

function caseOf(code: string, path: string, found: readonly Diagnostic[], { rules, fails }: CheckReport): JunitCase {
  const title = rules.find(({ id }) => id === code)?.title
  const failing = found.filter(({ severity }) => fails(severity))
  const [first] = failing
  const text = found.map(told).join('\n\n')
  return {
    classname: path,
    name: title === undefined ? code : `${code}: ${title}`,
    file: path,
    ...(first === undefined
      ? { output: text }
      : { failure: { message: summed(failing.length, first.message), type: first.severity, text } }),
  }
}

function told({ severity, message, source, help, why }: Diagnostic): string {
  const place = source === undefined ? '' : `${formatSource(source)}: `
  return [`${place}${severity}: ${message}`, ...[help, why].filter((line) => line !== undefined)].join('\n')
}
