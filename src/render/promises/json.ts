import type { PromiseFinding, PromiseResult } from '../../core/promise.ts'
import { document, sourceReport } from '../plan/json.ts'

/** For programs: docs/report.md says what stands in it. Ends with a line break. */
export function promisesJson(results: readonly PromiseResult[]): string {
  const count = (outcome: PromiseResult['outcome']) => results.filter((result) => result.outcome === outcome).length
  return document({
    format: 'vaultwright-promises/1',
    summary: { kept: count('kept'), broken: count('broken'), undecided: count('undecided') },
    promises: results.map(resultReport),
  })
}

function resultReport({ promise, outcome, asked, note, findings }: PromiseResult): object {
  const { name, environment, location, allowUndecided } = promise
  return {
    name,
    environment,
    source: sourceReport(location.source),
    outcome,
    asked,
    ...(allowUndecided ? { allowUndecided } : {}),
    ...(note === undefined ? {} : { note }),
    findings: findings.map(findingReport),
  }
}

function findingReport({ outcome, message, help, location, related, counterexample }: PromiseFinding): object {
  return {
    outcome,
    message,
    ...(help === undefined ? {} : { help }),
    ...(location === undefined ? {} : { source: sourceReport(location.source) }),
    related: related.map(({ message, source }) => ({ message, ...(source && { source: sourceReport(source) }) })),
    ...(counterexample === undefined ? {} : { counterexample }),
  }
}
