import type { Diagnostic, Severity } from '../../core/diagnostic.ts'
import { groupBy } from '../../core/group-by.ts'
import type { Counterexample, PromiseFinding, PromiseResult } from '../../core/promise.ts'
import { fails } from '../../core/promise.ts'

/**
 * What speaks against the promises, as problems at their lines. The same problem in several environments is one. What is
 * undecided and may be so is left out; what a plan has no part in is a warning.
 */
export function promiseDiagnostics(results: readonly PromiseResult[], severity: Severity = 'error'): Diagnostic[] {
  const found = results
    .filter(fails)
    .flatMap((result) =>
      result.findings.map((finding) => ({ environment: result.promise.environment, result, finding })),
    )
  const alike = groupBy(found, ({ result: { promise }, finding }) => {
    const { source } = finding.location ?? promise.location
    return [source.file, source.line, source.column, promise.name, finding.message].join('\0')
  })
  return [...alike.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const environments = [...new Set(group.map(({ environment }) => environment))]
    return [diagnosticOf(first.result, first.finding, environments, severity)]
  })
}

const stands =
  'It is so already, by what no file describes; this plan gives that nothing, and does not wait for it. Remove it on the server, or describe it.'

function diagnosticOf(
  { promise, standing }: PromiseResult,
  finding: PromiseFinding,
  environments: readonly string[],
  wanted: Severity,
): Diagnostic {
  const help = [helpOf(finding), standing ? stands : ''].filter((part) => part !== '').join(' ')
  const severity = standing ? 'warning' : wanted
  const related = finding.related.flatMap(({ message, source }) => (source === undefined ? [] : [{ message, source }]))
  return {
    code: finding.outcome === 'broken' ? 'broken-promise' : 'undecided-promise',
    severity,
    message: `${environments.join(', ')}: "${promise.name}": ${finding.message}`,
    ...(finding.location ?? promise.location),
    ...(help === '' ? {} : { help }),
    ...(related.length === 0 ? {} : { related }),
  }
}

/** A promise about a job says itself which token it is about. */
function helpOf({ help = '', related, counterexample }: PromiseFinding): string {
  const elsewhere = related.filter(({ source }) => source === undefined).map(({ message }) => message)
  const because = elsewhere.length === 0 ? '' : `On the server: ${elsewhere.join('; ')}.`
  const token = counterexample?.decisive === undefined ? '' : `The token: ${tokenWords(counterexample)}.`
  return [help, because, token].filter((part) => part !== '').join(' ')
}

/** `project_id "42", ref "main"`: what matters of the token. */
export function tokenWords({ claims, decisive }: Counterexample): string {
  const names = decisive ?? Object.keys(claims)
  const words = names.map((name) => `${name} ${Object.hasOwn(claims, name) ? JSON.stringify(claims[name]) : 'absent'}`)
  return words.length === 0 ? 'any that the mount takes' : words.join(', ')
}
