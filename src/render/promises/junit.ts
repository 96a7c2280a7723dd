import { formatSource } from '../../core/diagnostic.ts'
import { groupBy } from '../../core/group-by.ts'
import { fails, type PromiseFinding, type PromiseResult } from '../../core/promise.ts'
import { type JunitCase, junitDocument, summed } from '../junit.ts'
import { tokenWords } from './diagnostics.ts'

/**
 * A suite for each environment and a case for each promise, for GitLab's test report. What is undecided and may be so
 * passes, with a word about it. Ends with a line break.
 */
export function promisesJunit(results: readonly PromiseResult[], prefix = ''): string {
  const suites = groupBy(results, ({ promise }) => promise.environment)
  return junitDocument([...suites].map(([name, ofOne]) => ({ name, cases: ofOne.map((one) => caseOf(one, prefix)) })))
}

function caseOf(result: PromiseResult, prefix: string): JunitCase {
  const { promise, findings, note } = result
  const file = `${prefix}${promise.location.source.file}`
  const text = [...findings.map((finding) => told(finding, result)), ...(note === undefined ? [] : [note])].join('\n\n')
  const [first] = findings
  const known = { classname: file, name: promise.name, file }
  if (first !== undefined && fails(result))
    return { ...known, failure: { message: summed(findings.length, first.message), type: result.outcome, text } }
  return text === '' ? known : { ...known, output: text }
}

function told(
  { message, help, location, related, counterexample }: PromiseFinding,
  { promise }: PromiseResult,
): string {
  const places = related.map(({ message: words, source }) => (source ? `${words} (${formatSource(source)})` : words))
  const token = counterexample?.decisive === undefined ? [] : [`the token: ${tokenWords(counterexample)}`]
  const place = formatSource((location ?? promise.location).source)
  return [`${place}: ${message}`, ...(help === undefined ? [] : [help]), ...places, ...token].join('\n')
}
